"""The distinct frames of an animation (GIF, WebP, APNG, AVIF) or the pages of a TIFF, each as composited.

Runs in the decoder's process only. How much is read follows from the file alone (frames, pixels), so that what is
known of it does not depend on how busy we were; the time is a last resort.
"""

import time
from typing import Final

from PIL import Image, ImageFile

from answerable.media import limits
from answerable.media.errors import Fault
from answerable.media.frames import Frame
from answerable.media.hashing import Hashed, hashed
from answerable.media.opening import fault_of

MOVING: Final = ("GIF", "WEBP", "PNG", "AVIF", "TIFF")
"""Of a multi-picture JPEG or HEIC viewers show the first picture only."""


def frames_of(image: Image.Image, first: Hashed) -> tuple[list[Frame], Fault | None]:
    """Every distinct frame of the picture whose first one is loaded and hashed; none if it stands still.

    The fault says that not all could be read, and why; the frames before it are there.
    """
    if image.format not in MOVING:
        return [], None
    frames = [Frame(first.turns[0], first.quality, 0.0)]
    began, at_seconds, number = time.process_time(), _shown_seconds(image), 1
    pixels = first.width * first.height
    # Of a frame whose end is missing people see the beginning.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        while True:
            image.seek(number)
            size = image.width * image.height  # pages, and frames that leave the canvas, have their own
            pixels += size
            if size > limits.MAX_IMAGE_PIXELS:
                return frames, Fault.TOO_MANY_PIXELS
            if (
                number >= limits.MAX_FRAMES
                or pixels > limits.MAX_ANIMATION_PIXELS
                or len(frames) >= limits.MAX_DISTINCT_FRAMES
                or time.process_time() - began > limits.ANIMATION_CPU_SECONDS
            ):
                return frames, Fault.TOO_MANY_FRAMES
            found = hashed(image, all_turns=False)
            _keep(frames, Frame(found.turns[0], found.quality, round(at_seconds, 3)))
            at_seconds += _shown_seconds(image)
            number += 1
    except EOFError:
        return (frames if number > 1 else []), None
    except MemoryError:
        return frames, Fault.OUT_OF_MEMORY
    except Exception as error:  # noqa: BLE001 - parsers raise anything; it becomes the fault's name
        return frames, fault_of(error)
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _keep(frames: list[Frame], new: Frame) -> None:
    """Add the frame, unless one that is as good to search by is nearly the same."""
    value = int.from_bytes(new.pdq, "big")
    enough = min(new.quality, limits.SEARCHABLE_QUALITY)
    for kept in frames:
        bits = (int.from_bytes(kept.pdq, "big") ^ value).bit_count()
        if bits <= limits.SAME_FRAME_BITS and kept.quality >= enough:
            return
    frames.append(new)


def _shown_seconds(image: Image.Image) -> float:
    """How long the frame stands, in seconds."""
    duration = image.info.get("duration", 0)
    if not isinstance(duration, int | float) or not 0 <= duration < 1e9:
        return 0.0
    return duration / 1000
