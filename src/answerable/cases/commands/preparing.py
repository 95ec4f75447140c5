"""What people enter at an authority's own door: that somebody opened it is noted before it is shown (rule 21)."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Person
from answerable.obligations.models import Obligation
from answerable.policy.words import By


def sheet_opened(
    obligation_id: int, content_ids: Iterable[int], *, person_id: int, taken_away: bool, now: datetime
) -> None:
    """Note that a person opens what an authority is to be told of these contents; `taken_away`: as a file.

    Raises NotFound, Refused, AlreadyDone where nobody owes that any more.
    """
    with transaction.atomic():
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None:
            raise Refused("This person doesn't work at this desk.")
        obligation = Obligation.objects.filter(pk=obligation_id).first()
        if obligation is None or obligation.kind != "report_authority" or obligation.by == By.WORKER:
            raise NotFound("Nothing is to be reported here by people.")
        if obligation.state != "owed":
            raise AlreadyDone("Somebody closed this already.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"obligation:{obligation.pk}")
        writing.record(
            "sheet_opened",
            {
                "obligation": obligation.pk,
                "to": str(obligation.params.get("to", "")),
                "contents": sorted(content_ids),
                "taken_away": taken_away,
            },
            case_id=obligation.case_id,
        )
