"""Native cores (sources in `native/`)."""

import numpy as np
from numpy.typing import NDArray

_Ids = NDArray[np.uint64]
_Hashes = NDArray[np.uint8]

class Segment:
    """Many hashes, sorted and unchanging but for removals."""

    @staticmethod
    def build(ids: _Ids, hashes: _Hashes, path: str = "") -> Segment: ...
    @staticmethod
    def merge(segments: list[Segment], tails: list[Tail], path: str = "") -> Segment: ...
    @staticmethod
    def open(path: str) -> Segment: ...
    def verify(self) -> bool: ...
    def bury(self, bits: bytes) -> None: ...
    def buried(self) -> bytes: ...
    @property
    def rows(self) -> int: ...
    @property
    def live(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def checksum(self) -> int: ...
    @property
    def first_id(self) -> int: ...
    @property
    def last_id(self) -> int: ...

class Tail:
    """The newest hashes, in the order they came."""

    def __init__(self, capacity: int) -> None: ...
    def append(self, segments: list[Segment], tails: list[Tail], ids: _Ids, hashes: _Hashes) -> _Ids: ...
    @property
    def rows(self) -> int: ...
    @property
    def live(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def nbytes(self) -> int: ...

def holds(segments: list[Segment], tails: list[Tail], ids: _Ids) -> NDArray[np.uint8]: ...
def remove(segments: list[Segment], tails: list[Tail], ids: _Ids) -> _Ids: ...
def search(
    segments: list[Segment], tails: list[Tail], queries: _Hashes, threshold: int
) -> tuple[NDArray[np.int64], _Ids, NDArray[np.uint16]]: ...
def kernels() -> list[str]: ...
def use_kernels(name: str) -> None: ...
def pdq_of_luma(
    plane: NDArray[np.uint8] | NDArray[np.float32],
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
    pixels: NDArray[np.uint8],
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
