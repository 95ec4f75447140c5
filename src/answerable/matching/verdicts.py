"""What a match means for an upload. Pure: plain values in, a plain value out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REPORTED: Final = "own.reported"
CONFIRMED: Final = "own.confirmed"
CONFIRMED_BY_TWO: Final = "own.confirmed_by_two"
BLOCKING_LISTS: Final = frozenset({CONFIRMED, CONFIRMED_BY_TWO})
"""What people here decided. A match on any other list waits for a look, unless the policy pack trusts the list."""


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
        return self.is_the_file and self.hash_list in BLOCKING_LISTS

    @property
    def is_the_file(self) -> bool:
        """By SHA-256 the identical file, on whatever list."""
        return self.kind == "sha256" and self.distance == 0

    @property
    def of_others(self) -> bool:
        """On a list that others keep."""
        return not self.hash_list.startswith("own.")


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, why (`list`, `account`, `unreadable`, or empty), and the match that decided it."""

    verdict: Verdict
    why: str = ""
    match: KnownMatch | None = None


def _trusts_none(_hash_list: str) -> bool:
    return False


def judge(
    matches: Iterable[KnownMatch],
    *,
    account_held: bool = False,
    unreadable: bool = False,
    trusts: Callable[[str], bool] = _trusts_none,
) -> Judged:
    """The strongest consequence: an identical confirmed file blocks; whatever else is known holds.

    `account_held`: two people confirmed the account as the offender's. `unreadable`: an image of which no
    picture could be made, so that nobody can say that it shows nothing known. `trusts`: whether the policy pack lets
    the identical file of a list of others be refused.
    """

    def blocks(match: KnownMatch) -> bool:
        return match.blocks or (match.is_the_file and match.of_others and trusts(match.hash_list))

    ranked = sorted(matches, key=lambda match: (not blocks(match), match.distance, match.seq))
    if ranked:
        return Judged(Verdict.BLOCK if blocks(ranked[0]) else Verdict.HOLD, "list", ranked[0])
    if account_held:
        return Judged(Verdict.HOLD, "account")
    return Judged(Verdict.HOLD, "unreadable") if unreadable else Judged(Verdict.CLEAR)
