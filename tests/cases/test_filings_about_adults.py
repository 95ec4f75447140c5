"""What authorities are told about adults, and that an overturning takes it back (rules 13 and 15)."""

import pytest

from answerable import obligations
from answerable.cases import codes, commands
from answerable.cases.models import Notice, Person
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Danger
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _under_eu_law(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("deciding", "undoing", "judging", "writing"):
        monkeypatch.setattr(f"answerable.cases.commands.{module}.regimes", lambda: ("eu.fr",))


def blackmailed(desk: TestDesk, ravi: Person) -> Obligation:
    desk.upload("a")
    desk.report("a", harm="sextortion", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="sextortion.threat")
    return Obligation.objects.get(kind="report_authority")


def overturned(desk: TestDesk, *people: Person) -> None:
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.now)
    for person in people:
        desk.no(person, "a", age=Age.ADULT, clause="sextortion.threat")
    assert desk.wanted("a") == "visible"


def test_a_childs_danger_beside_an_adults_is_told_to_who_answers_for_children(
    desk: TestDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.cases.commands.writing.regimes", lambda: ("us", "uk"))
    monkeypatch.setattr("answerable.cases.commands.intake.regimes", lambda: ("us", "uk"))
    desk.upload("a")
    desk.report("a", harm="sextortion", age=Age.ADULT, danger=Danger.NOW)
    desk.report("a", harm="sextortion", age=Age.CHILD, danger=Danger.NOW)
    told = Obligation.objects.filter(kind="emergency_duty", state="owed")
    assert len(set(told.values_list("case_id", flat=True))) == 1
    assert {one.params["to"] for one in told} == {"us_police", "uk_police", "ncmec", "nca"}


def test_a_threat_to_an_adult_that_was_no_threat_is_not_filed_any_more(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    filing = blackmailed(desk, ravi)
    assert filing.params["to"] == "eu_police"
    overturned(desk, rosa, lena)
    filing.refresh_from_db()
    assert filing.state == "released"
    assert not Obligation.objects.filter(kind="correct_authority").exists()


def test_an_authority_that_was_told_of_a_threat_to_an_adult_is_told_again(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    filing = blackmailed(desk, ravi)
    obligations.keep(filing, now=desk.clock.now, proof_entry_id=1, reference="P-1")
    overturned(desk, rosa, lena)
    assert Obligation.objects.get(kind="correct_authority").params["to"] == "eu_police"
