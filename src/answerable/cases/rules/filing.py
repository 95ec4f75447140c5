"""Which step of a filing comes next, and what each answer of the authority makes of it. Pure.

Whatever a crash leaves behind, one rule puts it right: a step that was asked and not answered may have been carried
out, so the report is taken back, and its answer tells what had become of it. Only `finish` can't be taken back, and it
says so itself. A report whose number never arrived can't be finished by anybody, and expires at the authority.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

UNFINISHED_FOR: Final = timedelta(hours=24)
UNCHANGED_FOR: Final = timedelta(hours=1)
MARGIN: Final = timedelta(minutes=5)
"""So long before its expiry a report is taken back rather than gone on with: the clocks may differ."""
MOST_RESETS: Final = 6
"""Beginning anew more often helps nobody: people file it."""


class Step(StrEnum):
    """What an authority is asked."""

    SUBMIT = "submit"
    UPLOAD = "upload"
    DETAILS = "details"
    FINISH = "finish"
    RETRACT = "retract"


class Outcome(StrEnum):
    """What came of a step."""

    DONE = "done"
    NOT_DONE = "not_done"
    """The authority did nothing, for certain: the same step may be asked again."""
    GONE = "gone"
    """The authority has no such unfinished report: it begins anew."""
    FILED = "filed"
    """The authority has it, finished."""


@dataclass(frozen=True, slots=True)
class FileStands:
    """How far a file is."""

    number: int
    sent: bool
    told: bool
    missing: bool


@dataclass(frozen=True, slots=True)
class Stands:
    """How far a filing is. `asked`: the step that was asked and not answered. `wanted`: it is still to be filed."""

    asked: str
    report_id: int | None
    opened_at: datetime | None
    changed_at: datetime | None
    wanted: bool
    files: Sequence[FileStands]


@dataclass(frozen=True, slots=True)
class Next:
    """The next step, of the file of that number where it is about one. `step` None: drop it."""

    step: Step | None
    file: int = 0

    @property
    def name(self) -> str:
        """As it stands on disk."""
        return f"{self.step}:{self.file}" if self.file else str(self.step or "")


def next_step(stands: Stands, now: datetime) -> Next:
    """What to ask next."""
    if stands.report_id is None:
        return Next(Step.SUBMIT if stands.wanted else None)
    if stands.asked or not stands.wanted or now >= expires_at(stands) - MARGIN:
        return Next(Step.RETRACT)
    for file in stands.files:
        if not file.missing and not file.sent:
            return Next(Step.UPLOAD, file.number)
        if not file.missing and not file.told:
            return Next(Step.DETAILS, file.number)
    return Next(Step.FINISH)


def expires_at(stands: Stands) -> datetime:
    """When the authority deletes an unfinished report: 24 h after it was opened, or 1 h after its last change."""
    if stands.opened_at is None:
        raise ValueError("a report that isn't open doesn't expire")
    return max(stands.opened_at + UNFINISHED_FOR, (stands.changed_at or stands.opened_at) + UNCHANGED_FOR)


def was_lost(stands: Stands) -> bool:
    """Whether a report may be open at the authority whose number never arrived: it can only expire."""
    return stands.report_id is None and stands.asked == Step.SUBMIT
