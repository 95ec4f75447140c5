"""How each hash list stands: how much, how old, what went wrong. Counts and names only, never a fingerprint."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from answerable.cases.models import HashList, ListEntry, ListFault
from answerable.cases.models.lists import known_as
from answerable.cases.queries import found as growing
from answerable.settings.config import config

DEFAULT_STALE_HOURS: Final = 720
NEVER_STALE: Final = timedelta(days=36_500)
SHIELD: Final = "shield"
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
    unsearched: int = 0
    """Fingerprints that what was registered before was not searched for yet."""
    held_back: int = 0
    """Items found so that wait: as many as people may be given at once wait for their looks."""
    unasked: int = 0
    """Of Shield: hashes that it has not been asked about yet."""
    unanswered: int = 0
    """Of Shield: hashes of which it said nothing that we understand; they are asked again."""

    def line(self) -> str:
        """As one line of text."""
        age = "never" if self.age_seconds is None else f"{self.age_seconds / 3600:.1f} h ago"
        state = "off" if self.is_off else self.wrong or "good"
        more = [f"{self.unsearched} not searched for yet"] if self.unsearched else []
        more += [f"{self.held_back} found wait"] if self.held_back else []
        more += [f"{self.unasked} not asked yet"] if self.unasked else []
        more += [f"{self.unanswered} not answered"] if self.unanswered else []
        return "\t".join(
            [
                self.name,
                self.source,
                f"{self.entries} entries",
                f"read {age}",
                f"{self.faults} not read",
                state,
                *more,
            ]
        )


def states(now: datetime) -> list[ListState]:
    """All lists by name, those that are configured and were never read included."""
    entries = {entry.name: entry for entry in config().lists}
    rows = HashList.objects.annotate(
        held=Count("entries", filter=Q(entries__gone_at=None)),
    ).order_by("name")
    faults = dict(ListFault.objects.values_list("hash_list_id").annotate(Count("pk")))
    unsearched, waiting = growing.unsearched(), growing.waiting_counts()
    names = [row.name for row in rows]
    found = []
    for row in rows:
        entry = entries.pop(row.name, None)
        is_shield = row.source == SHIELD
        stale_after = timedelta(hours=entry.stale_after_hours if entry else DEFAULT_STALE_HOURS)
        if is_shield:  # asked when there is something to ask: that it wasn't for long says nothing
            stale_after = NEVER_STALE
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
                unsearched=growing.of_list(unsearched, row.name, names),
                held_back=growing.of_list(waiting, row.name, names),
                unasked=growing.unasked() if is_shield else 0,
                unanswered=growing.unanswered() if is_shield else 0,
            )
        )
    if config().shield is not None and SHIELD not in names:
        found.append(
            ListState(SHIELD, SHIELD, "", 0, 0, None, None, False, False, "", unasked=growing.unasked())
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
