"""The worker's side of the table: claim what is due, and give back what failed.

`claim` is one statement on both databases (and a lock before it on PostgreSQL). What it promises:
the most urgent first, then the longest due; one worker at a time per obligation; retries and any one
platform never take all the threads; of the kinds that share a handler, one at a time per subject.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from secrets import SystemRandom
from typing import Any, Final

import structlog
from django.db import connection, transaction

from answerable.db.prepared import instances
from answerable.obligations.models import Obligation
from answerable.obligations.owed import RETRY
from answerable.obligations.registry import sharing_a_handler

LEASE: Final = timedelta(seconds=15)
"""Longer than any handler's deadline, so that nothing needs to renew it."""
SHORTEST_WAIT_SECONDS: Final = 1.0
LONGEST_WAIT_SECONDS: Final = 300.0
LONGEST_ERROR: Final = 300
CLAIM_LOCK: Final = 0x6F776564
"""PostgreSQL advisory lock: without it, two claims that don't see each other could take two kinds of one
handler and subject (one just owed, one just claimed)."""

log = structlog.get_logger(__name__)
_chance = SystemRandom()


@dataclass(frozen=True)
class Room:
    """How the free threads may be used. None: without that limit."""

    retries: int | None = None
    """How many retries (urgency 2) may be taken now."""
    per_platform: int | None = None
    """How many obligations of one platform may be in hand at a time."""
    in_hand: Mapping[str, int] = field(default_factory=dict)
    """How many of each platform are in hand already."""

    @property
    def full(self) -> list[str]:
        """The platforms that may take no more."""
        if self.per_platform is None:
            return []
        return [name for name, count in self.in_hand.items() if name and count >= self.per_platform]


# Each urgency is read from its own end of the partial index, and no further than `read` rows: neither a long
# queue nor thousands of rows that wait for next year are ever read through. Whether another one of the same
# handler and subject goes first is asked of those few rows only; rows that it holds back are fewer than `read`.
# MATERIALIZED, so that each step runs once and not once for each row of the table.
CLAIM: Final = """
WITH candidate AS MATERIALIZED ({candidates}), placed AS MATERIALIZED (
    SELECT id, urgency, next_attempt_at, platform,
        ROW_NUMBER() OVER (PARTITION BY platform ORDER BY urgency, next_attempt_at, id) AS in_platform,
        ROW_NUMBER() OVER (PARTITION BY urgency ORDER BY next_attempt_at, id) AS among_urgency
    FROM candidate AS this WHERE 1 = 1 {alone}
), chosen AS MATERIALIZED (
    SELECT id FROM placed
    WHERE (urgency < {retry} OR among_urgency <= %(retries)s) AND {platform_has_room}
    ORDER BY urgency, next_attempt_at, id LIMIT %(free)s
), mine AS MATERIALIZED (
    SELECT id FROM obligations_obligation
    WHERE id IN (SELECT id FROM chosen) AND state || '' = 'owed' {skip_locked}
)
UPDATE obligations_obligation SET attempt = attempt + 1, lease_until = %(lease_until)s
WHERE id IN (SELECT id FROM mine) AND state || '' = 'owed'
RETURNING *
"""
DUE: Final = """
    state = 'owed' AND by = 'worker' AND urgency = {urgency} AND next_attempt_at <= %(now)s
    AND (lease_until IS NULL OR lease_until <= %(now)s)
"""
ANY: Final = """
SELECT 1 FROM (
    SELECT 1 FROM obligations_obligation WHERE {due} ORDER BY next_attempt_at LIMIT 1
) AS of_urgency_{urgency}
"""
NEXT: Final = """
SELECT next_attempt_at FROM (
    SELECT next_attempt_at FROM obligations_obligation
    WHERE state = 'owed' AND by = 'worker' AND urgency = {urgency} AND next_attempt_at > %(now)s
    ORDER BY next_attempt_at LIMIT 1
) AS of_urgency_{urgency}
"""
CANDIDATES: Final = """
SELECT * FROM (
    SELECT id, urgency, next_attempt_at, platform, kind, subject FROM obligations_obligation
    WHERE {due} {not_full}
    ORDER BY next_attempt_at LIMIT %(read)s
) AS of_urgency_{urgency}
"""
# Two of one group and subject are either both waiting, and the first goes first, or one is in hand.
# The odd `|| ''` here and there keeps the planner from an index of all that is due or owed: without statistics, as
# on a new desk, it takes that for as short as a row's own number or subject, and reads the whole queue.
ALONE: Final = """
AND NOT (kind IN ({kinds}) AND EXISTS (
    SELECT 1 FROM obligations_obligation AS other
    WHERE other.subject = this.subject AND other.kind IN ({kinds}) AND other.id <> this.id
    AND other.state || '' = 'owed' AND other.by || '' = 'worker' AND (
        other.lease_until > %(now)s
        OR other.next_attempt_at <= %(now)s AND (other.urgency, other.next_attempt_at, other.id)
            < (this.urgency, this.next_attempt_at, this.id))))
"""
# The table grows faster than its statistics, and a plan made for an empty table takes seconds on a full one:
# what this statement needs is always found by an index.
ALONE_ON_POSTGRESQL: Final = "SELECT set_config('enable_seqscan', 'off', true), pg_advisory_xact_lock(%s)"
MORE_THAN_HELD_BACK: Final = 32


def claim(worker: str, free: int, now: datetime, *, room: Room | None = None) -> list[Obligation]:
    """Lease up to `free` due obligations to the caller, most urgent first. `worker` names it in the log.

    Each comes with its `attempt`, which `failed` wants back. Opens its own transaction.
    """
    if free < 1:
        return []
    statement, values = _statement(free, now, room or Room())
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(ALONE_ON_POSTGRESQL, [CLAIM_LOCK])
        rows = instances(Obligation, cursor, statement, values)
    rows.sort(key=lambda row: (row.urgency, row.next_attempt_at, row.pk))
    if rows:
        log.debug("claimed", worker=worker, obligations=[row.pk for row in rows])
    return rows


def failed(
    obligation_id: int, attempt: int, error: str, now: datetime, *, not_within_seconds: float | None = None
) -> bool:
    """Give an obligation back after a failed attempt: it is tried again, later each time.

    `not_within_seconds`: how long the other side asked to be left alone. It is, but for no longer than the longest
    wait: whoever says "tomorrow" is asked again in five minutes.

    False when this attempt is stale (the obligation was closed, or claimed anew): that is logged, and
    changes nothing. Call it in a transaction.
    """
    given_back = Obligation.objects.filter(pk=obligation_id, state="owed", attempt=attempt).update(
        lease_until=None,
        urgency=RETRY,
        next_attempt_at=now + max(wait_after(attempt), _asked_for(not_within_seconds)),
        last_error=error[:LONGEST_ERROR],
    )
    if not given_back:
        log.info("stale attempt", obligation=obligation_id, attempt=attempt)
    return bool(given_back)


def put_back(unbegun: Iterable[Obligation]) -> None:
    """Give claims back that nobody began to attempt: no failure, and due at once. Call it in a transaction."""
    for one in unbegun:
        Obligation.objects.filter(pk=one.pk, state="owed", attempt=one.attempt).update(
            lease_until=None, attempt=one.attempt - 1
        )


def wait_after(attempt: int) -> timedelta:
    """The wait after the n-th failed attempt: 1 s, doubling up to 5 minutes, less up to half by chance."""
    longest = min(LONGEST_WAIT_SECONDS, SHORTEST_WAIT_SECONDS * 2 ** min(attempt - 1, 20))
    return timedelta(seconds=_chance.uniform(longest / 2, longest))


def _asked_for(seconds: float | None) -> timedelta:
    return timedelta(seconds=min(max(seconds or 0.0, 0.0), LONGEST_WAIT_SECONDS))


def clear_leases() -> int:
    """Forget all leases: only for the one worker of a machine, as it starts. Returns how many there were.

    Call it in a transaction.
    """
    return Obligation.objects.filter(state="owed", lease_until__isnull=False).update(lease_until=None)


def anything_due(now: datetime) -> bool:
    """Whether a claim could find something. Only reads."""
    return bool(_of_each_urgency(ANY, now))


def next_attempt_after(now: datetime) -> datetime | None:
    """When the next obligation becomes due that isn't yet. Only reads."""
    return min(map(_as_datetime, _of_each_urgency(NEXT, now)), default=None)


def _of_each_urgency(statement: str, now: datetime) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(_for_each_urgency(statement), {"now": connection.ops.adapt_datetimefield_value(now)})
        return [value for (value,) in cursor.fetchall()]


@lru_cache(maxsize=4)
def _for_each_urgency(statement: str) -> str:
    return " UNION ALL ".join(
        statement.format(due=_due(urgency), urgency=urgency) for urgency in range(RETRY + 1)
    )


def _as_datetime(value: Any) -> datetime:
    """What a plain statement gives: SQLite's datetimes are text or without a zone, in UTC."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _due(urgency: int) -> str:
    return DUE.format(urgency=urgency)


def _statement(free: int, now: datetime, room: Room) -> tuple[str, dict[str, Any]]:
    full, busy = room.full, list(room.in_hand.items()) if room.per_platform is not None else []
    values: dict[str, Any] = {
        "now": connection.ops.adapt_datetimefield_value(now),
        "lease_until": connection.ops.adapt_datetimefield_value(now + LEASE),
        "free": free,
        "read": free * 4 + 3 * sum(room.in_hand.values()) + MORE_THAN_HELD_BACK,
        "retries": free if room.retries is None else max(0, room.retries),
    }
    groups = tuple(map(tuple, sharing_a_handler()))
    for group, kinds in enumerate(groups):
        values.update({f"alone{group}_{place}": kind for place, kind in enumerate(kinds)})
    values.update({f"full{place}": name for place, name in enumerate(full)})
    if room.per_platform is not None:
        values["per_platform"] = room.per_platform
    for place, (name, count) in enumerate(busy):
        values[f"busy{place}"], values[f"busy{place}_left"] = name, (room.per_platform or 0) - count
    limited = room.per_platform is not None
    return _text(connection.vendor, tuple(map(len, groups)), len(full), len(busy), limited), values


@lru_cache(maxsize=256)
def _text(vendor: str, groups: tuple[int, ...], full: int, busy: int, limited: bool) -> str:
    """The statement for so many groups of kinds, full and busy platforms: the same text gets the same plan."""
    alone = "".join(ALONE.format(kinds=_places(f"alone{group}_", size)) for group, size in enumerate(groups))
    not_full = f"AND platform NOT IN ({_places('full', full)})" if full else ""
    candidates = " UNION ALL ".join(
        CANDIDATES.format(due=_due(urgency), not_full=not_full, urgency=urgency)
        for urgency in range(RETRY + 1)
    )
    left = "%(per_platform)s"
    for place in range(busy):
        left = f"CASE WHEN platform = %(busy{place})s THEN %(busy{place}_left)s ELSE {left} END"
    return CLAIM.format(
        candidates=candidates,
        alone=alone,
        retry=RETRY,
        platform_has_room=f"(platform = '' OR in_platform <= {left})" if limited else "1 = 1",
        skip_locked="FOR UPDATE SKIP LOCKED" if vendor == "postgresql" else "",
    )


def _places(prefix: str, count: int) -> str:
    return ", ".join(f"%({prefix}{place})s" for place in range(count))
