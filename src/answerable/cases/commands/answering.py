"""What reporters and account holders say afterwards: answers, withdrawals, complaints, appeals."""

from datetime import datetime, timedelta

from django.db import transaction

from answerable.cases import codes
from answerable.cases.commands.grouping import lock, locked
from answerable.cases.commands.protecting import look_again_at
from answerable.cases.commands.rounds import (
    begin_round,
    facts_given,
    refused_in_this_round,
    standing_decision,
)
from answerable.cases.commands.telling import (
    SUSPENSION,
    tell_by_pack,
    tell_holder_of_hiding,
    tell_reports,
)
from answerable.cases.commands.undoing import confirmed_against
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import (
    Writing,
    facts_of,
    facts_of_item,
    owed_by_pack,
    pack_of,
    regimes,
    within,
)
from answerable.cases.inputs import STATEMENT_LIMIT, AlreadyDone, NotFound, Refused
from answerable.cases.kinds import is_media
from answerable.cases.models import Account, Appeal, Case, Item, Message, Notice, Report, Review
from answerable.cases.queries.held import is_held
from answerable.cases.queries.protection import item_facts, token_hidings
from answerable.cases.rules import deciding, protecting
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.policy import store
from answerable.policy.words import Age, By, Verdict, Visibility

FACTS = protecting.NEW_FACTS
"""Kinds of new facts that an answer may bring. Each counts once for a report (rule 6)."""
DECIDE_WITHIN = timedelta(hours=24)
HIDE_WITHIN = timedelta(seconds=60)
MESSAGES_LIMIT = 100
CONTESTED_WITHIN = timedelta(days=7)
"""Where the pack names no time."""


def answer_report(report_id: int, *, text: str, now: datetime, fact: str = "", age: Age | None = None) -> int:
    """Take a reporter's answer. It is read by somebody who did not decide, and reopens what was refused.

    `fact` names the kind of new fact that it brings; one that this report hadn't given hides a cleared item again
    until people looked. `age` is the age that the answer states. Returns the message's number.
    """
    _check_text(text)
    if fact and fact not in FACTS:
        raise Refused(f"Choose one of {', '.join(FACTS)}, or none.")
    words = personal.seal("message", text, erase_after=now + store.active().erase_after("message"))
    with transaction.atomic():
        report = _report(report_id)
        if report.withdrawn_at is not None:
            raise Refused("This report was withdrawn, which ends its messages. You can send a new report.")
        if Message.objects.filter(report=report, from_reporter=True).count() >= MESSAGES_LIMIT:
            raise Refused("There are many messages already. Somebody reads them; please send a new report.")
        PersonalText.objects.bulk_create([words])
        message = Message.objects.create(report=report, at=now, from_reporter=True, text=words)
        new_fact = bool(fact) and fact not in facts_given(report)
        if fact and fact not in report.facts:
            report.facts = [*report.facts, fact]
            report.save(update_fields=["facts"])
        writing = Writing(actor="reporter", now=now, cause=f"message:{message.pk}")
        entry_id = writing.record(
            "answer_received", {"report": report.pk, "message": message.pk, "fact": fact, "new": new_fact}
        )
        items = [item for item in map(lock, _item_ids(report)) if item is not None]
        reopened = False
        for item in items:
            writing.case = item.case
            reopened |= _reconsider(writing, item, report, age, new_fact=new_fact)
        writing.case = items[0].case if items else report.case
        _owe_reading(writing, report)
        if reopened:
            tell_reports(writing, [report], "reopened", {})
        writing.finish(entry_id)
        return int(message.pk)


def _reconsider(writing: Writing, item: Item, report: Report, age: Age | None, *, new_fact: bool) -> bool:
    """Begin a new round for an item on which anybody said no, by people who did not (rules 6 and 10).

    Whether that opens again what was decided.
    """
    age_before = Age(item.age)
    if age is not None:
        younger = deciding.youngest([age_before, age])
        if younger != item.age:
            writing.record("age_changed", {"item": item.pk, "from": str(item.age), "to": str(younger)})
            item.age = younger
            item.save(update_fields=["age"])
    decision = standing_decision(item.content_id)
    if decision is not None and decision.verdict == Verdict.VIOLATING:
        look_again_at(writing, item, age_before)
        return False
    refused = Review.objects.filter(
        content_id=item.content_id, round=item.round, verdict=Verdict.NOT_VIOLATING
    ).exists()
    if not refused and decision is None:
        return False
    going_on = item.round_why in deciding.CONTESTED and not refused_in_this_round(item)
    anew = new_fact or not going_on
    if anew:  # else words alone would send home, again and again, whoever judged
        begin_round(writing, item, "answer")
    if item.case is None:
        return False
    dos = pack_of(item.case).owes(report.harm, "on_answer", facts_of_item(item), regimes())
    decide_due = writing.now + within(dos, "decide", DECIDE_WITHIN)
    writing.owe([_judge("decide", item, decide_due)])
    if new_fact and Visibility(item.wanted) < Visibility.HIDDEN:
        _protect_again(writing, item, report)
    return anew and decision is not None


def _protect_again(writing: Writing, item: Item, report: Report) -> None:
    """Hide a cleared item again because of a new fact, as far as any report may (rules 5 to 7); owe the look."""
    pack = store.pack(report.pack_digest)
    facts = facts_of(report, media=is_media(item.kind), located=True, known=True, age=Age(item.age))
    needed = pack.harm(report.harm).refusal(Age(item.age), report.complete).qualified
    said = protecting.ReportFacts(
        age=Age(report.age), something_new=True, vouched=False, **token_hidings(report.token)
    )
    protection = protecting.protect(
        pack.interim(report.harm, facts),
        said,
        item_facts(item, str(needed)),
    )
    wanted = protecting.VISIBILITY_OF.get(protection.interim)
    if wanted is not None and Visibility(item.wanted) < wanted:
        item.nobody_in_it_at = None
        item.save(update_fields=["nobody_in_it_at"])
        want(writing, item, wanted, why="report", due_at=writing.now + HIDE_WITHIN)
        tell_holder_of_hiding(writing, item, pack, report.harm)
    writing.owe([_judge("look", item, writing.now + protection.look_within)])


def _owe_reading(writing: Writing, report: Report) -> None:
    facts = facts_of(report, media=False, located=True, known=True)
    dos = store.pack(report.pack_digest).owes(report.harm, "on_answer", facts, regimes())
    owed = owed_by_pack(dos, event_at=writing.now, report=report, case=writing.case)
    tell_by_pack(writing, dos, reports=[report])
    if not any(one.kind == "read_answer" for one in owed):
        owed.append(
            Owed(
                kind="read_answer",
                subject=f"report:{report.pk}",
                by=By.OTHER_PEOPLE,
                due_at=writing.now + DECIDE_WITHIN,
            )
        )
    writing.owe(owed)


def _judge(kind: str, item: Item, due_at: datetime) -> Owed:
    return Owed(kind=kind, subject=f"item:{item.pk}", by=By.OTHER_PEOPLE, due_at=due_at)


def withdraw_report(report_id: int, *, now: datetime) -> None:
    """End the messages of a report and erase its contact. It lifts nothing (rule 18).

    While people hold the matter the contact stays, for the court or authority that they hold it for; then it goes.
    """
    with transaction.atomic():
        report = _report(report_id)
        if report.withdrawn_at is not None:
            return
        report.withdrawn_at = now
        held = report.contact is not None and is_held(report, now)
        erased = [report.contact_id] if report.contact_id is not None and not held else []
        marks = personal.marks(erased)
        _let_go(report, now, held=held)
        case = _case_of(report)
        writing = Writing(actor="reporter", now=now, cause=f"report:{report.pk}", case=case)
        gone = {"texts": erased, "marks": marks} if erased else {}
        entry_id = writing.record("report_withdrawn", {"report": report.pk, **gone})
        ages = [Age(item.age) for item in Item.objects.filter(pk__in=_item_ids(report)).only("age")]
        youngest = deciding.youngest([Age(report.age), *ages])
        facts = facts_of(report, media=False, located=True, known=True, age=youngest)
        dos = store.pack(report.pack_digest).owes(report.harm, "on_withdrawn", facts, regimes())
        kept = {"tell_reporter", "erase_text"} if held else {"tell_reporter"}
        writing.owe(owed_by_pack(dos, event_at=now, report=report, case=case, skip=frozenset(kept)))
        writing.release({"agree_contact", "open_contact"}, f"report:{report.pk}", "withdrawn")
        tell_reports(writing, [report], "withdrawn", {})  # the last word
        writing.finish(entry_id)


def _let_go(report: Report, now: datetime, *, held: bool) -> None:
    """Erase the contact, or have it erased as soon as nothing holds it."""
    contact = report.contact
    if contact is not None and held:
        contact.erase_after = now
        contact.save(update_fields=["erase_after"])
    elif contact is not None:
        report.contact = None
        personal.erase(contact)
    report.save(update_fields=["withdrawn_at", "contact"])


def complain(report_id: int, *, item_id: int, text: str, now: datetime) -> int:
    """Contest a decision not to act on an item that this report names: other people decide anew."""
    _check_text(text)
    words = personal.seal("message", text, erase_after=now + store.active().erase_after("message"))
    with transaction.atomic():
        report = _report(report_id)
        if report.withdrawn_at is not None:
            raise Refused("This report was withdrawn, which ends its messages. You can send a new report.")
        if item_id not in _item_ids(report):
            raise NotFound("This report doesn't name that item.")
        item = locked(item_id)
        decision = standing_decision(item.content_id)
        if decision is None or decision.verdict != Verdict.NOT_VIOLATING:
            raise Refused("Nothing was refused here: there is no decision to contest.")
        if Appeal.objects.filter(report=report, item=item, outcome="").exists():
            raise AlreadyDone("Your complaint is here already: other people are deciding it.")
        PersonalText.objects.bulk_create([words])
        writing = Writing(actor="reporter", now=now, cause=f"report:{report.pk}", case=item.case)
        if item.round_why not in deciding.CONTESTED or refused_in_this_round(item):
            begin_round(writing, item, "complaint")  # else other people are deciding anew already
        appeal = Appeal.objects.create(
            kind="complaint",
            item=item,
            account=item.account,
            report=report,
            text=words,
            received_at=now,
            round=item.round,
        )
        entry_id = writing.record(
            "complaint_received", {"appeal": appeal.pk, "report": report.pk, "item": item.pk}
        )
        _owe_contest(writing, item, "on_complaint", "decide_complaint", [report])
        writing.finish(entry_id)
        return int(appeal.pk)


def appeal(code: str, *, text: str, now: datetime) -> int:
    """Contest, as the account holder, what a notice told. People who had no part in it decide anew."""
    _check_text(text)
    words = personal.seal("message", text, erase_after=now + store.active().erase_after("message"))
    with transaction.atomic():
        notice = Notice.objects.filter(code_hash=codes.code_hash(code)).first()
        if notice is None:
            raise NotFound("This code opens nothing.")
        item = _contested(notice)
        if item.wanted == Visibility.VISIBLE:
            raise Refused("The item is visible again: there is nothing left to contest.")
        if Appeal.objects.filter(item=item, kind="appeal", outcome="").exists():
            raise AlreadyDone("An appeal about this item is here already: other people are deciding it.")
        PersonalText.objects.bulk_create([words])
        writing = Writing(actor="account_holder", now=now, cause=f"notice:{notice.pk}", case=item.case)
        if standing_decision(item.content_id) is not None:
            begin_round(writing, item, "appeal")
        row = Appeal.objects.create(
            kind="appeal",
            item=item,
            account=item.account,
            notice=notice,
            text=words,
            received_at=now,
            round=item.round,
        )
        entry_id = writing.record("appeal_received", {"appeal": row.pk, "item": item.pk})
        _owe_contest(writing, item, "on_appeal", "decide_appeal", [])
        if notice.kind == SUSPENSION or item.wanted_why == "account":
            _ask_whose_it_is_again(writing, notice.account)
        writing.finish(entry_id)
        return int(row.pk)


def _contested(notice: Notice) -> Item:
    """What a notice is contested about, locked: its item, or of a suspension another one on which that rests still."""
    if notice.kind == SUSPENSION and notice.item.wanted == Visibility.VISIBLE:
        rests_on = confirmed_against(notice.account).order_by("-pk").first()
        if rests_on is not None:
            return locked(rests_on.content.item_id)
    return locked(notice.item_id)


def _ask_whose_it_is_again(writing: Writing, account: Account) -> None:
    """Owe the answer whose account it is anew, by people who had no part (rule 10; Regulation (EU) 2022/2065, Art. 20).

    That an item breaks a rule and that its holder bears it are two answers; whoever was taken over contests the second.
    """
    rests_on = confirmed_against(account).select_related("case").order_by("-pk").first()
    if rests_on is None:
        return
    about, writing.case = writing.case, rests_on.case
    again = Owed(
        kind="judge_account",
        subject=f"account:{account.pk}",
        by=By.OTHER_PEOPLE,
        due_at=writing.now + CONTESTED_WITHIN,
        params={"why": "contested"},
    )
    writing.owe([again])
    writing.case = about


def _owe_contest(writing: Writing, item: Item, event: str, kind: str, reports: list[Report]) -> None:
    if item.case is None:
        return
    dos = pack_of(item.case).owes(item.case.harm, event, facts_of_item(item), regimes())
    owed = owed_by_pack(dos, event_at=writing.now, item=item)
    tell_by_pack(writing, dos, reports=reports, item=item)
    if not any(one.kind == kind for one in owed):
        owed.append(_judge(kind, item, writing.now + CONTESTED_WITHIN))
    writing.owe(owed)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused("Write something first: the message is empty.")
    if len(text) > STATEMENT_LIMIT:
        raise Refused(f"The message is too long: write at most {STATEMENT_LIMIT} characters.")


def _report(report_id: int) -> Report:
    report = Report.objects.select_for_update(of=("self",)).filter(pk=report_id).first()
    if report is None:
        raise NotFound(f"There is no report {report_id}.")
    return report


def _item_ids(report: Report) -> list[int]:
    rows = report.reported_items.filter(item__isnull=False).order_by("item_id")
    return list(rows.values_list("item_id", flat=True))


def _case_of(report: Report) -> Case | None:
    first = report.reported_items.filter(item__case__isnull=False).select_related("item__case").first()
    return first.item.case if first is not None and first.item is not None else report.case
