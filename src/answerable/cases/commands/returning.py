"""What becomes of letters that were sent: received, come back, or told by a person in their place (rule 15)."""

from datetime import datetime

from django.db import transaction

from answerable.cases.commands.posting import (
    drop_letter,
    item_of,
    locked_letter,
    page_for,
    save_items,
    writing_of,
)
from answerable.cases.commands.untold import pending
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Letter, Person
from answerable.cases.models.letters import ACCEPTED, BOUNCED, BY_HAND, QUEUED, RECEIVED, SENT
from answerable.cases.queries.filings import FILED_BY_US
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

TELLING = ("report_authority", "correct_authority")


def letter_bounced(reference: str, *, person_id: int | None, why: str, now: datetime) -> int:
    """A letter came back: the authority was not told, so people owe that anew, by the time that it was due.

    `person_id` None: the mail system said so. Returns its number. Raises NotFound, AlreadyDone.
    """
    with transaction.atomic():
        found = Letter.objects.select_for_update(of=("self",)).select_related("case")
        letter = found.filter(reference=reference).first()
        if letter is None:
            raise NotFound(f"There is no letter {reference}.")
        if letter.state not in SENT:
            raise AlreadyDone(f"The letter {reference} is {letter.state}, so it can't come back.")
        actor = f"person:{person_id}" if person_id is not None else "mail"
        writing = Writing(actor=actor, now=now, cause=f"letter:{letter.pk}", case=letter.case)
        letter.state, letter.why, letter.closed_at = BOUNCED, why[:300], now
        letter.save(update_fields=["state", "why", "closed_at"])
        writing.record("letter_bounced", {"letter": letter.pk})
        writing.release("enter_receipt", f"letter:{letter.pk}", "superseded")
        page_for(writing, f"letter:{letter.pk}", "letter_bounced")
        kept = Obligation.objects.filter(pk=letter.obligation_id).exclude(state="owed").first()
        if kept is not None and letter.environment == "production":
            writing.owe(
                [
                    Owed(
                        kind=kept.kind,
                        subject=kept.subject,
                        by=By.PEOPLE,
                        due_at=kept.due_at,
                        regime=kept.regime,
                        params=kept.params,
                    )
                ]
            )
        writing.finish()
        return int(letter.pk)


def send_again(letter_id: int, *, person_id: int, now: datetime) -> None:
    """Give up a letter that came back or was refused, so that another is written. Raises Refused, AlreadyDone."""
    with transaction.atomic():
        _person(person_id)
        letter = locked_letter(letter_id)
        if letter.state not in (BOUNCED, BY_HAND) or not letter.message_id:
            raise AlreadyDone("This letter didn't come back.")
        owed = Obligation.objects.filter(case_id=letter.case_id, kind__in=TELLING, state="owed")
        if not any(one.params.get("to") == letter.authority for one in owed):
            raise AlreadyDone("It is no longer owed.")
        writing = writing_of(letter, now, actor=f"person:{person_id}")
        drop_letter(writing, letter, "sent_again")
        writing.finish()


def receipt_entered(writing: Writing, obligation: Obligation, reference: str) -> None:
    """A person entered what an authority answered to a letter; the caller keeps what was owed."""
    letter = locked_letter(int(obligation.subject.partition(":")[2]))
    if letter.state == ACCEPTED:
        letter.state, letter.receipt, letter.closed_at = RECEIVED, reference[:200], writing.now
        letter.save(update_fields=["state", "receipt", "closed_at"])
        writing.record("letter_received", {"letter": letter.pk}, case_id=letter.case_id)


def told_outside(writing: Writing, obligation: Obligation) -> None:
    """A person told an authority outside this software: no letter says it once more.

    Raises Refused while one is being sent.
    """
    authority = str(obligation.params.get("to", ""))
    ours = Letter.objects.select_for_update().filter(
        case_id=obligation.case_id or 0, authority=authority, environment="production"
    )
    if ours.filter(state=QUEUED, asked_at__isnull=False).exists():
        raise Refused("A letter about this is being sent just now: wait until it says how that ended.")
    ours.filter(state__in=[QUEUED, BOUNCED]).update(state=BY_HAND, why="a person told them outside")
    if obligation.kind != "report_authority" or authority in FILED_BY_US:
        return
    told = pending(obligation, "production")
    if told:
        letter = Letter.objects.create(
            authority=authority,
            environment="production",
            purpose="report",
            regime=obligation.regime,
            case_id=obligation.case_id or 0,
            obligation_id=obligation.pk,
            reference=f"hand-{obligation.pk}",
            message_id="",
            state=BY_HAND,
            drafted_at=writing.now,
            closed_at=writing.now,
            why="a person told them outside",
        )
        save_items(letter, [item_of(one) for one in told])


def _person(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, active=True).first()
    if person is None:
        raise Refused("This person doesn't work at this desk.")
    return person
