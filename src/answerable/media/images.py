"""Decoding and hashing of one image. Runs in the decoder's process only: what it reads is hostile.

What is decoded is what people see: the EXIF orientation is applied, transparency stands on white, of an
animation the first frame is taken. A damaged file is decoded as far as viewers show it, and named.
"""

import io
import warnings
from typing import Any, Final

import numpy as np
import pdqhash
import pi_heif
from PIL import AvifImagePlugin, Image, ImageFile, UnidentifiedImageError

from answerable.media import limits
from answerable.media.drawing import blur, jpeg
from answerable.media.errors import Fault

FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF", "HEIF")
"""What browsers and phones show (JPEG opens MPO too). Every further format is a further parser to attack."""
SIXTEEN_BIT_MODES: Final = ("I;16", "I;16L", "I;16B", "I;16N")


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
    Image.MAX_IMAGE_PIXELS = None  # ours is checked below and has a name
    Image.init()
    warnings.simplefilter("ignore")
    _hash(np.zeros((8, 8, 3), np.uint8))


def fingerprint(data: bytes) -> dict[str, Any]:
    """Media type, size in pixels as shown, PDQ (hex) and its quality; `fault` where a part is missing."""
    image, facts, fault = _decode(data)
    pdq, quality = _hash(np.asarray(image))
    facts |= {"width": image.width, "height": image.height, "pdq": pdq, "pdq_quality": quality}
    return facts | ({"fault": fault} if fault else {})


def preview(data: bytes, *, blurred: bool, grayscale: bool) -> bytes:
    """The image as a fresh JPEG without metadata. Raises Refused."""
    image, _facts, _fault = _decode(data, at_least=limits.PREVIEW_SIDE_PIXELS)
    image.thumbnail((limits.PREVIEW_SIDE_PIXELS, limits.PREVIEW_SIDE_PIXELS))
    if blurred:
        image = blur(image)
    if grayscale:
        image = image.convert("L")
    return jpeg(image)


def _hash(rgb: "np.ndarray[Any, np.dtype[np.uint8]]") -> tuple[str, int]:
    bits, quality = pdqhash.compute(np.ascontiguousarray(rgb))
    return np.packbits(bits).tobytes().hex(), int(quality)


def _decode(data: bytes, at_least: int = 0) -> tuple[Image.Image, dict[str, Any], Fault | None]:
    """The first frame as shown, in RGB. `at_least`: a side in pixels that is enough, for a quicker decode."""
    fault: Fault | None = None
    image = _open(data)
    facts = {"media_type": _media_type(image)}
    size = {"width": image.width, "height": image.height}
    try:
        return _load(image, at_least), facts, None
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY, **facts, **size) from error
    except Exception as error:  # noqa: BLE001 - parsers raise anything; it becomes the fault's name
        fault = _fault_of(error)
    # Viewers show a damaged picture as far as it goes: hash that, or cutting a byte would hide a known image.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        return _load(_open(data), at_least), facts, fault
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY, **facts, **size) from error
    except Exception as error:
        raise Refused(fault, **facts, **size) from error
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False


def _open(data: bytes) -> Image.Image:
    """Read the header, and refuse by it before a pixel is allocated."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except MemoryError as error:
        raise Refused(Fault.OUT_OF_MEMORY) from error
    except UnidentifiedImageError as error:
        raise Refused(Fault.NOT_AN_IMAGE) from error
    except Exception as error:
        raise Refused(_fault_of(error)) from error
    if image.width * image.height > limits.MAX_IMAGE_PIXELS:
        size = {"width": image.width, "height": image.height}
        raise Refused(Fault.TOO_MANY_PIXELS, media_type=_media_type(image), **size)
    return image


def _media_type(image: Image.Image) -> str:
    """A phone's multi-picture JPEG is a JPEG to everybody else."""
    return Image.MIME["JPEG" if image.format == "MPO" else image.format or "JPEG"]


def _load(image: Image.Image, at_least: int) -> Image.Image:
    if at_least and image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L", "YCbCr"):
        image.draft(image.mode, (at_least, at_least))
    image.load()
    return _upright(_rgb(image), image)


def _upright(rgb: Image.Image, source: Image.Image) -> Image.Image:
    try:
        orientation = source.getexif().get(0x0112, 1)
    except Exception:  # noqa: BLE001 - viewers ignore EXIF that can't be parsed, and so does the eye
        return rgb
    turned = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }.get(orientation)
    return rgb if turned is None else rgb.transpose(turned)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in SIXTEEN_BIT_MODES or image.mode in ("I", "F"):
        return _eight_bits(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        shown = image.convert("RGBA")
        white = Image.new("RGBA", shown.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, shown).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale deep greyscale to 0..255: by its depth where that is known, else by what it holds."""
    values = np.asarray(image).astype(np.float32)
    values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    top = float(values.max(initial=0.0))
    if image.mode in SIXTEEN_BIT_MODES or (image.mode == "I" and 255 < top <= 65535):
        values = values / 257.0
    elif top > 255 or (image.mode == "F" and 0 < top <= 1):
        values = values * (255.0 / top)
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8), "L")


def _fault_of(error: Exception) -> Fault:
    words = str(error).lower()
    cut = ("truncated", "unexpected end", "end of file", "eof", "not enough", "too short", "unexpected")
    return Fault.TRUNCATED if any(word in words for word in cut) else Fault.MALFORMED
