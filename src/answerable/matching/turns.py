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

from answerable.cases.models import ItemContent
from answerable.media import Fingerprints

TURNS: Final = 8
_SIDE: Final = 16
_ODD: Final = np.arange(_SIDE) % 2 == 1
_MIRRORS: Final = np.packbits(
    [
        (_ODD & up_down)[:, None] ^ (_ODD & left_right)[None, :]
        for up_down in (False, True)
        for left_right in (False, True)
    ],
    axis=None,
).reshape(1, 4, _SIDE * _SIDE // 8)
"""The bits that each mirror inverts: none, left to right, top to bottom, both."""


def turns_of(prints: Fingerprints) -> list[bytes]:
    """The hashes to search a picture by: all eight where its bytes were there, else the one there is; or none.

    An upload's platform that sends hashes alone can send the others too. Guessing them from the one would cost each
    lookup more than all the rest of it.
    """
    if prints.searchable_pdq is None:
        return []
    return list(prints.pdq_dihedral) or [prints.searchable_pdq]


def all_turns_of(prints: Fingerprints) -> list[bytes]:
    """Always all eight, nearly right where only the PDQ is known; or none."""
    turns = turns_of(prints)
    return turns if len(turns) != 1 else turns_of_pdq(turns[0])


def turns_of_content(content: ItemContent) -> list[bytes]:
    """Likewise of what is kept of an item's content, whatever its quality; none without a PDQ."""
    if content.pdq is None:
        return []
    if content.pdq_turns is None:
        return turns_of_pdq(bytes(content.pdq))
    others = bytes(content.pdq_turns)
    return [bytes(content.pdq), *(others[at : at + 32] for at in range(0, len(others), 32))]


def turns_of_pdq(pdq: bytes) -> list[bytes]:
    """The eight of a PDQ alone; the first is the PDQ itself."""
    return [turn.tobytes() for turn in turned([pdq])[0]]


def turned(pdqs: Sequence[bytes]) -> NDArray[np.uint8]:
    """The hashes (uint8[n, 8, 32]) of each picture: as it is first, then mirrored and turned."""
    rows = np.frombuffer(b"".join(pdqs), np.uint8).reshape(-1, 1, _SIDE * _SIDE // 8)
    bits = np.unpackbits(rows, axis=2).reshape(-1, _SIDE, _SIDE)
    over = np.packbits(bits.transpose(0, 2, 1).reshape(-1, 1, _SIDE * _SIDE), axis=2)
    return np.concatenate([rows ^ _MIRRORS, over ^ _MIRRORS], axis=1)
