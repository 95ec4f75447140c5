"""Synthetic pictures, as uploads carry them."""

import base64
import io

import numpy as np
from PIL import Image


def picture(seed: int, *, size: tuple[int, int] = (320, 240)) -> Image.Image:
    """A landscape of smooth random hills, different for each seed."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 255, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """The picture as a JPEG file."""
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def inline(data: bytes) -> dict[str, str]:
    """Bytes as the contract writes them."""
    return {"inline": base64.b64encode(data).decode(), "media_type": "image/jpeg"}
