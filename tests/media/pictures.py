"""Synthetic pictures: hills and a sky, nothing else, and the files that they make."""

import io
from typing import Any

import numpy as np
from PIL import Image


def landscape(width: int = 320, height: int = 200, seed: int = 1) -> Image.Image:
    """Hills under a sky, another one for each seed."""
    generator = np.random.default_rng(seed)
    x = np.linspace(0, 1, width)
    y = np.linspace(0, 1, height)[:, None]
    sky = 90 + 120 * (1 - y) * np.ones_like(x)
    picture = np.stack([sky * 0.7, sky * 0.8, sky], axis=-1)
    for depth in range(9):
        waves = generator.uniform(1, 12, 4)
        phases = generator.uniform(0, 6.3, 4)
        ridge = (
            0.2
            + 0.09 * depth
            + 0.1
            * sum(
                np.sin(w * 3.1 * x + p) / (n + 1) for n, (w, p) in enumerate(zip(waves, phases, strict=True))
            )
        )
        picture[y > ridge] = generator.uniform(0, 110, 3) + 140 * (depth % 2)
    picture += generator.normal(0, 4, picture.shape)
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8), "RGB")


def encoded(image: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """The file that Pillow writes of it."""
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def distance(one: bytes | None, other: bytes | None) -> int:
    """Bits between two PDQ hashes."""
    assert one is not None
    assert other is not None
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
