"""While people hold a case nothing that was written about it is erased: not on schedule, not on request."""

import json
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import transaction

from answerable.audit.check import check
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.commands.grouping import join
from answerable.cases.commands.writing import Writing
from answerable.cases.evidence_inputs import HeldFor
from answerable.cases.inputs import Refused
from answerable.cases.models import Person, Report
from answerable.cases.queries import words
from answerable.cases.queries.held import held_cases
from answerable.cases.queries.status import report_status
from answerable.cases.rules.requests import Asks
from answerable.cases.rules.words import Against
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.worker import chores
from tests.cases.desk import TestDesk
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def reports(desk: TestDesk, ravi: Person, monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """Two matters that have nothing to do with each other, in each of which people wrote."""
    monkeypatch.setattr(chores.clock, "now", lambda: desk.clock.now)
    made = []
    for ref, account in (("a", "uri"), ("b", "otto")):
        desk.upload(ref, account=account)
        filed = desk.report(ref, statement="That is me.", contact="dana@example.org")
        commands.answer_report(filed.report_id, text="I am sure.", now=desk.clock.pass_(seconds=1))
        desk.yes(ravi, ref)
        made.append(Report.objects.get(pk=filed.report_id))
    return made


def hold(desk: TestDesk, ref: str, by: Person, **facts: object) -> int:
    """A person holds the case of an item."""
    case = desk.item(ref).case
    assert case is not None
    return commands.hold_evidence(case.pk, person_id=by.pk, why=HeldFor.COURT, now=desk.clock.now, **facts)


def schedule(desk: TestDesk, **by: float) -> None:
    """Time passes, and the worker's chores have their turn."""
    desk.clock.pass_(**by)
    chores.erase()
    chores.forget()


def left(report: Report) -> tuple[int, bool, bool]:
    """How many of its texts are left, whether its links are, and whether the log's sealed parts are."""
    report.refresh_from_db()
    links = report.reported_items.exclude(words.NOT_TYPED).exists()
    received = AuditEntry.objects.filter(kind="report_received", at=report.received_at)
    return len(words.texts_of(report)), links, received.get().event is not None


def test_a_held_case_keeps_its_words_and_another_loses_them(
    desk: TestDesk, reports: list[Report], lena: Person
) -> None:
    hold(desk, "a", lena)
    schedule(desk, days=800)
    assert [left(report) for report in reports] == [(3, True, True), (0, False, False)]
    kinds = sorted(PersonalText.objects.values_list("kind", flat=True))
    assert kinds == ["contact", "message", "reason", "statement"], "what reviewers wrote stays, too"
    assert check() == []


def test_what_a_hold_kept_goes_when_another_person_released_it(
    desk: TestDesk, reports: list[Report], lena: Person, ravi: Person
) -> None:
    number = hold(desk, "a", lena)
    schedule(desk, days=800)
    commands.release_hold(number, person_id=hold_releaser(ravi).pk, now=desk.clock.now)
    schedule(desk, seconds=1)
    assert left(reports[0]) == (0, False, False)
    assert not PersonalText.objects.exists()


def hold_releaser(person: Person) -> Person:
    """This person, as an administrator."""
    with transaction.atomic():
        person.administrator = True
        person.save()
    return person


def test_a_hold_that_ends_on_a_day_keeps_until_that_day(
    desk: TestDesk, reports: list[Report], lena: Person
) -> None:
    hold(desk, "a", lena, until=desk.clock.now + timedelta(days=900))
    schedule(desk, days=899)
    assert left(reports[0]) == (3, True, True)
    schedule(desk, days=2)
    assert left(reports[0]) == (0, False, False)


def test_a_hold_reaches_what_was_joined(desk: TestDesk, reports: list[Report], lena: Person) -> None:
    hold(desk, "b", lena)
    older, newer = desk.item("a").case, desk.item("b").case
    assert older is not None
    assert newer is not None
    with transaction.atomic():
        join(Writing(actor="worker", now=desk.clock.now, cause="test:1"), older, newer)
    assert held_cases(desk.clock.now) == {older.pk, newer.pk}
    schedule(desk, days=800)
    assert [left(report) for report in reports] == [(3, True, True)] * 2


def test_nothing_is_erased_on_request_while_a_hold_stands(
    desk: TestDesk, reports: list[Report], lena: Person, ravi: Person
) -> None:
    hold(desk, "a", lena)
    commands.ask_erasure(reports[0].pk, now=desk.clock.now)
    with pytest.raises(Refused, match="hold everything"):
        commands.answer_erasure(reports[0].pk, person_id=ravi.pk, now=desk.clock.now)
    assert left(reports[0]) == (3, True, True)


def test_withdrawing_under_a_hold_erases_the_contact_when_it_ends(
    desk: TestDesk, reports: list[Report], lena: Person
) -> None:
    held, free = reports
    hold(desk, "a", lena, until=desk.clock.now + timedelta(days=30))
    for report in reports:
        commands.withdraw_report(report.pk, now=desk.clock.now)
        report.refresh_from_db()
    assert (held.contact is None, free.contact is None) == (False, True)
    for report, promised in ((held, False), (free, True)):
        status = report_status(report, language="en", now=desk.clock.now)
        said = status.messages[-1].text or ""
        assert "You took your report back." in said
        assert ("Your contact is erased" in said) == promised, "nothing is promised that isn't owed"
        owed = Obligation.objects.filter(kind="erase_text", subject=f"report:{report.pk}")
        assert owed.exists() == promised
    schedule(desk, days=29)
    held.refresh_from_db()
    assert held.contact is not None
    schedule(desk, days=2)
    held.refresh_from_db()
    assert held.contact is None
    assert held.statement is not None
    entry = AuditEntry.objects.filter(kind="text_erased").latest("pk")
    assert json.loads(entry.event or "")["ground"] == "schedule"


def test_a_report_that_names_no_item_is_held_with_its_case(desk: TestDesk, lena: Person) -> None:
    filed = desk.report(statement="I don't know where it is.", contact="dana@example.org")
    report = Report.objects.get(pk=filed.report_id)
    assert report.case_id is not None
    now = desk.clock.now
    commands.hold_evidence(report.case_id, person_id=lena.pk, why=HeldFor.COURT, now=now)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(chores.clock, "now", lambda: desk.clock.now)
        schedule(desk, days=800)
    assert left(report) == (2, False, True)


def test_the_words_of_an_authoritys_request_stay_while_its_hold_does(
    desk: TestDesk, reports: list[Report], lena: Person, ravi: Person
) -> None:
    request = ask(desk, lena, Asks.DISCLOSE, "a")
    verify(desk, request, lena, hold_releaser(ravi))
    assert PersonalText.objects.filter(kind="request").count() == 3, "what it says, and each contact"
    schedule(desk, days=800)
    assert PersonalText.objects.filter(kind="request").count() == 3
    commands.release_hold(request.holds.get().hold_id, person_id=hold_releaser(ravi).pk, now=desk.clock.now)
    schedule(desk, seconds=1)
    assert not PersonalText.objects.exists()


def test_nothing_is_erased_on_request_while_an_authority_waits_for_an_answer(
    desk: TestDesk, reports: list[Report], lena: Person, ravi: Person
) -> None:
    request = ask(desk, lena, Asks.DISCLOSE, "a")
    number = request.holds.get().hold_id
    commands.release_hold(number, person_id=hold_releaser(ravi).pk, now=desk.clock.now)
    Obligation.objects.filter(state="owed").update(state="released", closed_at=desk.clock.now, reason="test")
    assert words.against(reports[0], desk.clock.now) is Against.UNTOLD
    assert words.against(reports[1], desk.clock.now) is None


def test_every_column_of_personal_text_is_thought_of() -> None:
    """Whoever adds one says in `held_texts` which case it belongs to, and adds it here."""
    columns = {
        f"{model._meta.model_name}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.fields
        if field.is_relation and field.related_model is PersonalText
    }
    of_no_case = {"bankcontent.words"}  # a note of the platform's own, on a file of its own
    assert columns - of_no_case == {
        "report.statement",
        "report.contact",
        "report.signature",
        "message.text",
        "appeal.text",
        "review.reason",
        "filing.document",
        "filinganswer.text",
        "accountasked.facts",
        "letter.facts",
        "letter.mail",
        "authorityrequest.words",
        "authorityrequest.reason",
        "requestcheck.words",
        "requestpackage.document",
    }
