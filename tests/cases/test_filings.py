"""What is filed with authorities: kept its whole year, and corrected when the decision is overturned."""

from datetime import timedelta

import pytest

from answerable.cases import codes, commands
from answerable.cases.models import Finding, Notice, Person
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(db: None) -> Person:
    """A reviewer who had no part in it."""
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety", "intimate_images"])


@pytest.fixture
def nora(db: None) -> Person:
    """Another one."""
    return Person.objects.create(pseudonym="Nora", qualifications=["child_safety", "intimate_images"])


def file_all(desk: TestDesk, person: Person) -> None:
    """Everything that is owed to authorities is filed, by hand."""
    for filing in Obligation.objects.filter(kind="report_authority", state="owed"):
        commands.mark_kept(filing.pk, person_id=person.pk, reference="filed", now=desk.clock.now)


def overturn(desk: TestDesk, ref: str, *people: Person, clause: str = "csam.depiction") -> None:
    """Uri appeals, and these people find nothing."""
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="This is a lake.", now=desk.clock.pass_(hours=1))
    for person in people:
        desk.no(person, ref, clause=clause)
    assert desk.wanted(ref) == "visible"


def owed_in(kind: str) -> set[str]:
    """The regimes to which something of that kind is owed."""
    return set(Obligation.objects.filter(kind=kind, state="owed").values_list("regime", flat=True))


def test_what_was_filed_before_a_join_is_corrected_after_it(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.clock.pass_(minutes=1)
    desk.report("b")
    desk.yes(ravi, "b")
    file_all(desk, ravi)
    desk.find_copies("a", b=10)
    assert desk.item("b").case == desk.item("a").case
    overturn(desk, "b", mira, nora)
    assert owed_in("correct_authority") == {"us", "uk", "eu"}


def test_each_filing_is_corrected_whatever_harm_was_reported(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="other_illegal", age=Age.UNSURE, relation=Relation.WITNESS)
    desk.yes(ravi, "a")
    file_all(desk, ravi)
    overturn(desk, "a", mira, nora)
    assert owed_in("correct_authority") == {"us", "uk", "eu"}
    to = Obligation.objects.get(kind="correct_authority", regime="us")
    assert to.params["to"] == "ncmec"


def test_a_filing_that_an_item_was_not_in_is_not_corrected_for_it(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", "b")
    desk.yes(ravi, "a")
    file_all(desk, ravi)
    desk.clock.pass_(days=1)
    desk.yes(ravi, "b")
    overturn(desk, "b", mira, nora)
    assert owed_in("correct_authority") == set()


def test_what_nobody_filed_yet_is_released_in_the_case_of_the_finding(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.clock.pass_(minutes=1)
    desk.report("b")
    desk.yes(ravi, "b")
    desk.find_copies("a", b=10)
    overturn(desk, "b", mira, nora)
    assert owed_in("report_authority") == set()
    assert owed_in("correct_authority") == set()


def test_a_tie_that_is_settled_after_a_join_is_filed_and_corrected(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.clock.pass_(minutes=1)
    desk.report("b")
    desk.no(ravi, "b")
    desk.yes(rosa, "b")
    desk.find_copies("a", b=10)
    desk.yes(lena, "b", tie=True)
    file_all(desk, ravi)
    overturn(desk, "b", mira, nora)
    assert owed_in("correct_authority") == {"us", "uk", "eu"}


def test_filing_after_a_join_owes_a_years_keeping(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.clock.pass_(minutes=1)
    desk.report("b")
    desk.yes(ravi, "b")
    desk.find_copies("a", b=10)
    file_all(desk, ravi)
    assert {"us", "uk"} <= owed_in("destroy_preserved")


def test_filing_for_a_child_beside_an_adult_owes_a_years_keeping(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", "b", harm="ncii", age=Age.ADULT)
    desk.report("b", harm="ncii", age=Age.CHILD)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.yes(ravi, "b", clause="ncii.shared")
    assert Finding.objects.count() == 1
    file_all(desk, ravi)
    assert {"us", "uk"} <= owed_in("destroy_preserved")


def test_a_later_filing_is_kept_its_own_whole_year(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", "b")
    desk.yes(ravi, "a")
    file_all(desk, ravi)
    later = desk.clock.pass_(days=200)
    desk.yes(ravi, "b")
    file_all(desk, ravi)
    ends = Obligation.objects.filter(kind="destroy_preserved", regime="us", state="owed")
    assert [end.not_before for end in ends.order_by("not_before")] == [
        later + timedelta(days=165),
        later + timedelta(days=365),
    ]


def test_what_a_later_decision_needs_for_complaints_is_kept_its_own_time(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", "b")
    desk.yes(ravi, "a")
    later = desk.clock.pass_(days=100)
    desk.yes(ravi, "b")
    ends = Obligation.objects.filter(kind="destroy_preserved", regime="eu", state="owed")
    assert [end.not_before for end in ends.order_by("not_before")] == [
        later + timedelta(days=90),
        later + timedelta(days=190),
    ]


def test_what_was_filed_about_a_child_is_corrected_when_people_find_an_adult(
    desk: TestDesk, ravi: Person, mira: Person, nora: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a", harm="ncii", age=Age.UNSURE)
    desk.clock.pass_(minutes=1)
    desk.report("b", harm="ncii", age=Age.UNSURE)
    desk.yes(ravi, "b", age=Age.UNSURE, clause="ncii.shared")
    file_all(desk, ravi)
    desk.find_copies("a", b=10)
    notice = Notice.objects.filter(item=desk.item("b")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="I am 30.", now=desk.clock.pass_(hours=1))
    for person in (mira, nora):
        desk.yes(person, "b", age=Age.ADULT, clause="ncii.shared")
    assert desk.item("b").age == Age.ADULT
    assert desk.wanted("b") == "gone"
    assert owed_in("correct_authority") == {"us", "uk", "eu"}
