"""What the decoder's process does with one image: fingerprint it, or draw a preview.

What is decoded is what people see: the EXIF orientation is applied, transparency stands on white, of an
animation every distinct frame is hashed. A damaged file is read as far as viewers show it, and named.
"""

from typing import Any

import numpy as np
from PIL import Image

from answerable import _native
from answerable.media import limits, opening
from answerable.media.animation import frames_of
from answerable.media.drawing import blur, jpeg
from answerable.media.errors import Fault
from answerable.media.frames import Frame
from answerable.media.hashing import Hashed, hashed
from answerable.media.opening import Refused

__all__ = ["Refused", "fingerprint", "prepare", "preview"]


def prepare() -> None:
    """Load everything once, before the limits close the file system."""
    opening.prepare()
    _native.pdq_of_rgb(np.zeros((8, 8, 3), np.uint8))


def fingerprint(data: bytes) -> dict[str, Any]:
    """Media type, size in pixels as shown, PDQ of all turns (hex), quality, frames; `fault` for what is missing."""

    def reader(image: Image.Image, damaged: bool) -> tuple[str, Hashed, list[Frame], Fault | None]:
        media_type = opening.media_type_of(image)
        first = hashed(image, None if damaged else lambda: opening.opened(data))
        return media_type, first, *frames_of(image, first)

    (media_type, first, frames, missing), damage = opening.read(data, reader)
    facts = {
        "media_type": media_type,
        "width": first.width,
        "height": first.height,
        "pdq": [turn.hex() for turn in first.turns],
        "pdq_quality": first.quality,
        "frames": [[frame.pdq.hex(), frame.quality, frame.at_seconds] for frame in frames],
    }
    fault = missing or damage
    return facts | ({"fault": fault} if fault else {})


def preview(data: bytes, *, blurred: bool, grayscale: bool) -> bytes:
    """The image as a fresh JPEG without metadata. Raises Refused."""
    side = limits.PREVIEW_SIDE_PIXELS

    def reader(image: Image.Image, _damaged: bool) -> Image.Image:
        if image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L", "YCbCr"):
            image.draft(image.mode, (side, side))
        image.load()
        return opening.shown(image)

    image, _fault = opening.read(data, reader)
    image.thumbnail((side, side))
    if blurred:
        image = blur(image)
    if grayscale:
        image = image.convert("L")
    return jpeg(image)
