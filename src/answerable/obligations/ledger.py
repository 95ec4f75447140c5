"""Owing, keeping and releasing. Commands call these inside their own transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections, models

from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND, RETRY, Owed, by_hand
from answerable.obligations.wake import notify
from answerable.policy.words import By

COLUMNS: Final = (
    "kind",
    "by",
    "subject",
    "case_id",
    "platform",
    "regime",
    "cause",
    "params",
    "pack_digest",
    "owed_at",
    "not_before",
    "due_at",
    "urgency",
    "next_attempt_at",
    "state",
    "reason",
    "reference",
    "attempt",
    "last_error",
)
ROW: Final = f"({', '.join(['%s'] * 14)}, 'owed', '', '', 0, '')"
"""What `_place` gives for each, and how everything begins that is owed."""
ROWS_PER_STATEMENT: Final = 400

# A second cause for what is already owed keeps the earlier time and wakes it up; it never makes it due later
# and never turns a retry back into a first attempt, or a flood of reports would keep calling a dead platform
# ahead of everybody else's first attempts.
OWE = """
INSERT INTO obligations_obligation AS known ({columns}) VALUES {rows}
ON CONFLICT (kind, subject) WHERE state = 'owed' DO UPDATE SET
    due_at = {least}(known.due_at, excluded.due_at),
    not_before = CASE WHEN known.not_before IS NULL OR excluded.not_before IS NULL THEN NULL
                      ELSE {least}(known.not_before, excluded.not_before) END,
    next_attempt_at = {least}(known.next_attempt_at, excluded.next_attempt_at),
    urgency = CASE WHEN known.urgency = {retry} THEN known.urgency
                   ELSE {least}(known.urgency, excluded.urgency) END
RETURNING id, kind, subject
"""

# By hand, because it ends every attempt. `where` is one of the three below. (For `|| ''` see `attempts`.)
KEEP = """
UPDATE obligations_obligation
SET state = CASE WHEN due_at >= %s THEN 'kept' ELSE 'kept_late' END, closed_at = %s, proof_entry_id = %s,
    reference = %s, lease_until = NULL
WHERE {where}
"""


def owe(
    items: Iterable[Owed], *, now: datetime, cause: str, case_id: int | None = None, pack_digest: str = ""
) -> list[Obligation]:
    """Write what is owed, in the caller's transaction, with one statement for all of it.

    What is already owed (the same kind and subject) keeps its earlier `due_at` and is tried again at once.
    Returns one row for each distinct kind and subject, in the order given. Raises WriteOutsideTransaction.
    """
    placed = owe_in_cases([InCase(one, case_id, pack_digest) for one in items], now=now, cause=cause)
    rows = Obligation.objects.in_bulk([one.pk for one in placed])
    return [rows[one.pk] for one in placed]


@dataclass(frozen=True, slots=True)
class InCase:
    """What is owed, the case that it belongs to, and the pack that this case is pinned to."""

    owed: Owed
    case_id: int | None
    pack_digest: str


class Placed(NamedTuple):
    """One row of the table: what is owed stands there."""

    pk: int
    kind: str
    subject: str


def owe_in_cases(items: Iterable[InCase], *, now: datetime, cause: str) -> list[Placed]:
    """`owe` for what belongs to several cases. What is owed twice is of the case that was named first."""
    wanted: dict[tuple[str, str], InCase] = {}
    for item in items:
        key = (item.owed.kind, item.owed.subject)
        known = wanted.get(key)
        wanted[key] = item if known is None else replace(known, owed=_merged(known.owed, item.owed))
    # Sorted, so that two transactions that owe the same things lock them in the same order.
    rows = [wanted[key] for key in sorted(wanted)]
    found: dict[tuple[str, str], Placed] = {}
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        for placed in _place(rows[start : start + ROWS_PER_STATEMENT], now, cause):
            found[placed.kind, placed.subject] = placed
    if any(item.owed.by == By.WORKER for item in wanted.values()):
        notify(connection)
    return [found[key] for key in wanted]


def keep(obligation: Obligation | int, *, now: datetime, proof_entry_id: int, reference: str = "") -> bool:
    """Close it as kept (by `due_at`) or kept late (after), with the audit entry that proves it.

    False when it was closed before: then nothing changes.
    """
    row = obligation if isinstance(obligation, int) else obligation.pk
    return _keep("id = %s AND state || '' = 'owed'", [row], now, proof_entry_id, reference) == 1


def keep_all(
    kinds: str | Collection[str],
    subjects: str | Collection[str],
    *,
    now: datetime,
    proof_entry_id: int,
    reference: str = "",
) -> int:
    """Close all of these kinds that are owed to these subjects, as `keep` does. Returns how many there were."""
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    about = [subjects] if isinstance(subjects, str) else list(subjects)
    where = f"state || '' = 'owed' AND subject IN ({_places(about)}) AND kind IN ({_places(names)})"
    return _keep(where, [*about, *names], now, proof_entry_id, reference) if names and about else 0


def keep_each(
    rows: Iterable[Obligation | Placed], *, now: datetime, proof_entry_id: int, reference: str = ""
) -> int:
    """Close all of these as `keep` does, with one statement. Returns how many were owed."""
    numbers = [row.pk for row in rows]
    where = f"id IN ({_places(numbers)}) AND state || '' = 'owed'"
    return _keep(where, numbers, now, proof_entry_id, reference) if numbers else 0


def release(obligation: Obligation | int, reason: str, now: datetime) -> bool:
    """Close it unkept: `reason` says why ("superseded", "decided_otherwise", "duplicate", or who).

    False when it was closed before: then nothing changes. Raises ValueError without a reason.
    """
    row = obligation if isinstance(obligation, int) else obligation.pk
    return _release(Obligation.objects.filter(pk=row), reason, now) == 1


def release_all(kinds: str | Collection[str], subject: str, reason: str, now: datetime) -> int:
    """Release all of these kinds that are owed to a subject, and what people owe by hand in their place.

    Returns how many there were.
    """
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    themselves = models.Q(kind__in=names, subject=subject)
    in_their_place = models.Q(kind=BY_HAND, subject__in=[by_hand(name, subject) for name in names])
    return _release(Obligation.objects.filter(themselves | in_their_place), reason, now)


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _keep(where: str, which: Sequence[int | str], now: datetime, proof_entry_id: int, reference: str) -> int:
    at = connection.ops.adapt_datetimefield_value(now)
    with connection.cursor() as cursor:
        cursor.execute(KEEP.format(where=where), [at, at, proof_entry_id, reference, *which])
        return int(cursor.rowcount)


def _release(rows: "models.QuerySet[Obligation]", reason: str, now: datetime) -> int:
    if not reason.strip():
        raise ValueError("Say why the obligation is released.")
    return rows.filter(state="owed").update(state="released", closed_at=now, reason=reason, lease_until=None)


def _merged(first: Owed, second: Owed) -> Owed:
    """Both of one call owe the same: the stricter of the two in time."""
    earlier, later = (first, second) if first.due_at <= second.due_at else (second, first)
    waits = None not in (first.not_before, second.not_before)
    return Owed(
        kind=earlier.kind,
        subject=earlier.subject,
        by=earlier.by,
        due_at=earlier.due_at,
        not_before=min(m for m in (first.not_before, second.not_before) if m) if waits else None,
        platform=earlier.platform or later.platform,
        regime=earlier.regime or later.regime,
        params=earlier.params,
        urgency=min(first.first_urgency, second.first_urgency),
    )


def _place(wanted: Sequence[InCase], now: datetime, cause: str) -> list[Placed]:
    using = connections[DEFAULT_DB_ALIAS]
    moment, json = using.ops.adapt_datetimefield_value, Obligation._meta.get_field("params")
    at = moment(now)
    values: list[Any] = []
    for case in wanted:
        item = case.owed
        waits = item.not_before is not None and item.not_before > now
        values += (
            item.kind,
            str(item.by),
            item.subject,
            case.case_id,
            item.platform,
            item.regime,
            cause,
            json.get_db_prep_save(dict(item.params), using),
            case.pack_digest,
            at,
            moment(item.not_before) if item.not_before else None,
            moment(item.due_at),
            int(item.first_urgency),
            moment(item.not_before) if item.not_before and waits else at,
        )
    with using.cursor() as cursor:
        cursor.execute(_owing(len(wanted), using.vendor), values)
        return [Placed(*row) for row in cursor.fetchall()]


@lru_cache(maxsize=ROWS_PER_STATEMENT)
def _owing(rows: int, vendor: str) -> str:
    return OWE.format(
        columns=", ".join(COLUMNS),
        rows=", ".join([ROW] * rows),
        least="min" if vendor == "sqlite" else "least",
        retry=RETRY,
    )
