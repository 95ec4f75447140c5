"""What a match means for an upload. Pure: plain values in, a plain value out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REPORTED: Final = "own.reported"
CONFIRMED: Final = "own.confirmed"
CONFIRMED_BY_TWO: Final = "own.confirmed_by_two"
BLOCKING_LISTS: Final = frozenset({CONFIRMED, CONFIRMED_BY_TWO})
"""What people here decided. A match on any other list, even of the identical file, waits for a look."""


class Verdict(StrEnum):
    """What a platform should do with an upload: publish it, keep it until people looked, refuse it."""

    CLEAR = "clear"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class KnownMatch:
    """One known fingerprint that an upload matches. `seq` is the change that put it on the list."""

    kind: str
    hash_list: str
    distance: int
    seq: int

    @property
    def blocks(self) -> bool:
        """By SHA-256 the file that people here found violating. Nothing weaker blocks (rule 8)."""
        return self.kind == "sha256" and self.distance == 0 and self.hash_list in BLOCKING_LISTS


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, why (`list`, `account`, `unreadable`, or empty), and the match that decided it."""

    verdict: Verdict
    why: str = ""
    match: KnownMatch | None = None


def judge(matches: Iterable[KnownMatch], *, account_held: bool = False, unreadable: bool = False) -> Judged:
    """The strongest consequence: an identical confirmed file blocks; whatever else is known holds.

    `account_held`: two people confirmed the account as the offender's. `unreadable`: an image of which no
    picture could be made, so that nobody can say that it shows nothing known.
    """
    ranked = sorted(matches, key=lambda match: (not match.blocks, match.distance, match.seq))
    if ranked:
        return Judged(Verdict.BLOCK if ranked[0].blocks else Verdict.HOLD, "list", ranked[0])
    if account_held:
        return Judged(Verdict.HOLD, "account")
    return Judged(Verdict.HOLD, "unreadable") if unreadable else Judged(Verdict.CLEAR)
