"""PDQ of an opened picture: a JPEG is decoded no finer than its hash needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from answerable._native import pdq_of_luma, pdq_of_rgb
from answerable.media.opening import flattened, orientation_of

SCALES: Final = (8, 4, 2)
"""By how much a JPEG's decoder can shrink on the way: it gives the means of blocks of so many pixels a side."""
WINDOW_PARTS: Final = 128
"""PDQ blurs each axis by a moving mean over a 128th of it, rounded up: the window, in pixels."""
BLOCKS_PER_WINDOW: Final = 4
"""A block is at most a quarter of the window."""
DOUBT: Final = 9.0
"""By this times (block over window)² the coefficients may be off: twice what was measured on photos with grain.

That the error falls with the square follows from the weights, which hardly change within a small block. A hash whose
margin is less is taken again from more pixels, in the end from all: one photo in a hundred, and whatever is mere noise.
"""


@dataclass(frozen=True, slots=True)
class Hashed:
    """The hashes of all eight turns (or of the first), the picture's quality, and its size as shown."""

    turns: tuple[bytes, ...]
    quality: int
    width: int
    height: int


def hashed(
    image: Image.Image, reopen: Callable[[], Image.Image] | None = None, *, all_turns: bool = True
) -> Hashed:
    """PDQ of the opened picture as shown: of all its pixels, or at most 2 bits from that.

    `reopen` gives the same picture anew: with it a JPEG is decoded no finer than its hash needs.
    """
    if reopen is not None and image.format in ("JPEG", "MPO") and image.mode in ("RGB", "L"):
        width, height = image.size
        for scale in safe_scales(width, height):
            image.draft(image.mode, (width // scale, height // scale))
            found, margin = _hashed(image, (width, height), scale, all_turns)
            if margin >= DOUBT * (scale / window_of(width, height)) ** 2:
                return found
            image = reopen()
    image.load()
    return _hashed(image, image.size, 1, all_turns)[0]


def _hashed(image: Image.Image, size: tuple[int, int], scale: int, all_turns: bool) -> tuple[Hashed, float]:
    image.load()
    orientation = orientation_of(image)
    flat = flattened(image)
    width, height = size
    of = pdq_of_luma if flat.mode == "L" else pdq_of_rgb
    turns, quality, margin = of(np.asarray(flat), height, width, scale, orientation, all_turns)
    return Hashed(turns, quality, *_upright(size, orientation)), margin


def _upright(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height as shown: from 5 on the picture is stored lying on its side."""
    return (size[1], size[0]) if orientation > 4 else size


def window_of(width: int, height: int) -> int:
    """The shorter side's window, in pixels."""
    return -(-min(width, height) // WINDOW_PARTS)


def safe_scales(width: int, height: int) -> tuple[int, ...]:
    """The scales at which a JPEG of that size may be decoded, the coarsest first; none if only the whole will do."""
    window = window_of(width, height)
    return tuple(scale for scale in SCALES if BLOCKS_PER_WINDOW * scale <= window)
