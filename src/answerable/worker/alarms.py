"""Paging people about what is late, once for each obligation, and telling reporters of a platform that is silent."""

from datetime import UTC, datetime
from typing import Final

import structlog
from django.db import transaction

from answerable import audit
from answerable.cases import commands
from answerable.db import crash
from answerable.db.alone import alone
from answerable.obligations import paging, queries
from answerable.obligations.models import Obligation
from answerable.settings.config import config

AT_ONCE: Final = 200
NAMED: Final = 20
LOCK: Final = 0x616C726D
"""PostgreSQL advisory lock: of several workers, one pages at a time."""

log = structlog.get_logger(__name__)


def sound(now: datetime) -> int:
    """Page about what became late, in one message, and note it in the log. Gives how many there were.

    The note follows the page: a kill between the two pages twice, never not at all. Call it outside a
    transaction. Raises PagingFailed: then nothing is noted, and the next call tries again.
    """
    with alone(LOCK) as mine:
        if not mine:
            return 0
        late = list(queries.late(now).filter(alarmed_at=None)[:AT_ONCE])
        if not late:
            return 0
        crash.point("page")
        paged = _page(late)
        return _note(late, now, paged=paged)


def _page(late: list[Obligation]) -> bool:
    try:
        paging.page(*message(late))
    except paging.NobodyToPage as error:
        log.error("late, and nobody is paged", obligations=[row.pk for row in late], why=str(error))
        return False
    log.warning("paged about what is late", obligations=[row.pk for row in late])
    return True


def message(late: list[Obligation]) -> tuple[str, str]:
    """Title and text: kind, number and due time, nothing about a person."""
    desk = config().desk
    count = "1 obligation is" if len(late) == 1 else f"{len(late)} obligations are"
    lines = [
        f"{row.kind} (number {row.pk}) was due at {row.due_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        for row in late[:NAMED]
    ]
    if len(late) > NAMED:
        lines.append(f"and {len(late) - NAMED} more")
    return f"{desk.name}: {count} late", "\n".join([*lines, desk.staff_url])


def _note(late: list[Obligation], now: datetime, *, paged: bool) -> int:
    with transaction.atomic():
        rows = Obligation.objects.filter(pk__in=[row.pk for row in late], state="owed", alarmed_at=None)
        rows.update(alarmed_at=now)
        for row in late:
            audit.append(
                "obligation_alarmed",
                actor="worker",
                now=now,
                case_id=row.case_id,
                event={
                    "obligation": row.pk,
                    "kind": row.kind,
                    "due_at": row.due_at.isoformat(),
                    "paged": paged,
                },
            )
            if paged:  # what it says is that people know
                commands.platform_silent(row.pk, now=now)
    return len(late)
