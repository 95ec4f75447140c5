"""What staff do besides judging: look, read, answer, say whose account it is, mark kept what they did by hand."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.filing import owe_after_filing
from answerable.cases.commands.grouping import begin_notice, put_in
from answerable.cases.commands.harms import harm_decided
from answerable.cases.commands.hushing import is_silenced
from answerable.cases.commands.reporting import filed_outside
from answerable.cases.commands.returning import receipt_entered, told_outside
from answerable.cases.commands.seeing import done_by_hand
from answerable.cases.commands.telling import suspension_told, tell_by_pack, tell_reports
from answerable.cases.commands.undoing import confirmed_against, lift_effects, supersede
from answerable.cases.commands.writing import Writing, facts_of_item, owed_by_pack, pack_of, regimes
from answerable.cases.inputs import STATEMENT_LIMIT, AlreadyDone, NotFound, Refused
from answerable.cases.kinds import BY_THEIR_OWN_COMMAND
from answerable.cases.models import Account, Decision, Item, Message, Person, Report
from answerable.cases.queries.judging import qualification_for
from answerable.cases.queries.standing import decided_about
from answerable.cases.queries.taking_part import had_part_in_account
from answerable.cases.rules import deciding
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.obligations.owed import BY_HAND
from answerable.policy import store
from answerable.policy.words import Age, By

SEARCH_WITHIN = timedelta(hours=24)
SEARCH_LIMIT = 500


def look_at(item_ids: Sequence[int], *, person_id: int, revealed: bool, now: datetime) -> datetime:
    """Record that a person opened items (blurred), or saw their media. The time is the look's beginning."""
    with transaction.atomic():
        person = _person(person_id)
        for item in Item.objects.filter(pk__in=list(item_ids)).only("pk", "case_id", "content_id"):
            writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"item:{item.pk}")
            kind = "revealed" if revealed else "looked_at"
            writing.record(kind, {"item": item.pk, "content": item.content_id}, case_id=item.case_id)
    return now


def open_personal(text_id: int, *, person_id: int, purpose: str, now: datetime) -> str:
    """Open a statement, message or reason, and record who did and what for. Raises Refused, NotFound.

    A contact takes a second person (`contacts`, rule 20).
    """
    with transaction.atomic():
        person = _person(person_id)
        row = PersonalText.objects.filter(pk=text_id).first()
        if row is None:
            raise NotFound("This text was erased.")
        if row.kind in ("contact", "signature"):
            raise Refused("A contact is opened by two people: ask a second one on the report's page.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"text:{text_id}")
        writing.record(
            "text_opened",
            {"text": text_id, "kind": row.kind, "purpose": purpose[:60]},
        )
    return personal.open_text(row)


def read_answer(message_id: int, *, person_id: int, now: datetime) -> str:
    """Read a reporter's answer, as somebody who did not decide about it. Returns its text."""
    with transaction.atomic():
        person = _person(person_id)
        message = (
            Message.objects.select_related("report", "text").filter(pk=message_id, from_reporter=True).first()
        )
        if message is None or message.text is None:
            raise NotFound("This answer was erased.")
        if decided_about(person, message.report_id, message.at):
            raise Refused("You decided about this before: an answer is read by somebody who did not.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"message:{message.pk}")
        if message.read_at is None:
            message.read_at = now
            message.save(update_fields=["read_at"])
        entry_id = writing.record("answer_read", {"message": message.pk, "report": message.report_id})
        unread = Message.objects.filter(report=message.report, from_reporter=True, read_at__isnull=True)
        if not unread.exists():
            obligations.keep_all(
                "read_answer", f"report:{message.report_id}", now=now, proof_entry_id=entry_id
            )
            if message.report.withdrawn_at is None:  # withdrawing ended the messages (rule 18)
                tell_reports(writing, [message.report], "answer_read", {})
        writing.finish(entry_id)
        text = message.text
    return personal.open_text(text)


def write_message(report_id: int, *, person_id: int, text: str, now: datetime) -> int:
    """Write to a reporter, on their status page."""
    if not text.strip():
        raise Refused("Write something first: the message is empty.")
    if len(text) > STATEMENT_LIMIT:
        raise Refused(f"The message is too long: write at most {STATEMENT_LIMIT} characters.")
    words = personal.seal("message", text, erase_after=now + store.active().erase_after("message"))
    with transaction.atomic():
        person = _person(person_id)
        report = Report.objects.filter(pk=report_id).first()
        if report is None:
            raise NotFound(f"There is no report {report_id}.")
        if report.withdrawn_at is not None:
            raise Refused("The reporter withdrew: messages have ended.")
        PersonalText.objects.bulk_create([words])
        message = Message.objects.create(report=report, at=now, from_reporter=False, text=words)
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"report:{report.pk}")
        writing.record("message_sent", {"report": report.pk, "message": message.pk})
        return int(message.pk)


def mark_kept(obligation_id: int, *, person_id: int, reference: str, now: datetime) -> None:
    """Mark as kept what a person did outside this software, with a reference that leads to its proof."""
    if not reference.strip():
        raise Refused("Write a reference: the number of the report, the file, the call.")
    with transaction.atomic():
        person = _person(person_id)
        obligation = Obligation.objects.select_for_update().filter(pk=obligation_id).first()
        if obligation is None:
            raise NotFound(f"There is no obligation {obligation_id}.")
        if obligation.state != "owed":
            raise AlreadyDone("Somebody closed this already.")
        if obligation.by == By.WORKER or obligation.kind in BY_THEIR_OWN_COMMAND:
            raise Refused("This can't be marked: it is kept by doing it here.")
        if obligation.not_before is not None and obligation.not_before > now:
            raise Refused(f"Not before {obligation.not_before:%Y-%m-%d %H:%M} UTC.")
        if is_silenced(obligation, now):
            raise Refused("An authority's order forbids to tell this now: it is owed again when that ends.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"obligation:{obligation.pk}")
        if obligation.kind in ("report_authority", "correct_authority"):
            filed_outside(writing, obligation, reference.strip())
            told_outside(writing, obligation)
        elif obligation.kind == "enter_receipt":
            receipt_entered(writing, obligation, reference.strip())
        entry_id = writing.record(
            "obligation_kept",
            {
                "obligation": obligation.pk,
                "kind": obligation.kind,
                # A person's words: they stand on the obligation; the log, which nobody can erase, gets a digest.
                "reference": hashlib.sha256(reference[:200].encode()).hexdigest(),
            },
            case_id=obligation.case_id,
        )
        obligations.keep(obligation, now=now, proof_entry_id=entry_id, reference=reference[:200])
        if obligation.kind == BY_HAND:
            done_by_hand(writing, obligation)
        if obligation.kind == "report_authority" and obligation.case_id is not None:
            owe_after_filing(writing, obligation)
        writing.finish(entry_id)


def judge_account(account_id: int, *, person_id: int, answer: deciding.HolderIs, now: datetime) -> bool:
    """Say whose account it is (rule 12). Only an offender whose item two people confirmed bears consequences.

    Returns whether its uploads are held from now on.
    """
    with transaction.atomic():
        person = _person(person_id)
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            raise NotFound(f"There is no account {account_id}.")
        confirmed = confirmed_against(account)
        decision = confirmed.select_related("case", "content__item").order_by("-pk").first()
        if decision is None:
            raise Refused("No item of this account was confirmed by two people: nothing is to be said of it.")
        needed = qualification_for(decision.content.item, pack_of(decision.case), decision.case)
        if not person.is_qualified(needed):
            raise Refused("This takes a qualification that you don't have: leave it to somebody who has.")
        contested = Obligation.objects.filter(
            kind="judge_account", subject=f"account:{account.pk}", by=By.OTHER_PEOPLE, state="owed"
        )
        if any(had_part_in_account(person, one) for one in contested):
            raise Refused("You had part in this: what its holder contests, others answer.")
        writing = Writing(
            actor=f"person:{person.pk}", now=now, cause=f"account:{account.pk}", case=decision.case
        )
        entry_id = writing.record("account_judged", {"account": account.pk, "answer": str(answer)})
        obligations.keep_all("judge_account", f"account:{account.pk}", now=now, proof_entry_id=entry_id)
        strikes = deciding.strikes(answer, confirmed_by_two=True)
        if strikes:
            account.strikes = confirmed.count()  # one for each decision, however often people answer
            account.uploads_held_since = account.uploads_held_since or now
        else:
            lift_effects(writing, account)
        account.judged_at, account.judged_as = now, str(answer)
        account.save(update_fields=["judged_at", "judged_as", "strikes", "uploads_held_since"])
        if strikes:
            writing.record(
                "account_effects", {"account": account.pk, "held": True, "strikes": account.strikes}
            )
            _search(writing, account, decision)
        writing.finish(entry_id)
        return strikes


def _search(writing: Writing, account: Account, decision: Decision) -> None:
    """Have the account's earlier uploads looked at, and owe what the pack owes for an offender's account."""
    pack = pack_of(decision.case)
    harm = harm_decided(decision.case, decision.clause)
    earlier = account.items.filter(looked_at__isnull=True, interim_since__isnull=True).order_by("-pk")
    for item in earlier[:SEARCH_LIMIT]:
        if item.wanted == "gone":
            continue
        if item.case_id is None:
            put_in(writing, item, decision.case)
        begin_notice(writing, item, Age(item.age))
        writing.owe(
            [
                Owed(
                    kind="look",
                    subject=f"item:{item.pk}",
                    by=By.PEOPLE,
                    due_at=writing.now + SEARCH_WITHIN,
                    params={"why": "account"},
                )
            ]
        )
    judged = decision.content.item
    dos = pack.owes(harm, "on_offender", facts_of_item(judged), regimes())
    owed = owed_by_pack(dos, event_at=writing.now, case=decision.case, account_id=account.pk)
    if any(one.kind == "suspend_account" for one in owed):
        free_at = supersede(writing, account, "lift_account_effects")
        owed = [replace(one, not_before=free_at) if one.kind == "suspend_account" else one for one in owed]
    writing.owe(owed)
    if not suspension_told(account):
        tell_by_pack(writing, dos, item=judged)


def _person(person_id: int) -> Person:
    person = Person.objects.filter(pk=person_id, active=True).first()
    if person is None:
        raise Refused("This person doesn't work at this desk.")
    return person
