"""The eight rotations and flips of a picture, from its PDQ alone.

A PDQ says of 16 x 16 frequencies of a picture's cosine transform whether each is above their median, which is near 0.
Mirroring a picture changes the sign of every other column (or row) of frequencies; turning it over its diagonal
transposes them. So the hash of a turned picture is the hash's own bits, moved and inverted, but for the few whose
frequency lies between 0 and the median.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

TURNS: Final = 8
_SIDE: Final = 16
_ODD: Final = np.arange(_SIDE) % 2 == 1


def turned(pdqs: Sequence[bytes]) -> NDArray[np.uint8]:
    """The hashes (uint8[n, 8, 32]) of each picture: as it is first, then mirrored and turned."""
    rows = np.frombuffer(b"".join(pdqs), np.uint8).reshape(-1, 32)
    bits = np.unpackbits(rows, axis=1).reshape(-1, _SIDE, _SIDE).astype(bool)
    found = []
    for plane in (bits, bits.transpose(0, 2, 1)):
        for up_down in (False, True):
            for left_right in (False, True):
                inverted = (_ODD & up_down)[:, None] ^ (_ODD & left_right)[None, :]
                found.append(np.packbits((plane ^ inverted).reshape(len(rows), -1), axis=1))
    return np.stack(found, axis=1)
