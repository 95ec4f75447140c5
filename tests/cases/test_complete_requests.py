"""What makes a removal request complete, and what follows from it (rules 5, 6, 13 and 14)."""

import pytest

from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models import Message, Person, Report
from answerable.cases.queries.promised import promises
from answerable.cases.queries.status import report_status
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
COMPLETE = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True}


def told(report_id: int) -> set[str]:
    return set(Message.objects.filter(report_id=report_id).values_list("reply", flat=True))


@pytest.mark.parametrize("age", [Age.CHILD, Age.UNSURE])
def test_a_child_who_gives_only_the_place_is_removed_at_hour_40_where_nobody_decided(
    desk: TestDesk, age: Age
) -> None:
    desk.upload("a")
    filed = desk.report("a", age=age)
    report = Report.objects.get(pk=filed.report_id)
    assert "complete" in told(filed.report_id)
    assert any("removed anyway" in said or "remove it anyway" in said for said in promises(report, "en"))
    owed = Obligation.objects.get(kind="remove_if_undecided")
    desk.clock.pass_(hours=40)
    assert commands.remove_undecided(desk.item("a").pk, obligation_id=owed.pk, now=desk.clock.now)
    assert desk.wanted("a") == "gone"


def test_what_was_decided_is_not_said_to_wait_for_a_decision(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.yes(ravi, "a")
    shown = report_status(Report.objects.get(pk=filed.report_id), language="en", now=desk.clock.now)
    assert "remove_if_undecided" not in {one.kind for one in shown.owed}
    assert "remove_if_undecided" not in desk.owed("a")


def test_an_adult_who_gives_only_the_place_is_told_what_is_missing(desk: TestDesk) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="ncii", age=Age.ADULT)
    assert "remove_if_undecided" not in desk.owed("a")
    assert "incomplete" in told(filed.report_id)


def test_a_place_alone_is_refused_by_two_who_need_not_name_an_element(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    assert desk.no(ravi, "a").verdict is None
    desk.no(rosa, "a")
    assert desk.wanted("a") == "visible"
    assert "remove_if_undecided" not in desk.owed("a")


def test_a_child_who_gives_all_four_is_refused_only_with_the_missing_element(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    desk.report("a", **COMPLETE)
    with pytest.raises(Refused, match="complete removal request"):
        desk.no(ravi, "a")


def test_a_repetition_with_the_place_alone_removes_nothing_that_two_people_cleared(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(hours=1)
    again = desk.report("a", age=Age.UNSURE, relation=Relation.WITNESS)
    assert "remove_if_undecided" not in desk.owed("a")
    assert "look" in desk.owed("a")
    assert "complete" not in told(again.report_id)


def test_a_repetition_with_all_four_elements_keeps_its_40_hours(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(hours=1)
    desk.report("a", **COMPLETE)
    assert "remove_if_undecided" in desk.owed("a")


def test_an_unsigned_child_who_signs_later_is_told_once_more_what_is_owed(desk: TestDesk) -> None:
    desk.upload("a")
    filed = desk.report("a")
    commands.complete_request(filed.report_id, now=desk.clock.now, signature="Dana", contact="d@example.org")
    assert not Report.objects.get(pk=filed.report_id).formal
    assert Message.objects.filter(report_id=filed.report_id, reply="complete").count() == 1
    commands.complete_request(filed.report_id, now=desk.clock.now, good_faith=True)
    assert Report.objects.get(pk=filed.report_id).formal


@pytest.mark.parametrize("age", [Age.CHILD, Age.ADULT])
def test_a_text_in_a_complete_request_waits_for_people_beside_its_picture(desk: TestDesk, age: Age) -> None:
    desk.upload("a")
    desk.upload("t", kind="text")
    desk.report("a", "t", harm="ncii", age=age, **COMPLETE)
    assert "remove_if_undecided" in desk.owed("a")
    assert "remove_if_undecided" not in desk.owed("t")


def test_what_turns_out_to_be_a_text_is_not_removed_at_hour_40(desk: TestDesk) -> None:
    desk.report("t", harm="ncii", age=Age.ADULT, **COMPLETE)
    owed = Obligation.objects.get(kind="remove_if_undecided")
    item = desk.item("t")
    item.kind = "text"
    item.save(update_fields=["kind"])
    desk.clock.pass_(hours=40)
    assert not commands.remove_undecided(item.pk, obligation_id=owed.pk, now=desk.clock.now)
