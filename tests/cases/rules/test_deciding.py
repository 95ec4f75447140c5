"""Deciding, tried by property: no order of judgements lets one person, or a machine, refuse a child."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.cases.rules.deciding import (
    MISSING_ELEMENTS,
    YOUNGEST_FIRST,
    HolderIs,
    Judgement,
    Need,
    Stake,
    age_after,
    makes_finding,
    may_judge,
    may_settle,
    outcome,
    people_to_refuse,
    refusal_is_whole,
    strikes,
    youngest,
)
from answerable.policy.words import Age, Verdict

AGES = st.sampled_from(list(Age))
JUDGEMENTS = st.builds(
    Judgement,
    person_id=st.integers(1, 4),
    verdict=st.sampled_from(list(Verdict)),
    age=AGES,
    qualified=st.booleans(),
    tie=st.just(False),
    nobody_in_it=st.booleans(),
    missing_element=st.sampled_from(["", *MISSING_ELEMENTS]),
)
STAKES = st.builds(
    Stake,
    age=AGES,
    complete_request=st.booleans(),
    refuse_people=st.integers(0, 3),
    repeated_after_clearing=st.just(False),
)
LISTS = st.lists(JUDGEMENTS, max_size=6)


def no(person: int, age: Age = Age.CHILD, **facts: object) -> Judgement:
    """`not_violating` by a qualified person."""
    return Judgement(person, Verdict.NOT_VIOLATING, age, True, **facts)  # type: ignore[arg-type]


def yes(person: int, age: Age = Age.CHILD, **facts: object) -> Judgement:
    """`violating` by a qualified person."""
    return Judgement(person, Verdict.VIOLATING, age, True, **facts)  # type: ignore[arg-type]


@given(LISTS, STAKES)
def test_nothing_is_cleared_without_people(judgements: list[Judgement], stake: Stake) -> None:
    cleared = outcome(judgements, stake).verdict is Verdict.NOT_VIOLATING
    people = {j.person_id for j in judgements if j.qualified}
    assert not cleared or people


@given(LISTS, STAKES)
def test_a_child_is_refused_only_by_two_qualified_people_who_agree(
    judgements: list[Judgement], stake: Stake
) -> None:
    result = outcome(judgements, stake)
    if result.verdict is not Verdict.NOT_VIOLATING:
        return
    strict = stake.complete_request or stake.age is not Age.ADULT or result.age is not Age.ADULT
    saying_no = {j.person_id for j in judgements if j.qualified and j.verdict is Verdict.NOT_VIOLATING}
    assert len(saying_no) >= (2 if strict else 1)


@given(LISTS, STAKES)
def test_a_complete_request_is_refused_only_by_two_who_each_name_what_is_missing(
    judgements: list[Judgement], stake: Stake
) -> None:
    if outcome(judgements, stake).verdict is not Verdict.NOT_VIOLATING or not stake.complete_request:
        return
    last = {j.person_id: j for j in judgements if j.qualified}
    naming = [j for j in last.values() if j.verdict is Verdict.NOT_VIOLATING and j.missing_element]
    assert len(naming) >= 2


@given(LISTS, STAKES)
def test_two_who_differ_are_never_settled_without_a_lead(judgements: list[Judgement], stake: Stake) -> None:
    last = {j.person_id: j.verdict for j in judgements if j.qualified}
    if len(set(last.values())) == 2:
        assert outcome(judgements, stake).need is Need.TIE
        assert outcome(judgements, stake).verdict is not Verdict.NOT_VIOLATING
        assert not outcome(judgements, stake).confirmed_by_two


@given(LISTS, STAKES)
def test_unqualified_judgements_change_nothing(judgements: list[Judgement], stake: Stake) -> None:
    assert outcome(judgements, stake) == outcome([j for j in judgements if j.qualified], stake)


@given(LISTS, STAKES)
def test_one_person_counts_once(judgements: list[Judgement], stake: Stake) -> None:
    doubled = [j for judgement in judgements for j in (judgement, judgement)]
    assert outcome(doubled, stake) == outcome(judgements, stake)


@given(LISTS, STAKES)
def test_confirmation_takes_two_people_who_said_yes(judgements: list[Judgement], stake: Stake) -> None:
    if outcome(judgements, stake).confirmed_by_two:
        saying_yes = {j.person_id for j in judgements if j.qualified and j.verdict is Verdict.VIOLATING}
        assert len(saying_yes) >= 2


@given(LISTS, STAKES)
def test_a_lift_is_no_decision_and_takes_a_qualified_word(judgements: list[Judgement], stake: Stake) -> None:
    result = outcome(judgements, stake)
    if result.lifted:
        assert result.verdict is None
        assert any(j.qualified and j.nobody_in_it for j in judgements)


@given(AGES, LISTS)
def test_older_takes_two_people_and_younger_one(age: Age, judgements: list[Judgement]) -> None:
    after = age_after(age, judgements)
    said = [j for j in judgements if j.qualified]
    if YOUNGEST_FIRST.index(after) > YOUNGEST_FIRST.index(age):
        assert len({j.person_id for j in said}) >= 1
        assert len(said) >= 2
        assert all(YOUNGEST_FIRST.index(j.age) >= YOUNGEST_FIRST.index(after) for j in said)
    for judgement in said:
        assert YOUNGEST_FIRST.index(after) <= YOUNGEST_FIRST.index(judgement.age) or len(said) < 2


@pytest.mark.parametrize("age", [Age.CHILD, Age.UNSURE])
def test_the_packs_number_never_goes_under_two_for_a_child(age: Age) -> None:
    assert people_to_refuse(Stake(age, refuse_people=0), age) == 2
    assert people_to_refuse(Stake(Age.ADULT, refuse_people=1), age) == 2
    assert people_to_refuse(Stake(age, refuse_people=3), Age.ADULT) == 3


def test_an_adult_takes_what_the_pack_says_and_a_complete_request_two() -> None:
    assert people_to_refuse(Stake(Age.ADULT, refuse_people=1), Age.ADULT) == 1
    assert people_to_refuse(Stake(Age.ADULT, complete_request=True), Age.ADULT) == 2


def test_one_person_cannot_make_a_child_an_adult_and_refuse() -> None:
    assert outcome([no(1, Age.ADULT)], Stake(Age.CHILD)).verdict is None
    assert outcome([no(1, Age.ADULT)], Stake(Age.CHILD)).age is Age.CHILD
    two = outcome([no(1, Age.ADULT), no(2, Age.ADULT)], Stake(Age.CHILD))
    assert (two.verdict, two.age) == (Verdict.NOT_VIOLATING, Age.ADULT)


def test_a_repetition_after_a_clearing_takes_one_new_look() -> None:
    stake = Stake(Age.CHILD, repeated_after_clearing=True)
    assert outcome([no(1)], stake).verdict is Verdict.NOT_VIOLATING
    assert outcome([yes(1)], stake).need is Need.SECOND


def test_every_order_of_two_who_differ_and_a_lead_ends_with_the_lead() -> None:
    for first, second in permutations([yes(1), no(2)]):
        tied = outcome([first, second], Stake(Age.CHILD))
        assert tied.need is Need.TIE
        assert tied.verdict is (Verdict.VIOLATING if first.verdict is Verdict.VIOLATING else None)
        settled = outcome([first, second, yes(3, tie=True)], Stake(Age.CHILD))
        assert (settled.verdict, settled.confirmed_by_two) == (Verdict.VIOLATING, True)
        refused = outcome([first, second, no(3, tie=True)], Stake(Age.CHILD))
        assert (refused.verdict, refused.confirmed_by_two) == (Verdict.NOT_VIOLATING, False)


@given(JUDGEMENTS, AGES, st.booleans())
def test_a_finding_is_never_about_an_adult_and_takes_a_qualified_yes(
    judgement: Judgement, age: Age, protects: bool
) -> None:
    expected = (
        judgement.qualified and judgement.verdict is Verdict.VIOLATING and age is not Age.ADULT and protects
    )
    assert makes_finding(judgement, age, protects) == expected


@given(st.lists(AGES))
def test_the_youngest_that_anybody_says_counts(ages: list[Age]) -> None:
    found = youngest(ages)
    assert found in ages if ages else found is Age.UNSURE
    assert all(YOUNGEST_FIRST.index(found) <= YOUNGEST_FIRST.index(age) for age in ages)


def test_a_complete_request_is_refused_by_naming_what_is_missing_only() -> None:
    stake = Stake(Age.ADULT, complete_request=True)
    assert not refusal_is_whole(stake, no(1))
    assert not refusal_is_whole(stake, no(1, missing_element="bad mood"))
    assert all(refusal_is_whole(stake, no(1, missing_element=name)) for name in MISSING_ELEMENTS)
    assert refusal_is_whole(stake, yes(1))
    assert refusal_is_whole(Stake(Age.ADULT), no(1))


def test_only_an_offender_whose_item_two_confirmed_bears_consequences() -> None:
    struck = [(who, two) for who in HolderIs for two in (True, False) if strikes(who, two)]
    assert struck == [(HolderIs.OFFENDER, True)]


@pytest.mark.parametrize("why", ["report", "repeated", "changed", "answer", "complaint", "appeal"])
def test_who_took_part_never_handles_what_contests_it(why: str) -> None:
    facts = {"qualified": True, "judged_this_round": False, "round_why": why}
    assert may_judge(took_part_before=True, **facts) == (why in ("report", "repeated", "changed"))  # type: ignore[arg-type]
    assert may_judge(took_part_before=False, **facts)  # type: ignore[arg-type]
    assert not may_judge(qualified=False, judged_this_round=False, took_part_before=False, round_why=why)
    assert not may_judge(qualified=True, judged_this_round=True, took_part_before=False, round_why=why)


def test_only_a_qualified_lead_who_has_not_seen_the_case_settles() -> None:
    for lead in (True, False):
        for qualified in (True, False):
            for seen in (True, False):
                allowed = may_settle(lead=lead, qualified=qualified, seen_the_case=seen)
                assert allowed == (lead and qualified and not seen)


def test_a_lead_alone_confirms_nothing_by_two() -> None:
    assert not outcome([no(1), yes(2, tie=True)], Stake(Age.CHILD)).confirmed_by_two
    settled = outcome([no(1), yes(2), yes(3, tie=True)], Stake(Age.CHILD))
    assert (settled.confirmed_by_two, settled.need) == (True, Need.NOBODY)


def test_after_two_who_said_yes_nobody_is_owed_and_after_one_a_second() -> None:
    assert outcome([yes(1)], Stake(Age.CHILD)).need is Need.SECOND
    assert outcome([yes(1), yes(2)], Stake(Age.CHILD)).need is Need.NOBODY


@pytest.mark.parametrize("age", [Age.CHILD, Age.UNSURE])
def test_the_age_that_was_said_before_the_refusal_counts(age: Age) -> None:
    assert people_to_refuse(Stake(age), Age.ADULT) == people_to_refuse(Stake(Age.ADULT), age) == 2
    assert people_to_refuse(Stake(Age.ADULT), Age.ADULT) == 1


def test_an_exception_takes_two_even_where_a_refusal_takes_one() -> None:
    excepted = [no(person, Age.ADULT, exception="other_illegal.public_interest") for person in (1, 2)]
    assert outcome(excepted[:1], Stake(Age.ADULT)).verdict is None
    assert outcome(excepted, Stake(Age.ADULT)).verdict is Verdict.NOT_VIOLATING
    assert outcome([no(1, Age.ADULT)], Stake(Age.ADULT)).verdict is Verdict.NOT_VIOLATING


def test_where_nobody_qualified_judged_a_first_judgement_is_owed() -> None:
    assert outcome([], Stake(Age.CHILD)).need is Need.FIRST
    unqualified = replace(no(1), qualified=False)
    assert outcome([unqualified], Stake(Age.CHILD)).need is Need.FIRST
