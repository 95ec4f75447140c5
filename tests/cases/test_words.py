"""Erasing on request: the reporter asks, people of the desk agree, and only where nothing stands against it."""

import json

import pytest
from django.db import transaction

from answerable import audit
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import Person, Report
from answerable.cases.queries import words
from answerable.cases.queries.queue import rows
from answerable.cases.queries.status import report_by_code
from answerable.cases.rules.words import Against, KeptFor, people_to_agree, stands_against
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
DANA = {"statement": "That is me.", "contact": "dana@example.org", "signature": "Dana"}


def told(desk: TestDesk, ref: str = "a", *, age: Age = Age.CHILD, harm: str = "csam") -> Report:
    """Dana reported it, and wrote again."""
    desk.upload(ref)
    filed = desk.report(ref, age=age, harm=harm, **DANA)
    commands.answer_report(filed.report_id, text="I am sure.", now=desk.clock.now)
    return Report.objects.get(pk=filed.report_id)


def refused_and_read(desk: TestDesk, ref: str, *people: Person, **facts: object) -> None:
    """Two people clear it, a third reads the answer: nobody has anything to do with it any more."""
    for person in people[:2]:
        desk.no(person, ref, **facts)
    for message in desk.item(ref).reported_in.get().report.messages.filter(from_reporter=True):
        commands.read_answer(message.pk, person_id=people[2].pk, now=desk.clock.now)


def ended(desk: TestDesk, report: Report, person: Person) -> None:
    """An adult's matter ends after seven days."""
    commands.end_withdrawn(report.pk, person_id=person.pk, now=desk.clock.pass_(days=8))


def ask(desk: TestDesk, report: Report) -> None:
    """Dana asks, by her code."""
    commands.ask_erasure(report.pk, now=desk.clock.now)


def answer(desk: TestDesk, report: Report, person: Person, **facts: object) -> bool:
    """A person of the desk answers."""
    return commands.answer_erasure(report.pk, person_id=person.pk, now=desk.clock.now, **facts)


@pytest.fixture
def child(desk: TestDesk, ravi: Person, rosa: Person, lena: Person) -> Report:
    """A child's matter in which nothing is left to be done, and Dana asks."""
    report = told(desk)
    refused_and_read(desk, "a", ravi, rosa, lena)
    ask(desk, report)
    report.refresh_from_db()
    return report


@pytest.fixture
def adult(desk: TestDesk, ravi: Person, lena: Person) -> Report:
    """An adult's matter that has ended, and Dana asks."""
    report = told(desk, age=Age.ADULT, harm="ncii")
    ask(desk, report)
    message = report.messages.get(from_reporter=True)
    commands.read_answer(message.pk, person_id=lena.pk, now=desk.clock.now)
    desk.no(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    if Obligation.objects.filter(kind="read_report", state="owed").exists():
        owed = Obligation.objects.get(kind="read_report", state="owed")
        commands.mark_kept(owed.pk, person_id=lena.pk, reference="read", now=desk.clock.now)
    ended(desk, report, ravi)
    return report


def erased(report: Report) -> bool:
    """Whether nothing of it is readable."""
    report.refresh_from_db()
    texts = PersonalText.objects.exclude(kind="reason")
    links = set(report.reported_items.values_list("link", flat=True))
    return not texts.exists() and all(link.startswith("erased:") for link in links)


def test_of_an_adults_matter_one_person_agrees(desk: TestDesk, adult: Report, rosa: Person) -> None:
    assert answer(desk, adult, rosa)
    assert erased(adult)
    assert Obligation.objects.get(kind="erase_words").state == "kept"


def test_of_what_may_be_a_childs_two_people_agree(
    desk: TestDesk, child: Report, ravi: Person, rosa: Person
) -> None:
    assert not answer(desk, child, ravi)
    assert not erased(child)
    with pytest.raises(Refused, match="another one"):
        answer(desk, child, ravi)
    assert answer(desk, child, rosa)
    assert erased(child)


def test_the_first_is_not_asked_again_and_everybody_else_is(
    desk: TestDesk, child: Report, ravi: Person, rosa: Person
) -> None:
    assert "erase_words" in {row.kind for row in rows(ravi, now=desk.clock.now)}
    answer(desk, child, ravi)
    assert "agree_erasure" not in {row.kind for row in rows(ravi, now=desk.clock.now)}
    assert "agree_erasure" in {row.kind for row in rows(rosa, now=desk.clock.now)}


def test_the_log_says_who_agreed_and_what_went(
    desk: TestDesk, child: Report, ravi: Person, rosa: Person
) -> None:
    texts = words.texts_of(child)
    entries = words.sealed_entries_of(child)
    assert len(texts) == 3, "the contact went when Dana asked"
    kinds = AuditEntry.objects.filter(pk__in=entries).values_list("kind", flat=True)
    assert set(kinds) == {"report_received", "answer_received"}
    answer(desk, child, ravi)
    answer(desk, child, rosa)
    forgotten = json.loads(AuditEntry.objects.get(kind="forgotten").event or "")
    assert forgotten == {"entries": entries, "reason": "reporter_asked", "second_actor": f"person:{ravi.pk}"}
    assert json.loads(AuditEntry.objects.get(kind="text_erased").event or "")["texts"] == texts
    assert AuditEntry.objects.filter(kind="code_erased").count() == 1
    assert set(AuditEntry.objects.filter(pk__in=entries).values_list("event", flat=True)) == {None}


def test_another_report_about_the_same_keeps_what_it_says(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    report = told(desk)
    filed = desk.report("a", statement="I saw it, too.", relation=Relation.WITNESS)
    with transaction.atomic():
        event = {"report": int(f"{report.pk}7"), "message": 1}
        other = audit.append("answer_received", actor="reporter", now=desk.clock.now, event=event)
    for person in (ravi, rosa):
        desk.no(person, "a")
    message = report.messages.get(from_reporter=True)
    commands.read_answer(message.pk, person_id=lena.pk, now=desk.clock.now)
    ask(desk, report)
    for person in (ravi, rosa):
        answer(desk, report, person)
    kept = Report.objects.get(pk=filed.report_id)
    assert kept.statement is not None
    assert personal.open_text(kept.statement) == "I saw it, too."
    assert report_by_code(filed.code) == kept
    other.refresh_from_db()
    assert other.event is not None


def test_asking_withdraws_and_the_contact_goes_at_once(desk: TestDesk) -> None:
    report = told(desk)
    ask(desk, report)
    report.refresh_from_db()
    assert report.withdrawn_at == desk.clock.now
    assert report.contact is None
    assert report.statement is not None
    [owed] = Obligation.objects.filter(kind="erase_words")
    assert (owed.due_at - desk.clock.now).days == 28, "a month, whichever it is"


def test_asking_twice_is_asking_once(desk: TestDesk) -> None:
    report = told(desk)
    ask(desk, report)
    ask(desk, report)
    assert AuditEntry.objects.filter(kind="erasure_asked").count() == 1
    with pytest.raises(NotFound):
        commands.ask_erasure(999, now=desk.clock.now)


def test_nothing_goes_while_somebody_has_to_look_or_decide(desk: TestDesk, ravi: Person) -> None:
    report = told(desk)
    ask(desk, report)
    assert words.against(report, desk.clock.now) is Against.OPEN
    with pytest.raises(Refused, match="has to read, look or decide"):
        answer(desk, report, ravi)
    assert not erased(report)
    assert Obligation.objects.get(kind="erase_words").state == "owed"


def test_nothing_goes_while_an_authority_is_to_be_told(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    report = told(desk)
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    message = report.messages.get(from_reporter=True)
    commands.read_answer(message.pk, person_id=lena.pk, now=desk.clock.now)
    ask(desk, report)
    assert words.against(report, desk.clock.now) is Against.UNTOLD
    with pytest.raises(Refused, match="authority"):
        answer(desk, report, lena)
    for owed in Obligation.objects.filter(kind="report_authority", state="owed"):
        commands.mark_kept(owed.pk, person_id=lena.pk, reference="told", now=desk.clock.now)
    assert words.against(report, desk.clock.now) is None


@pytest.mark.parametrize("ground", list(KeptFor))
def test_people_decline_on_a_ground_and_the_reporter_can_ask_again(
    desk: TestDesk, child: Report, ravi: Person, ground: KeptFor
) -> None:
    assert not answer(desk, child, ravi, declined=ground)
    assert not erased(child)
    asked = words.erasure_asked(child)
    assert asked is not None
    assert asked.declined is ground
    assert asked.due_at == max(PersonalText.objects.values_list("erase_after", flat=True))
    entry = json.loads(AuditEntry.objects.get(kind="erasure_answered").event or "")
    assert entry == {"report": child.pk, "agreed": False, "ground": str(ground)}
    ask(desk, child)
    asked = words.erasure_asked(child)
    assert asked is not None
    assert asked.declined is None


def test_the_second_can_decline_too(desk: TestDesk, child: Report, ravi: Person, rosa: Person) -> None:
    answer(desk, child, ravi)
    assert not answer(desk, child, rosa, declined=KeptFor.PRESSED)
    assert not erased(child)
    with pytest.raises(AlreadyDone):
        answer(desk, child, rosa)


def test_it_takes_somebody_who_may_see_the_report(desk: TestDesk, child: Report, petra: Person) -> None:
    with pytest.raises(Refused, match="qualification"):
        answer(desk, child, petra)


def test_an_erased_code_opens_nothing(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("b")
    filed = desk.report("b", statement="That is me.")
    for person in (ravi, rosa):
        desk.no(person, "b")
    report = Report.objects.get(pk=filed.report_id)
    assert report_by_code(filed.code) == report
    ask(desk, report)
    for person in (ravi, rosa):
        answer(desk, report, person)
    assert report_by_code(filed.code) is None
    ask(desk, report)
    assert not Obligation.objects.filter(kind="erase_words", state="owed").exists()


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("undecided", [True, False])
@pytest.mark.parametrize("untold", [True, False])
def test_any_of_the_three_stands_against_it(held: bool, undecided: bool, untold: bool) -> None:
    against = stands_against(held=held, undecided=undecided, untold=untold)
    assert (against is None) == (not (held or undecided or untold))
    assert (against is Against.HELD) == held


def test_unsure_is_treated_as_child() -> None:
    assert [people_to_agree(age) for age in (Age.CHILD, Age.UNSURE, Age.ADULT)] == [2, 2, 1]
