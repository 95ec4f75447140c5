"""Letters to authorities: written down to the byte, then taken by our server or refused (rules 13 and 15)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.filing import owe_after_filing
from answerable.cases.commands.reporting import DOCUMENT_KEPT, STEP_WITHIN
from answerable.cases.commands.untold import Told, pending
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import NotFound
from answerable.cases.letter_inputs import ItemDraft, LetterDraft, Posting
from answerable.cases.models import Letter, LetterItem
from answerable.cases.models.letters import ACCEPTED, BY_HAND, DROPPED, QUEUED, SENT
from answerable.cases.queries import letters
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

CORRECT_WITHIN: Final = timedelta(hours=24)
PAGE_AGAIN_AFTER: Final = timedelta(hours=24)


def draft_letter(obligation_id: int, draft: LetterDraft, *, now: datetime) -> int | None:
    """Write a letter down and owe its sending. None when somebody was quicker, or nothing of it is owed any more."""
    kept_until = now + DOCUMENT_KEPT
    facts = personal.seal("filing", draft.facts, erase_after=kept_until)
    message = personal.seal("filing", draft.message, erase_after=kept_until)
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None or owed.case_id is None or _is_told(owed, draft):
            return None
        PersonalText.objects.bulk_create([facts, message])
        letter = Letter.objects.create(
            authority=draft.authority,
            environment=draft.environment,
            purpose="report" if draft.corrects_id is None else "correction",
            regime=draft.regime,
            case_id=owed.case_id,
            corrects_id=draft.corrects_id,
            obligation_id=owed.pk,
            reference=draft.reference,
            message_id=draft.message_id,
            address=draft.address,
            facts=facts,
            mail=message,
            drafted_at=now,
        )
        save_items(letter, draft.items)
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        event = {"letter": letter.pk, "purpose": letter.purpose, "environment": letter.environment}
        writing.record(
            "letter_drafted",
            {**event, "contents": [one.content_id for one in draft.items]},
            case_id=letter.case_id,
        )
        due_at = max(owed.due_at, now + STEP_WITHIN)
        writing.owe([Owed(kind="send_letter", subject=f"letter:{letter.pk}", by=By.WORKER, due_at=due_at)])
        writing.finish()
        return int(letter.pk)


def begin_letter(letter_id: int, *, obligation_id: int, now: datetime) -> Posting | None:
    """Write down that our server is asked to take a letter now. None: it isn't to be sent, and that is kept.

    One that may have been taken before is sent all the same, the very same again: what it says is corrected then.
    """
    with transaction.atomic():
        letter = locked_letter(letter_id)
        writing = writing_of(letter, now)
        wanted = letter.state == QUEUED and (letter.asked_at is not None or letters.is_wanted(letter))
        if not wanted or letter.mail is None:
            if letter.state == QUEUED:
                drop_letter(writing, letter, "no_longer_wanted")
            _keep(writing, obligation_id)
            return None
        if letter.asked_at is None:
            letter.asked_at = now
            letter.save(update_fields=["asked_at"])
        writing.record("letter_asked", {"letter": letter.pk}, case_id=letter.case_id)
        row, address = letter.mail, letter.address
    return Posting(letter_id, address, personal.open_text(row))


def letter_accepted(letter_id: int, *, obligation_id: int, receipt_within: timedelta, now: datetime) -> None:
    """Our server took a letter: what it keeps is kept, and the authority's receipt is owed by people."""
    with transaction.atomic():
        letter = locked_letter(letter_id)
        writing = writing_of(letter, now)
        if letter.state == QUEUED:
            letter.state, letter.accepted_at = ACCEPTED, now
            letter.save(update_fields=["state", "accepted_at"])
            writing.record("letter_accepted", {"letter": letter.pk}, case_id=letter.case_id)
            if letter.environment == "production":
                _owe_receipt(writing, letter, receipt_within)
                _settle_of(writing, letter)
        _keep(writing, obligation_id)


def letter_refused(letter_id: int, why: str, *, obligation_id: int, now: datetime) -> None:
    """Our server refuses a letter for good: people tell the authority, and are paged."""
    with transaction.atomic():
        letter = locked_letter(letter_id)
        writing = writing_of(letter, now)
        if letter.state == QUEUED:
            letter.state, letter.why, letter.closed_at = BY_HAND, why[:300], now
            letter.save(update_fields=["state", "why", "closed_at"])
            writing.record("letter_by_hand", {"letter": letter.pk}, case_id=letter.case_id)
            page_for(writing, f"letter:{letter.pk}", "letter_refused")
        _keep(writing, obligation_id)


def post_alarm(environment: str, *, now: datetime) -> None:
    """No letter leaves until people put something right: page them, unless they were within a day."""
    with transaction.atomic():
        subject = f"post:{environment}"
        paged = Obligation.objects.filter(
            kind="page_people", subject=subject, owed_at__gt=now - PAGE_AGAIN_AFTER
        )
        if not paged.exists():
            writing = Writing(actor="worker", now=now, cause=subject)
            page_for(writing, subject, "letters_not_taken")
            writing.finish()


def settle_letters(obligation_id: int, *, environment: str, now: datetime) -> bool:
    """Keep what is owed to an authority once its letters are sent and nothing is left to tell. Whether it did."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return False
        writing = Writing(actor="worker", now=now, cause=f"obligation:{obligation_id}")
        done = _settle(writing, owed, environment)
        writing.finish()
        return done


def owe_corrections(authorities: Iterable[str], *, environment: str, now: datetime) -> int:
    """Owe the correction of letters about something that fell while they were on their way. How many were owed."""
    if environment != "production" or not letters.to_correct(authorities, environment).exists():
        return 0
    with transaction.atomic():
        made = 0
        writing = Writing(actor="worker", now=now, cause="letters:fell")
        for letter in letters.to_correct(authorities, environment).select_related("case"):
            subject = f"case_regime:{letter.case_id}/{letter.regime}"
            owed = Obligation.objects.filter(kind="correct_authority", subject=subject, state="owed")
            if owed.exists():
                continue
            writing.case = letter.case
            writing.owe(
                [
                    Owed(
                        kind="correct_authority",
                        subject=subject,
                        by=By.PEOPLE,
                        due_at=now + CORRECT_WITHIN,
                        regime=letter.regime,
                        params={"to": letter.authority, "regime": letter.regime},
                    )
                ]
            )
            made += 1
        writing.finish()
        return made


def item_of(told: Told) -> ItemDraft:
    """What a letter notes of one thing that it tells of."""
    finding = told.finding.pk if told.finding is not None else None
    return ItemDraft(told.decision.content_id, told.decision.pk, finding)


def _is_told(owed: Obligation, draft: LetterDraft) -> bool:
    """Whether a letter stands already that says any of it."""
    if draft.corrects_id is not None:
        return Letter.objects.filter(corrects_id=draft.corrects_id).exclude(state=DROPPED).exists()
    left = {one.decision.content_id for one in pending(owed, draft.environment)}
    return not left.issuperset(one.content_id for one in draft.items)


def save_items(letter: Letter, items: Iterable[ItemDraft]) -> None:
    """Note what a letter tells of."""
    LetterItem.objects.bulk_create(
        LetterItem(
            letter=letter,
            content_id=one.content_id,
            decision_id=one.decision_id,
            finding_id=one.finding_id,
        )
        for one in items
    )


def _owe_receipt(writing: Writing, letter: Letter, within: timedelta) -> None:
    writing.case = letter.case
    writing.owe(
        [
            Owed(
                kind="enter_receipt",
                subject=f"letter:{letter.pk}",
                by=By.PEOPLE,
                due_at=writing.now + within,
                regime=letter.regime,
                params={"to": letter.authority},
            )
        ]
    )
    writing.case = None


def _settle_of(writing: Writing, letter: Letter) -> None:
    owed = Obligation.objects.select_for_update().filter(pk=letter.obligation_id, state="owed").first()
    if owed is not None:
        _settle(writing, owed, letter.environment)


def _settle(writing: Writing, owed: Obligation, environment: str) -> bool:
    if environment != "production" or letters.unfinished(owed.pk, environment).exists():
        return False
    sent = Letter.objects.filter(obligation_id=owed.pk, environment=environment, state__in=SENT)
    if owed.kind == "report_authority":
        left = bool(pending(owed, environment))
    else:
        to = str(owed.params.get("to", ""))
        left = letters.to_correct([to], environment).filter(case_id=owed.case_id or 0).exists()
    refused = Letter.objects.filter(obligation_id=owed.pk, environment=environment, state=BY_HAND)
    if left or refused.exists() or not sent.exists():
        return False
    reference = ", ".join(sent.order_by("pk").values_list("reference", flat=True))[:200]
    event = {"obligation": owed.pk, "kind": owed.kind, "authority": str(owed.params.get("to", ""))}
    entry_id = writing.record("obligation_kept", event, case_id=owed.case_id)
    kept = obligations.keep(owed, now=writing.now, proof_entry_id=entry_id, reference=reference)
    if kept and owed.kind == "report_authority":
        owe_after_filing(writing, owed)
    return kept


def drop_letter(writing: Writing, letter: Letter, why: str) -> None:
    """Give a letter up: nothing of it was sent, or it came back."""
    letter.state, letter.why, letter.closed_at = DROPPED, why, writing.now
    letter.save(update_fields=["state", "why", "closed_at"])
    writing.record("letter_dropped", {"letter": letter.pk, "why": why}, case_id=letter.case_id)


def page_for(writing: Writing, subject: str, why: str) -> None:
    """Page people about a letter."""
    due_at = writing.now + timedelta(minutes=1)
    writing.owe([Owed(kind="page_people", subject=subject, by=By.WORKER, due_at=due_at, params={"why": why})])


def _keep(writing: Writing, obligation_id: int) -> None:
    """Keep the sending of a letter, with an entry that says how it ended."""
    entry_id = writing.record("obligation_kept", {"obligation": obligation_id, "kind": "send_letter"})
    obligations.keep(obligation_id, now=writing.now, proof_entry_id=entry_id)
    writing.finish(entry_id)


def locked_letter(letter_id: int) -> Letter:
    """A letter, locked. Raises NotFound."""
    found = Letter.objects.select_for_update(of=("self",)).select_related("case", "mail")
    letter = found.filter(pk=letter_id).first()
    if letter is None:
        raise NotFound(f"There is no letter {letter_id}.")
    return letter


def writing_of(letter: Letter, now: datetime, actor: str = "worker") -> Writing:
    """What a command about this letter writes."""
    return Writing(actor=actor, now=now, cause=f"letter:{letter.pk}")
