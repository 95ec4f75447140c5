"""What follows from the judgements of people: decisions, second looks, findings, effects on accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from answerable.policy.words import Age, Verdict

YOUNGEST_FIRST = (Age.CHILD, Age.UNSURE, Age.ADULT)
MISSING_ELEMENTS = ("not_found_there", "nobody_identifiable", "not_intimate", "published_with_consent")
"""What a refusal of a complete removal request must name (rule 14)."""
PEOPLE_TO_EXCEPT = 2
"""An exception is never applied by one person alone."""
CONTESTED = ("answer", "complaint", "appeal")
"""Why a round began that asks for people who had no part in what came before."""


class Need(StrEnum):
    """Whose judgement is still owed."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    NOBODY = "nobody"


class HolderIs(StrEnum):
    """The answer to the question whose account it is (rule 12)."""

    OFFENDER = "offender"
    DEPICTED = "depicted"
    TAKEN_OVER = "taken_over"
    OUTRAGE = "outrage"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's judgement of one content in one round."""

    person_id: int
    verdict: Verdict
    age: Age
    qualified: bool
    tie: bool = False
    nobody_in_it: bool = False
    missing_element: str = ""
    exception: str = ""


@dataclass(frozen=True, slots=True)
class Stake:
    """What is at stake for one content: it says how many people a refusal takes."""

    age: Age
    complete_request: bool = False
    refuse_people: int = 1
    """The pack's number; the rules below never go under two for a child."""
    repeated_after_clearing: bool = False
    """Two people cleared this content before, and nothing new was said since (rule 6)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the judgements of one round come to."""

    verdict: Verdict | None
    need: Need
    confirmed_by_two: bool = False
    lifted: bool = False
    """One qualified person said that nobody is in it: the hiding is lifted, nothing is decided (rule 10)."""
    age: Age = Age.UNSURE


def outcome(judgements: Sequence[Judgement], stake: Stake) -> Outcome:
    """What follows from the judgements of one content in one round, oldest first (rules 8, 10, 12, 14).

    Only qualified people count, and one person counts once. No machine is ever asked.
    """
    counted = _one_each([j for j in judgements if j.qualified])
    age = age_after(stake.age, counted)
    if not counted:
        return Outcome(None, Need.FIRST, age=age)
    tie = next((j for j in counted if j.tie), None)
    if tie is not None:
        agreed = sum(1 for j in counted if j.verdict is tie.verdict)
        return Outcome(
            tie.verdict,
            Need.NOBODY,
            confirmed_by_two=agreed > 1 and tie.verdict is Verdict.VIOLATING,
            age=age,
        )
    yes = [j for j in counted if j.verdict is Verdict.VIOLATING]
    no = [j for j in counted if j.verdict is Verdict.NOT_VIOLATING]
    if yes and no:
        first_yes = counted[0].verdict is Verdict.VIOLATING
        return Outcome(Verdict.VIOLATING if first_yes else None, Need.TIE, age=age)
    if yes:
        confirmed = len(yes) > 1
        return Outcome(
            Verdict.VIOLATING, Need.NOBODY if confirmed else Need.SECOND, confirmed_by_two=confirmed, age=age
        )
    needed = people_to_refuse(stake, age)
    if any(j.exception for j in no):
        needed = max(needed, PEOPLE_TO_EXCEPT)
    # Who judged before the request was complete named nothing: that refuses no complete request.
    whole = [j for j in no if refusal_is_whole(stake, j)]
    if len(whole) >= needed:
        return Outcome(Verdict.NOT_VIOLATING, Need.NOBODY, age=age)
    return Outcome(None, Need.SECOND, lifted=any(j.nobody_in_it for j in no), age=age)


def people_to_refuse(stake: Stake, age: Age) -> int:
    """How many qualified people a refusal takes (rules 10 and 14).

    Two for a child, for unsure age and on a complete removal request, whatever the pack says, counted at the
    youngest age that was said before the refusal. A repetition after a clearing by two takes one new look.
    """
    if stake.repeated_after_clearing:
        return 1
    strict = stake.complete_request or stake.age is not Age.ADULT or age is not Age.ADULT
    return max(2, stake.refuse_people) if strict else max(1, stake.refuse_people)


def age_after(age: Age, judgements: Sequence[Judgement]) -> Age:
    """The item's age after people judged it (rule 13): younger takes one person, older takes two who agree."""
    said = [j.age for j in judgements if j.qualified]
    if not said:
        return age
    youngest = min(said, key=YOUNGEST_FIRST.index)
    if len(said) >= 2:
        return youngest
    return min(age, youngest, key=YOUNGEST_FIRST.index)


def youngest(ages: Sequence[Age]) -> Age:
    """The youngest that anybody said; `unsure` when nobody said anything (rule 13)."""
    return min(ages, key=YOUNGEST_FIRST.index) if ages else Age.UNSURE


def makes_finding(judgement: Judgement, age: Age, clause_protects_children: bool) -> bool:
    """Whether a judgement creates what a filing about a child rests on (rule 13). Never about an adult."""
    return (
        judgement.verdict is Verdict.VIOLATING
        and judgement.qualified
        and age is not Age.ADULT
        and clause_protects_children
    )


def age_by_list(age: Age, *, about_children: bool) -> Age:
    """The age of an item whose file a trusted list holds: a child's, where that list decides under a harm that is about
    children alone. Nobody here has judged it, and a reporter's mere word doesn't make it an adult's (rule 13)."""
    return Age.CHILD if about_children else age


def match_makes_finding(age: Age, *, about_children: bool) -> bool:
    """Whether an exact match creates what a filing about a child rests on (rule 13): where it is about a child.

    Under a harm that adults have too, a list says nothing of an age: people look first.
    """
    return about_children and age is not Age.ADULT


def refusal_is_whole(stake: Stake, judgement: Judgement) -> bool:
    """Whether a `not_violating` on a complete removal request names the element that is missing (rule 14)."""
    if judgement.verdict is Verdict.VIOLATING or not stake.complete_request:
        return True
    return judgement.missing_element in MISSING_ELEMENTS


def strikes(answer: HolderIs, confirmed_by_two: bool) -> bool:
    """Whether an account bears consequences (rule 12): two people's yes, and the holder is the offender."""
    return confirmed_by_two and answer is HolderIs.OFFENDER


def may_judge(
    *,
    qualified: bool,
    judged_this_round: bool,
    took_part_before: bool,
    round_why: str,
    contested: bool = False,
) -> bool:
    """Whether a person may judge a content now (rules 6 and 10): once a round, and never what they had a part in
    when an answer, a complaint or an appeal asks for other people. `contested`: one of these waits still,
    though the item changed since and a round began for that."""
    if not qualified or judged_this_round:
        return False
    return not (took_part_before and (contested or round_why in CONTESTED))


def may_settle(*, lead: bool, qualified: bool, seen_the_case: bool) -> bool:
    """Whether a person may settle what two judged differently (rule 10)."""
    return lead and qualified and not seen_the_case


def _one_each(judgements: Sequence[Judgement]) -> list[Judgement]:
    """One person counts once, with what they said last; the order of first words is kept."""
    latest: dict[int, Judgement] = {}
    for judgement in judgements:
        latest[judgement.person_id] = judgement
    return list(latest.values())
