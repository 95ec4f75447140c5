"""Native cores (sources in `native/`)."""

from typing import Any

from numpy import dtype, float32, ndarray, uint8

def pdq_of_luma(
    plane: ndarray[Any, dtype[uint8]] | ndarray[Any, dtype[float32]],
    height: int = 0,
    width: int = 0,
    scale: int = 1,
    orientation: int = 1,
    turns: bool = True,
    variant: str = "",
) -> tuple[tuple[bytes, ...], int, float]:
    """PDQ of a luma plane (rows, columns), 32 bytes a hash, its quality, 0 to 100, and its margin.

    The hashes are those of the picture as shown, turned by 90, 180 and 270 degrees counter-clockwise, mirrored
    top to bottom, left to right, and along both diagonals; without `turns` the first only, in half the time.

    The margin tells how safe the bits are: an error of less than half of it in every coefficient of the cosine
    transform turns over two of 256 at most.

    `height` and `width`: pixels of the picture before a decoder took the mean of every `scale` (1, 2, 4 or 8) of
    them; without these the plane's, times `scale`. `orientation`: EXIF's, 1 to 8; the hash is of what is shown.
    Rows may stand apart (strides), samples of a row not. Raises ValueError where these don't fit together.
    """

def pdq_of_rgb(
    pixels: ndarray[Any, dtype[uint8]],
    height: int = 0,
    width: int = 0,
    scale: int = 1,
    orientation: int = 1,
    turns: bool = True,
    variant: str = "",
) -> tuple[tuple[bytes, ...], int, float]:
    """PDQ of a picture (rows, columns, red green blue), as `pdq_of_luma`."""

def pdq_variants() -> list[str]:
    """The instruction sets that this machine can run, the best first: all give the same bits."""
