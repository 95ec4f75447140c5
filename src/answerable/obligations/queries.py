"""Reading what is owed: what is late, what is next, what of a case or a subject, what nobody can keep."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from answerable.obligations.models import Obligation
from answerable.obligations.registry import KindInfo
from answerable.policy import store
from answerable.policy.staff import lacking
from answerable.policy.words import By

Person = tuple[Collection[str], bool, bool, bool]
"""A person of the desk as plain data: qualifications, lead, outside, on_call."""


@dataclass(frozen=True)
class Unkeepable:
    """Something owed that nobody here can keep, and why."""

    obligation: Obligation
    why: str


def owed() -> QuerySet[Obligation]:
    """All that is owed, what is due first on top."""
    return Obligation.objects.filter(state="owed").order_by("due_at", "pk")


def late(now: datetime) -> QuerySet[Obligation]:
    """What is owed and past its time. Late is a question, not a state."""
    return owed().filter(due_at__lt=now)


def due_next(now: datetime, by: By | None = None) -> QuerySet[Obligation]:
    """What is owed and still in time, what is due first on top; of one keeper if given."""
    rows = owed().filter(due_at__gte=now)
    return rows if by is None else rows.filter(by=by)


def of_case(case_id: int) -> QuerySet[Obligation]:
    """All that a case ever owed, open ones first."""
    return Obligation.objects.filter(case_id=case_id).order_by("closed_at", "due_at", "pk")


def of_subject(subject: str) -> QuerySet[Obligation]:
    """All that was ever owed to one subject ("item:42"), oldest first."""
    return Obligation.objects.filter(subject=subject).order_by("owed_at", "pk")


def nobody_can_keep(people: Collection[Person], kinds: Mapping[str, KindInfo]) -> list[Unkeepable]:
    """What is owed that this desk can't keep: no handler, or the people are lacking that the pack asks for.

    `people` are those active, as (qualifications, lead, outside, on_call) each. A reason names its harm: a
    kind that is lacking for one harm is listed in the cases of every harm.
    """
    lacks: dict[str, dict[str, str]] = {}
    found = []
    for obligation in owed():
        digest = obligation.pack_digest
        if digest and digest not in lacks:
            lacks[digest] = _lacking(digest, people)
        info = kinds.get(obligation.kind)
        if info is None:
            found.append(Unkeepable(obligation, "this version knows no such kind"))
        elif obligation.by == By.WORKER and info.handler is None and not info.at_once:
            found.append(Unkeepable(obligation, "no handler keeps it"))
        elif obligation.by != By.WORKER and obligation.kind in lacks.get(digest, {}):
            found.append(Unkeepable(obligation, lacks[digest][obligation.kind]))
    return found


def _lacking(digest: str, people: Collection[Person]) -> dict[str, str]:
    """Each kind that nobody can keep under that pack, and why."""
    return {kind: lack.reason for lack in lacking(store.pack(digest), people) for kind in lack.kinds}
