"""Whoever took part never handles the appeal: having judged the identical file is having taken part (rule 10)."""

import pytest

from answerable.cases import codes, commands
from answerable.cases.inputs import Refused, ReviewIn
from answerable.cases.models import Appeal, Notice, Person
from answerable.cases.queries.queue import rows
from answerable.cases.queries.standing import may_read_answer
from answerable.policy.words import Verdict
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(db: None) -> Person:
    """A reviewer who had no part in it."""
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety"])


@pytest.fixture
def nora(db: None) -> Person:
    """Another one."""
    return Person.objects.create(pseudonym="Nora", qualifications=["child_safety"])


@pytest.fixture
def twins(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    """Uri's file, that two people confirmed, and Max's identical one, which shares the decision."""
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="max")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    desk.clock.pass_(hours=1)


def contest(desk: TestDesk, ref: str) -> None:
    """Its holder appeals."""
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="This is a lake.", now=desk.clock.now)
    desk.clock.pass_(minutes=1)


def offered(desk: TestDesk, person: Person) -> set[str]:
    """The items that this person is asked to judge."""
    numbers = {row.pk for row in rows(person, now=desk.clock.now) if row.page == "item"}
    return {ref for ref in ("a", "b") if desk.item(ref).pk in numbers}


def test_who_decided_about_a_file_is_not_asked_when_the_identical_one_is_contested(
    desk: TestDesk, ravi: Person, mira: Person, twins: None
) -> None:
    contest(desk, "b")
    assert offered(desk, ravi) == set()
    assert offered(desk, mira) == {"b"}
    with pytest.raises(Refused, match="part"):
        desk.no(ravi, "b")
    desk.no(mira, "b")


def test_who_upheld_a_decision_is_not_asked_when_the_identical_file_is_contested_later(
    desk: TestDesk, mira: Person, nora: Person, twins: None
) -> None:
    contest(desk, "a")
    desk.yes(mira, "a")
    assert Appeal.objects.get().outcome == "upheld"
    desk.clock.pass_(hours=1)
    contest(desk, "b")
    assert offered(desk, mira) == set()
    assert offered(desk, nora) == {"b"}


def test_two_identical_files_contested_at_once_are_judged_by_the_same_new_people(
    desk: TestDesk, mira: Person, nora: Person, twins: None
) -> None:
    contest(desk, "a")
    contest(desk, "b")
    assert offered(desk, mira) == {"a", "b"}
    contents = tuple(desk.item(ref).content_id or 0 for ref in "ab")
    for person in (mira, nora):
        together = ReviewIn(
            content_ids=contents,
            person_id=person.pk,
            verdict=Verdict.VIOLATING,
            age="child",  # type: ignore[arg-type]
            clause="csam.depiction",
            reason="as the clause says",
            began_at=desk.clock.now,
        )
        if offered(desk, person):
            commands.review(together, now=desk.clock.now)
    assert set(Appeal.objects.values_list("outcome", flat=True)) == {"upheld"}


def test_an_answer_about_an_identical_file_is_read_by_somebody_who_judged_neither(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="max")
    desk.report("a")
    desk.no(ravi, "a")
    filed = desk.report("b")
    desk.clock.pass_(hours=1)
    message = commands.answer_report(filed.report_id, text="We are both minors.", now=desk.clock.now)
    assert not may_read_answer(ravi, filed.report_id)
    assert may_read_answer(mira, filed.report_id)
    with pytest.raises(Refused, match="decided"):
        commands.read_answer(message, person_id=ravi.pk, now=desk.clock.now)
    commands.read_answer(message, person_id=mira.pk, now=desk.clock.now)
