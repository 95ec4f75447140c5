"""When account holders are told of what befell them, and in which words (rules 15 and 16)."""

from datetime import timedelta

import pytest

from answerable.cases import commands
from answerable.cases.models import Notice, Person
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.platforms.notices import text_of
from answerable.policy.words import Age
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
COMPLETE = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True}


def told_of(kind: str) -> tuple[Notice, Obligation]:
    notice = Notice.objects.get(kind=kind)
    return notice, Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}")


def hour_40(desk: TestDesk, ref: str) -> None:
    owed = Obligation.objects.get(kind="remove_if_undecided", subject=f"item:{desk.item(ref).pk}")
    desk.clock.pass_(hours=40)
    assert commands.remove_undecided(desk.item(ref).pk, obligation_id=owed.pk, now=desk.clock.now)


def make_offender(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    answer(desk, ravi, HolderIs.OFFENDER)


def answer(desk: TestDesk, person: Person, holder: HolderIs) -> None:
    account_id = desk.item("a").account_id
    assert account_id is not None
    commands.judge_account(account_id, person_id=person.pk, answer=holder, now=desk.clock.now)


def test_a_childs_undecided_removal_tells_the_uploader_only_when_the_law_lets_it_wait_no_more(
    desk: TestDesk,
) -> None:
    desk.upload("a")
    desk.report("a", **COMPLETE)
    hour_40(desk, "a")
    notice, telling = told_of("removed_undecided")
    assert telling.not_before is not None
    assert telling.not_before >= desk.clock.now + timedelta(hours=24)
    assert telling.params["ground"]
    said = text_of(notice, "")
    assert "nobody had decided" in said
    assert "people decided" not in said


def test_an_adults_undecided_removal_without_danger_tells_the_uploader_at_once(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    hour_40(desk, "a")
    _, telling = told_of("removed_undecided")
    assert telling.not_before is None
    assert telling.due_at == desk.clock.now + timedelta(hours=1)


@pytest.mark.parametrize("found_before", [True, False])
def test_who_posted_an_identical_copy_is_told_of_its_undecided_removal_not_of_a_hiding(
    desk: TestDesk, found_before: bool
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    if found_before:
        desk.find_copies("a", b=0)
        assert desk.wanted("b") == "hidden"
    hour_40(desk, "a")
    if not found_before:
        desk.find_copies("a", b=0)
    assert desk.wanted("b") == "gone"
    told = Obligation.objects.filter(kind="tell_holder", state="owed")
    notices = Notice.objects.filter(item=desk.item("b"))
    owed = {n.kind for n in notices if told.filter(subject=f"notice:{n.pk}").exists()}
    assert owed == {"removed_undecided"}


def test_whose_account_is_suspended_is_told_why_and_once(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    make_offender(desk, ravi, rosa)
    answer(desk, rosa, HolderIs.OFFENDER)
    notice, telling = told_of("account_suspended")
    assert telling.not_before is not None
    assert notice.item.ref == "a"
    said = text_of(notice, "")
    assert "suspend your account" in said
    assert "No sexual image of a person under 18" in said


def test_a_suspension_that_is_lifted_before_it_was_told_is_never_told(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    make_offender(desk, ravi, rosa)
    answer(desk, rosa, HolderIs.TAKEN_OVER)
    _, telling = told_of("account_suspended")
    assert telling.state == "released"


def test_whoever_was_told_of_a_suspension_is_told_that_it_is_lifted_once(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    make_offender(desk, ravi, rosa)
    notice, telling = told_of("account_suspended")
    commands.holder_told(notice.pk, obligation_id=telling.pk, now=desk.clock.pass_(days=31))
    answer(desk, rosa, HolderIs.TAKEN_OVER)
    answer(desk, ravi, HolderIs.TAKEN_OVER)
    lifted, _ = told_of("account_restored")
    assert "has been lifted" in text_of(lifted, "")
