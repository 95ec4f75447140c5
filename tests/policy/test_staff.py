"""Whom a desk lacks."""

from answerable.policy import baseline
from answerable.policy.staff import lacking, unkept
from answerable.policy.words import Age

EVERYTHING = ["child_safety", "intimate_images", "first_aid"]
RAVI = (EVERYTHING, False, False, True)
ROSA = (EVERYTHING, False, False, False)
MIRA = (EVERYTHING, False, False, False)
LENA = (EVERYTHING, True, False, False)
OUTSIDE = (EVERYTHING, False, True, False)


def test_three_reviewers_and_a_lead_can_keep_everything() -> None:
    assert lacking(baseline(), [RAVI, ROSA, MIRA, LENA]) == []
    assert unkept(baseline(), [RAVI, ROSA, MIRA, LENA]) == frozenset()


def test_two_reviewers_and_a_lead_cannot_decide_what_is_contested() -> None:
    assert unkept(baseline(), [RAVI, ROSA, LENA]) == {"decide_appeal", "decide_complaint", "read_answer"}


def test_an_empty_desk_can_keep_nothing_that_people_owe() -> None:
    kinds = unkept(baseline(), [])
    assert {"look", "decide", "second_look", "settle_tie", "decide_appeal", "answer_danger"} <= kinds
    assert "hide" not in kinds


def test_one_reviewer_cannot_refuse_for_a_child() -> None:
    reasons = " ".join(str(lack) for lack in lacking(baseline(), [RAVI, LENA]))
    assert "contesting takes 2 qualified people who took no part" in reasons
    alone = " ".join(str(lack) for lack in lacking(baseline(), [RAVI]))
    assert "csam (children and unsure): child_safety: a refusal takes 2 qualified people, here is 1" in alone
    assert "no lead beside the 2 who may differ" in alone


def test_an_outside_second_counts() -> None:
    assert lacking(baseline(), [RAVI, ROSA, OUTSIDE, LENA]) == []


def test_unqualified_people_do_not_count_for_a_child() -> None:
    images = (["intimate_images"], True, False, True)
    reasons = [str(lack) for lack in lacking(baseline(), [images, images, images, images])]
    assert any(
        "csam (children and unsure): child_safety: nobody is qualified" in reason for reason in reasons
    )
    assert not any(reason.startswith("other_illegal (adults)") for reason in reasons)


def test_what_one_harm_lacks_is_still_promised_for_another() -> None:
    images = (["intimate_images"], True, False, True)
    people = [images, images, images, images]
    assert "decide" in unkept(baseline(), people)
    assert "decide" in unkept(baseline(), people, harm_id="ncii", age=Age.UNSURE)
    assert unkept(baseline(), people, harm_id="ncii", age=Age.ADULT) == frozenset()


def test_looks_are_promised_only_where_somebody_qualified_is_on_call() -> None:
    petra = ([], False, False, True)
    lacks = lacking(baseline(), [ROSA, ROSA, MIRA, LENA, petra])
    assert {lack.kinds for lack in lacks} == {("look",)}
    assert "csam (children and unsure): child_safety: nobody qualified is on call" in {
        lack.reason for lack in lacks
    }


def test_danger_without_anybody_on_call_is_named() -> None:
    (lack,) = lacking(baseline(), [ROSA, ROSA, MIRA, LENA])
    assert lack.reason == "nobody is on call"
    assert "answer_danger" in lack.kinds
