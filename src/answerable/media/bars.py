"""Bars beside a picture: the even stripes that a copy gets when it is fitted into another shape."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

EVEN: Final = 14
"""Grey levels (of 256) by which a bar may vary: compression leaves some noise."""
LEAST_SHARE: Final = 0.03
"""A stripe narrower than this share of a side moves few bits, and may be part of the picture."""
SAMPLES: Final = 256
"""Pixels of a row that are compared: as many tell a bar from a picture, at a fraction of the work."""
MOST_SHARE: Final = 0.4
"""No bar is wider than this on either side: what is left between would be too little to be a picture."""


def without(pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """The picture (rows, columns, colours) between its bars; None where it has none."""
    green = pixels[:, :, 1]  # most of the luma, and no arithmetic
    top, bottom = _even(green)
    left, right = _even(green[top : green.shape[0] - bottom].T)
    if not (top or bottom or left or right):
        return None
    return pixels[top : pixels.shape[0] - bottom, left : pixels.shape[1] - right]


def _even(plane: NDArray[np.uint8]) -> tuple[int, int]:
    """Rows of even colour at the beginning and at the end; 0 for too few to be a bar."""
    rows = plane.shape[0]
    most = int(rows * MOST_SHARE)
    edge = [_stripe(plane[:most]), _stripe(plane[::-1][:most])]
    return tuple(n if n >= max(2, rows * LEAST_SHARE) and n < most else 0 for n in edge)  # type: ignore[return-value]


def _stripe(plane: NDArray[np.uint8]) -> int:
    """How many of the first rows are all of the first row's colour."""
    if plane.size == 0:
        return 0
    some = plane[:, :: max(1, plane.shape[1] // SAMPLES)].astype(np.int16)
    off = np.abs(some - int(np.median(some[0]))).max(axis=1) > EVEN
    return int(off.argmax()) if off.any() else len(plane)
