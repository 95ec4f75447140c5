"""What rules hand over: one thing to be owed, as a plain value. No database here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from answerable.policy.words import By

PROTECTING: Final = 0
FIRST: Final = 1
RETRY: Final = 2
BY_HAND: Final = "do_by_hand"
"""The kind that people owe in the place of one that its platform can't do."""
PROTECTING_KINDS: Final = frozenset({"hide", "limit", "restore"})


@dataclass(frozen=True, kw_only=True)
class Owed:
    """One thing owed: `kind` to `subject` ("item:42"), kept by `by`, until `due_at` (UTC, from the event).

    `not_before` is the earliest time at which it may be done. `platform` names the platform that keeping it
    calls, if any; `params` are frozen with it. `urgency` is `PROTECTING` (0) for what hides or puts back,
    else `FIRST` (1); left out, it follows from the kind.
    """

    kind: str
    subject: str
    by: By
    due_at: datetime
    not_before: datetime | None = None
    platform: str = ""
    regime: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    urgency: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no row may hold. Raises ValueError."""
        if not self.kind or ":" not in self.subject:
            raise ValueError(f'An obligation needs a kind and a subject such as "item:42", not {self!r}.')
        for moment in (self.due_at, self.not_before):
            if moment is not None and moment.utcoffset() is None:
                raise ValueError(f"The times of {self.kind} for {self.subject} need a time zone.")

    @property
    def first_urgency(self) -> int:
        """The urgency of its first attempt."""
        if self.urgency is not None:
            return self.urgency
        return PROTECTING if self.kind in PROTECTING_KINDS else FIRST


def by_hand(kind: str, subject: str) -> str:
    """The subject of what people owe by hand in the place of that kind: each by itself, or one would hide another."""
    return f"{subject}/{kind}"
