"""How each hash list stands: how much, how old, what went wrong. Counts and names only, never a fingerprint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from answerable.cases.models import HashList, ListEntry, ListFault
from answerable.cases.models.lists import known_as
from answerable.settings.config import config

DEFAULT_STALE_HOURS: Final = 720
FAULTS_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class ListState:
    """One list. `wrong` says why people must look at it; empty where all is well."""

    name: str
    source: str
    terms: str
    entries: int
    faults: int
    retrieved_at: datetime | None
    age_seconds: float | None
    is_off: bool
    alarmed: bool
    wrong: str

    def line(self) -> str:
        """As one line of text."""
        age = "never" if self.age_seconds is None else f"{self.age_seconds / 3600:.1f} h ago"
        state = "off" if self.is_off else self.wrong or "good"
        return (
            f"{self.name}\t{self.source}\t{self.entries} entries\tread {age}\t{self.faults} not read\t{state}"
        )


def states(now: datetime) -> list[ListState]:
    """All lists by name, those that are configured and were never read included."""
    entries = {entry.name: entry for entry in config().lists}
    rows = HashList.objects.annotate(
        held=Count("entries", filter=Q(entries__gone_at=None)),
    ).order_by("name")
    faults = dict(ListFault.objects.values_list("hash_list_id").annotate(Count("pk")))
    found = []
    for row in rows:
        entry = entries.pop(row.name, None)
        stale_after = timedelta(hours=entry.stale_after_hours if entry else DEFAULT_STALE_HOURS)
        found.append(
            ListState(
                name=row.name,
                source=row.source,
                terms=row.terms,
                entries=row.held,
                faults=faults.get(row.pk, 0),
                retrieved_at=row.retrieved_at,
                age_seconds=(now - row.retrieved_at).total_seconds() if row.retrieved_at else None,
                is_off=row.off_at is not None,
                alarmed=row.alarmed_at is not None,
                wrong="" if row.off_at else _wrong(row, now, stale_after),
            )
        )
    for entry in entries.values():
        found.append(
            ListState(entry.name, entry.kind, entry.terms, 0, 0, None, None, False, False, "never read yet")
        )
    return sorted(found, key=lambda state: state.name)


def classes_of(name: str) -> list[tuple[str, str, int]]:
    """What a list holds now: class, kind, how many."""
    rows = ListEntry.objects.filter(hash_list__name=name, gone_at=None).values_list("label", "kind")
    counted = rows.annotate(count=Count("pk")).order_by("label", "kind")
    return [(known_as(name, label), kind, count) for label, kind, count in counted]


def faults_of(name: str) -> list[tuple[str, str]]:
    """The newest records of a list that could not be read: where, why."""
    rows = ListFault.objects.filter(hash_list__name=name).order_by("-at", "pk")[:FAULTS_SHOWN]
    return list(rows.values_list("where", "why"))


def _wrong(row: HashList, now: datetime, stale_after: timedelta) -> str:
    """Why people must look: it fails, or nothing new came for too long."""
    if now - (row.retrieved_at or row.made_at) > stale_after:
        return f"stale{': ' + row.last_error if row.last_error else ''}"
    return f"failing: {row.last_error}" if row.last_error else ""
