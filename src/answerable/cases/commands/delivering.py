"""What became of statements of reasons at the public database: taken, or refused for good (DSA, Art. 24(5))."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.stating import anything_waits, owe_delivery
from answerable.cases.commands.writing import Writing
from answerable.cases.models import ReasonsDelivery, StatementOfReasons
from answerable.cases.models.reasons import DELIVERED, REFUSED
from answerable.cases.queries.reasons import last_delivery, refused
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

PAGE_AGAIN_AFTER: Final = timedelta(hours=24)
KIND: Final = "deliver_reasons"


def owe_deliveries(now: datetime) -> bool:
    """Owe the configured database what waits for it and isn't owed: after a change of the settings. Whether it did."""
    if not anything_waits() or Obligation.objects.filter(kind=KIND, state="owed").exists():
        return False
    with transaction.atomic():
        writing = Writing(actor="worker", now=now, cause="database:settings")
        owed = owe_delivery(writing)
        writing.finish()
        return owed


def reasons_delivered(
    obligation_id: int,
    *,
    environment: str,
    delivered: Mapping[int, str],
    refused_fields: Mapping[int, tuple[str, ...]],
    done: bool,
    alarm: bool = False,
    now: datetime,
) -> None:
    """Write down what a database has by now, and what it refused, by number of the statement.

    `delivered`: with its own names of them. `done`: nothing failed, so what was owed is kept, and what is left is owed
    anew. `alarm`: people must do something first; they are paged once.
    """
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        since = last_delivery(environment)
        numbers = _write(writing, environment, delivered, refused_fields)
        if alarm or refused_fields:
            _page_once(writing, environment, since)
        entry_id = None
        if done or numbers or refused_fields:
            event = {"environment": environment, "delivered": numbers, "refused": sorted(refused_fields)}
            entry_id = writing.record("reasons_delivered", event)
        if entry_id is not None and done and owed is not None:
            obligations.keep(owed, now=now, proof_entry_id=entry_id)
            owe_delivery(writing)
        writing.finish(entry_id)


def drop_delivery(obligation_id: int, *, now: datetime) -> None:
    """The settings no longer name that database: what was owed to it is released, and owed anew if they do again."""
    with transaction.atomic():
        owed = Obligation.objects.filter(pk=obligation_id, state="owed").first()
        if owed is not None:
            writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
            writing.release(owed.kind, owed.subject, "not_configured")
            writing.finish()


def retry_refused(environment: str, *, now: datetime) -> int:
    """Deliver once more what a database refused: this software writes it otherwise by now. How many there were."""
    with transaction.atomic():
        rows = refused(environment)
        numbers = list(rows.values_list("reasons_id", flat=True))
        rows.delete()
        StatementOfReasons.objects.filter(pk__in=numbers).update(delivered_in="")
        writing = Writing(actor="operator", now=now, cause="database:retry")
        if numbers:
            writing.record("reasons_retried", {"environment": environment, "statements": numbers})
        owe_delivery(writing)
        writing.finish()
        return len(numbers)


def _write(
    writing: Writing,
    environment: str,
    delivered: Mapping[int, str],
    refused_fields: Mapping[int, tuple[str, ...]],
) -> list[int]:
    """The rows, once each: somebody may have been quicker. The numbers of what was delivered."""
    known = StatementOfReasons.objects.filter(pk__in=[*delivered, *refused_fields])
    left = list(known.exclude(deliveries__environment=environment).values_list("pk", flat=True))
    rows = [
        ReasonsDelivery(
            reasons_id=number,
            environment=environment,
            state=DELIVERED if number in delivered else REFUSED,
            uuid=delivered.get(number, ""),
            why=", ".join(refused_fields.get(number, ()))[:300],
            at=writing.now,
        )
        for number in left
    ]
    ReasonsDelivery.objects.bulk_create(rows)
    StatementOfReasons.objects.filter(pk__in=left).update(delivered_in=environment)
    return sorted(row.reasons_id for row in rows if row.state == DELIVERED)


def _page_once(writing: Writing, environment: str, since: datetime | None) -> None:
    """Page people, unless they were paged since it last worked, or a day ago."""
    subject = f"database:{environment}"
    after = max(since or writing.now - PAGE_AGAIN_AFTER, writing.now - PAGE_AGAIN_AFTER)
    paged = Obligation.objects.filter(kind="page_people", subject=subject, owed_at__gt=after)
    if not paged.exists():
        writing.owe(
            [
                Owed(
                    kind="page_people",
                    subject=subject,
                    by=By.WORKER,
                    due_at=writing.now + timedelta(minutes=1),
                    params={"why": "reasons_not_taken"},
                )
            ]
        )
