"""One line of the checklist, and how a check writes one."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils.crypto import salted_hmac

A_YEAR: Final = timedelta(days=365)
A_QUARTER: Final = timedelta(days=92)
A_MONTH: Final = timedelta(days=31)


class State(StrEnum):
    """How a line stands. `CONFIRM`: a person has to state it."""

    DONE = "done"
    MISSING = "missing"
    CONFIRM = "confirm"
    NOT_NEEDED = "not needed"


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what it is about, how it stands, and what to do."""

    key: str
    title: str
    state: State
    says: str
    """What was found; where something is to be done, what, and with which command or on which page."""
    basis: str = ""
    """What it rests on, where a person states it or the desk tries it: another basis is asked about anew."""
    again_after: timedelta | None = None
    """After so long it is asked again, though nothing changed."""
    trial: Callable[[], str] | None = None
    """Tries it, and says what came of it. Raises an exception that says why not."""
    stated_by: str = ""
    stated_at: datetime | None = None
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it stands between the desk and going live."""
        return self.state in (State.MISSING, State.CONFIRM)


def check(key: str, title: str, *, good: bool, done: str, missing: str) -> Line:
    """What code can see."""
    return Line(key, title, State.DONE if good else State.MISSING, done if good else missing)


def ask(key: str, title: str, says: str, *on: object, again_after: timedelta | None = None) -> Line:
    """What a person states; `on`: all that it rests on, in values that JSON can hold."""
    return Line(key, title, State.CONFIRM, says, basis=basis_of(key, *on), again_after=again_after)


def attempt(
    key: str, title: str, trial: Callable[[], str], *on: object, again_after: timedelta = A_MONTH
) -> Line:
    """What the desk tries, with `answerable checklist --try`."""
    says = "Not tried yet: answerable checklist --try"
    return Line(
        key,
        title,
        State.MISSING,
        says,
        basis=basis_of(key, *on),
        again_after=again_after,
        trial=trial,
    )


def skip(key: str, title: str, why: str) -> Line:
    """What this desk doesn't need."""
    return Line(key, title, State.NOT_NEEDED, why)


def basis_of(*values: object) -> str:
    """A digest of values under this desk's own key: an address may hold a password, which no table shall."""
    text = json.dumps(values, sort_keys=True, default=str)
    return str(salted_hmac("answerable.checklist", text, algorithm="sha256").hexdigest())
