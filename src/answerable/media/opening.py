"""Opening a hostile file as a picture, and turning what is in it into what people see.

Runs in the decoder's process only. A header is believed just enough to refuse a file by it.
"""

import io
import warnings
from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
import pi_heif
from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from answerable.media import limits
from answerable.media.errors import Fault

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")
"""What browsers and phones show (JPEG opens MPO too). Every further format is a further parser to attack."""
SIXTEEN_BIT_MODES: Final = ("I;16", "I;16L", "I;16B", "I;16N")
GREY_MODES: Final = ("L", "1", "I", "F", *SIXTEEN_BIT_MODES)
ORIENTATION: Final = 0x0112
TURNED: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
Read = TypeVar("Read")


class Refused(Exception):
    """The file can't be decoded, for this reason."""

    def __init__(self, fault: Fault, **facts: Any) -> None:
        self.fault = fault
        self.facts = facts
        super().__init__(fault)


def prepare() -> None:
    """Load every parser once, before the limits close the file system, and keep them on one thread."""
    pi_heif.register_heif_opener(thumbnails=False)
    pi_heif.options.DECODE_THREADS = 1
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    ImageFile.MAXBLOCK = 1 << 20  # bytes that a parser gets at a time: each time it is interrupted costs
    Image.init()
    warnings.simplefilter("ignore")


def read(data: bytes, reader: Callable[[Image.Image, bool], Read]) -> tuple[Read, Fault | None]:
    """What `reader` makes of the opened file (and of whether it is damaged), with the fault that it has.

    Viewers show a damaged picture as far as it goes, so it is read a second time without complaint: or cutting
    a byte would hide a known image. Raises Refused with what the header said.
    """
    image = opened(data)
    facts = {"media_type": media_type_of(image), "width": image.width, "height": image.height}
    try:
        return reader(image, False), None
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY, **facts) from error
    except Exception as error:  # noqa: BLE001 - parsers raise anything; it becomes the fault's name
        fault = fault_of(error)
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return reader(opened(data), True), fault
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY, **facts) from error
    except Exception as error:
        raise Refused(fault, **facts) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def opened(data: bytes) -> Image.Image:
    """Read the header, and refuse by it before a pixel is allocated. Raises Refused."""
    # WebP's plugin allocates as it opens, and Pillow's own limit (half of where it refuses) is asked before that.
    # The others wait, so that ours below can say the size.
    Image.MAX_IMAGE_PIXELS = limits.MAX_IMAGE_PIXELS // 2 if data[8:12] == b"WEBP" else None
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY) from error
    except UnidentifiedImageError as error:
        raise Refused(Fault.NOT_AN_IMAGE) from error
    except Image.DecompressionBombError as error:
        raise Refused(Fault.TOO_MANY_PIXELS) from error
    except Exception as error:
        raise Refused(fault_of(error)) from error
    if image.width * image.height > limits.MAX_IMAGE_PIXELS:
        size = {"width": image.width, "height": image.height}
        raise Refused(Fault.TOO_MANY_PIXELS, media_type=media_type_of(image), **size)
    return image


def media_type_of(image: Image.Image) -> str:
    """A phone's multi-picture JPEG is a JPEG to everybody else."""
    return Image.MIME["JPEG" if image.format == "MPO" else image.format or "JPEG"]


def orientation_of(image: Image.Image) -> int:
    """EXIF's orientation, 1 to 8, of a loaded picture (PNG may say it at its end)."""
    try:
        orientation = image.getexif().get(ORIENTATION, 1)
    except Exception:  # noqa: BLE001 - viewers ignore EXIF that can't be parsed, and so does the eye
        return 1
    return int(orientation) if orientation in TURNED else 1


def shown(image: Image.Image) -> Image.Image:
    """A loaded picture upright, in red, green and blue, transparency standing on white."""
    turn = TURNED.get(orientation_of(image))
    flat = flattened(image)
    flat = flat if flat.mode == "RGB" else flat.convert("RGB")
    return flat if turn is None else flat.transpose(turn)


def flattened(image: Image.Image) -> Image.Image:
    """A loaded picture as it was stored (not turned), in mode RGB or L, transparency standing on white."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        on_top = image.convert("RGBA")
        white = Image.new("RGBA", on_top.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, on_top).convert("RGB")
    if image.mode in SIXTEEN_BIT_MODES or image.mode in ("I", "F"):
        return _eight_bits(image)
    if image.mode in GREY_MODES:
        return image if image.mode == "L" else image.convert("L")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale deep greyscale to 0..255: by its depth where that is known, else by what it holds."""
    values = np.asarray(image)
    if image.mode in SIXTEEN_BIT_MODES:
        return Image.fromarray((values >> 8).astype(np.uint8))
    values = np.nan_to_num(values.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    if image.mode == "I" and 255 < top <= 65535:
        values /= 257.0
    elif top > 255 or (image.mode == "F" and 0 < top <= 1):
        values *= 255.0 / top
    return Image.fromarray(np.clip(values, 0, 255, out=values).astype(np.uint8))


def fault_of(error: Exception) -> Fault:
    """The name of what a parser complained of."""
    words = str(error).lower()
    cut = ("truncated", "unexpected end", "end of file", "eof", "not enough", "too short", "unexpected")
    return Fault.TRUNCATED if any(word in words for word in cut) else Fault.MALFORMED
