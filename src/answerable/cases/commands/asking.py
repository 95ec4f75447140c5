"""What platforms say of accounts that are reported to an authority: encrypted, and kept as long as that takes."""

from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction

from answerable.cases.commands.writing import Writing
from answerable.cases.models import Account, AccountAsked
from answerable.cases.queries.held import held_cases
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

    What it told before is erased, unless a hold keeps it; where it told nothing now, it stays.
    """
    sealed = personal.seal("account", facts, now + FACTS_KEPT) if facts else None
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        row = account.asked.order_by("-pk").first()
        before = row.facts if row is not None else None
        if row is None or (sealed is not None and before is not None and _is_held(account, now)):
            row, before = AccountAsked(account=account), None
        row.asked_at, row.outcome = now, outcome
        if sealed is not None:
            sealed.save()
            row.facts = sealed
        row.save()
        if sealed is not None and before is not None:
            personal.erase(before)
        writing = Writing(actor="worker", now=now, cause=f"account:{account_id}")
        writing.record("account_asked", {"account": account_id, "outcome": outcome}, case_id=case_id)
        writing.finish()


def _is_held(account: Account, now: datetime) -> bool:
    cases = set(account.items.filter(case__isnull=False).values_list("case_id", flat=True))
    return bool(cases & held_cases(now))
