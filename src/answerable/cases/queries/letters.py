"""How far letters to authorities are, and which of them no longer hold."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from answerable.cases.inputs import NotFound
from answerable.cases.models import Letter, Person
from answerable.cases.models.letters import BOUNCED, BY_HAND, DROPPED, QUEUED, SENT
from answerable.cases.queries.casework import open_case
from answerable.cases.queries.queue import blind_items
from answerable.obligations.models import Obligation

UNFINISHED = (QUEUED, BOUNCED)
FELL = Q(items__decision__overturned_at__isnull=False) | Q(items__finding__withdrawn_at__isnull=False)
"""Something that a letter tells of no longer stands."""


def unfinished(obligation_id: int, environment: str) -> QuerySet[Letter]:
    """Letters that what is owed still waits for."""
    return Letter.objects.filter(obligation_id=obligation_id, environment=environment, state__in=UNFINISHED)


def to_correct(authorities: Iterable[str], environment: str) -> QuerySet[Letter]:
    """Letters that these authorities have, about something that no longer stands, and that nothing corrects."""
    corrected = Letter.objects.filter(purpose="correction").exclude(state=DROPPED).values("corrects")
    return (
        Letter.objects.filter(
            FELL,
            Q(state__in=SENT) | Q(state=BY_HAND, accepted_at__isnull=False),
            authority__in=list(authorities),
            environment=environment,
            purpose="report",
        )
        .exclude(pk__in=corrected)
        .distinct()
        .order_by("pk")
    )


def is_wanted(letter: Letter) -> bool:
    """Whether it is still to be sent as it is: it is owed, and all that it tells of stands."""
    if not Obligation.objects.filter(pk=letter.obligation_id, state="owed").exists():
        return False
    if letter.purpose == "correction":
        return True
    return not Letter.objects.filter(FELL, pk=letter.pk).exists()


def letter_view(letter_id: int, person: Person, *, now: datetime) -> Letter:
    """A letter as this person may see it: nobody who is still to judge blindly. Raises NotFound, NotQualified."""
    letter = Letter.objects.select_related("case", "corrects").filter(pk=letter_id).first()
    if letter is None:
        raise NotFound(f"There is no letter {letter_id}.")
    if blind_items(person, open_case(letter.case_id, person), now=now):
        raise NotFound("You are still to judge in this case: what follows from others' answers is not shown.")
    return letter


def letters_for(obligation: Obligation) -> QuerySet[Letter]:
    """The letters about what is owed, in the order in which they were written."""
    word, _, number = obligation.subject.partition(":")
    if word == "letter":
        return Letter.objects.filter(pk=int(number))
    to = str(obligation.params.get("to", ""))
    of_case = Letter.objects.filter(case_id=obligation.case_id or 0, authority=to)
    return of_case.exclude(message_id="").order_by("pk")
