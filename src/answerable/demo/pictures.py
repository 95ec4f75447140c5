"""The replay's pictures: busy landscapes that never were, and what people make of one of them."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from answerable._native import pdq_of_rgb
from answerable.demo.sample.pictures import jpeg, landscape

NEAR_BITS = 40
"""Bits of 256 within which the replay's reviewers recognise a picture that the console shows them smaller."""


@dataclass(frozen=True)
class Copy:
    """One of the copies: what somebody did to the picture, and the file that came of it."""

    how: str
    data: bytes


def busy(number: int, width: int = 800, height: int = 600) -> Image.Image:
    """A landscape with enough in it for a fingerprint of full quality, another one for each number."""
    chance = np.random.default_rng(number)
    canvas = np.asarray(landscape(number, width, height), np.float32).copy()
    rows, columns = np.mgrid[0:height, 0:width]
    for _ in range(28):
        x, y, size = chance.uniform(0, width), chance.uniform(0, height), chance.uniform(20, 90)
        inside = np.hypot(columns - x, rows - y) < size
        canvas[inside] = 0.35 * canvas[inside] + 0.65 * chance.uniform(0, 255, 3)
    return Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8), "RGB")


def eleven_copies(original: bytes) -> list[Copy]:
    """Copies as people make them: the same file, other sizes and formats, trimmed, without colour."""
    picture = Image.open(io.BytesIO(original)).convert("RGB")
    width, height = picture.size

    def resized(part: float) -> Image.Image:
        return picture.resize((round(width * part), round(height * part)), Image.Resampling.LANCZOS)

    def trimmed(part: float) -> Image.Image:
        x, y = round(width * part / 2), round(height * part / 2)
        return picture.crop((x, y, width - x, height - y))

    return [
        Copy("the same file", original),
        Copy("the same file", original),
        Copy("the same file", original),
        Copy("smaller", jpeg(resized(0.5), 85)),
        Copy("larger", jpeg(resized(1.4), 85)),
        Copy("smaller", jpeg(resized(0.75), 80)),
        Copy("compressed again", jpeg(picture, 45)),
        Copy("compressed again", jpeg(picture, 70)),
        Copy("as PNG", _encoded(picture, "PNG")),
        Copy("trimmed", jpeg(trimmed(0.01), 85)),
        Copy("without colour", jpeg(picture.convert("L").convert("RGB"), 85)),
    ]


def reuploads(original: bytes) -> list[Copy]:
    """What is uploaded again after the picture was taken from view."""
    picture = Image.open(io.BytesIO(original)).convert("RGB")
    smaller = picture.resize((picture.width * 3 // 5, picture.height * 3 // 5), Image.Resampling.LANCZOS)
    return [
        Copy("the same file", original),
        Copy("compressed again", jpeg(picture, 60)),
        Copy("smaller", jpeg(smaller, 85)),
        Copy("as WebP", _encoded(picture, "WEBP")),
    ]


def trimmed_hard(original: bytes) -> Image.Image:
    """The picture without a tenth on two sides: people still recognise it, its fingerprint is another one."""
    picture = Image.open(io.BytesIO(original)).convert("RGB")
    return picture.crop((picture.width // 10, picture.height // 10, picture.width, picture.height))


def _encoded(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


def fingerprint(data: bytes) -> tuple[bytes, int]:
    """PDQ of a picture's file, 32 bytes, and its quality from 0 to 100."""
    hashes, quality, _margin = pdq_of_rgb(
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), turns=False
    )
    return hashes[0], quality


def distance(one: bytes, other: bytes) -> int:
    """Bits in which two fingerprints differ."""
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
