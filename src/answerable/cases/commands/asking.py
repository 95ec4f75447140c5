"""What platforms say of accounts that are reported to an authority: encrypted, and kept as long as that takes."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from answerable.cases.commands.writing import Writing
from answerable.cases.models import AccountAsked
from answerable.db import personal

FACTS_KEPT = timedelta(days=30)
"""A report that waits is written anew from them; what was sent is kept with the filing."""


AskedOutcome = Literal["told", "nothing", "failed"]


def account_asked(
    account_id: int,
    outcome: AskedOutcome,
    facts: str = "",
    *,
    case_id: int,
    now: datetime,
) -> None:
    """A platform was asked what it knows of an account, for a report about a case. `facts`: what it told, as JSON.

    What it told before is erased. After a failure the time since which it is asked stays.
    """
    sealed = personal.seal("account", facts, now + FACTS_KEPT) if facts else None
    with transaction.atomic():
        row = AccountAsked.objects.select_for_update().filter(account_id=account_id).first()
        before = row.facts if row is not None else None
        if row is None:
            row = AccountAsked(account_id=account_id, since=now)
        elif row.outcome != "failed":
            row.since = now
        if sealed is not None:
            sealed.save()
        row.asked_at, row.outcome, row.facts = now, outcome, sealed
        row.save()
        if before is not None:
            personal.erase(before)
        writing = Writing(actor="worker", now=now, cause=f"account:{account_id}")
        writing.record("account_asked", {"account": account_id, "outcome": outcome}, case_id=case_id)
        writing.finish()
