"""What Max, Uri, a careless reviewer, a brigade and an unlucky order of events try: the rules still hold."""

from datetime import timedelta
from typing import Any

import pytest

from answerable.cases import codes, commands
from answerable.cases.inputs import Refused
from answerable.cases.models import Appeal, Decision, Finding, Notice, Person, Report
from answerable.cases.queries.promised import promises
from answerable.cases.queries.status import report_status
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Danger, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
COMPLETE: dict[str, Any] = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True}
ADULT: dict[str, Any] = {"age": Age.ADULT, "clause": "ncii.shared", "missing_element": "not_intimate"}


@pytest.fixture
def mira(db: None) -> Person:
    """A fourth reviewer, qualified for everything."""
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety", "intimate_images"])


@pytest.fixture
def omar(db: None) -> Person:
    """A reviewer trained for adults' images only."""
    return Person.objects.create(pseudonym="Omar", qualifications=["intimate_images"])


@pytest.fixture
def olga(db: None) -> Person:
    """Another one trained for adults' images only."""
    return Person.objects.create(pseudonym="Olga", qualifications=["intimate_images"])


def cleared(desk: TestDesk, *people: Person, ref: str = "a") -> int:
    """An item reported for a child and cleared by these people; the report's number."""
    desk.upload(ref)
    filed = desk.report(ref)
    for person in people:
        desk.no(person, ref)
    assert desk.wanted(ref) == "visible"
    desk.clock.pass_(minutes=5)
    return filed.report_id


def due(kind: str, ref: str, desk: TestDesk) -> Obligation | None:
    return Obligation.objects.filter(kind=kind, subject=f"item:{desk.item(ref).pk}", state="owed").first()


def owed(kind: str) -> Any:
    return Obligation.objects.filter(kind=kind, state="owed")


def appeal(desk: TestDesk, ref: str) -> int:
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    return commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.now)


# Rules 2 and 17: only what this report owes, nothing of other reports


def test_another_reporters_complete_request_promises_nothing_to_this_one(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    desk.clock.pass_(minutes=1)
    witness = desk.report("a", harm="ncii", age=Age.ADULT, relation=Relation.WITNESS)
    report = Report.objects.get(pk=witness.report_id)
    assert not any("removal request" in said for said in promises(report, "en"))
    status = report_status(report, language="en", now=desk.clock.now)
    assert "remove_if_undecided" not in {one.kind for one in status.owed}


def test_another_reporters_complaint_shows_on_no_other_status_page(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    first, second = desk.report("a"), desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    commands.complain(first.report_id, item_id=desk.item("a").pk, text="Please.", now=desk.clock.now)
    other = report_status(Report.objects.get(pk=second.report_id), language="en", now=desk.clock.now)
    assert "decide_complaint" not in {one.kind for one in other.owed}
    own = report_status(Report.objects.get(pk=first.report_id), language="en", now=desk.clock.now)
    assert "decide_complaint" in {one.kind for one in own.owed}


# Rule 3: gone means checked


def test_a_report_on_a_removed_item_has_the_platform_checked_again(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.platform_obeys()
    assert due("remove", "a", desk) is None
    desk.clock.pass_(hours=1)
    desk.report("a")
    assert due("remove", "a", desk) is not None


# Rule 5: hide first, one thing


def test_an_answer_with_a_new_fact_never_hides_text(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("t", kind="text")
    filed = desk.report("t", kind="text")
    desk.no(ravi, "t")
    desk.no(rosa, "t")
    desk.clock.pass_(minutes=1)
    commands.answer_report(filed.report_id, text="He was 15.", fact="age", now=desk.clock.now)
    assert desk.wanted("t") == "visible"
    assert "look" in desk.owed("t")


def test_an_answer_hides_nothing_where_the_pack_asks_only_for_a_look(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="other_illegal", age=Age.CHILD)
    desk.no(ravi, "a", clause="other_illegal.law")
    desk.no(rosa, "a", clause="other_illegal.law")
    desk.clock.pass_(minutes=1)
    commands.answer_report(filed.report_id, text="More.", fact="police", now=desk.clock.now)
    assert desk.wanted("a") == "visible"
    assert "look" in desk.owed("a")


def test_what_a_platform_cannot_do_is_owed_by_hand_one_by_one(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a")
    for kind in ("freeze", "hide"):
        one = due(kind, "a", desk)
        assert one is not None
        commands.cannot(one.pk, reason="no such capability", now=desk.clock.now)
    by_hand = {one.params["kind"] for one in owed("do_by_hand")}
    assert by_hand == {"freeze", "hide"}


def test_hiding_by_hand_is_no_longer_asked_once_the_item_was_cleared(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    hide = due("hide", "a", desk)
    assert hide is not None
    commands.cannot(hide.pk, reason="no such capability", now=desk.clock.now)
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert desk.wanted("a") == "visible"
    assert not [one for one in owed("do_by_hand") if one.params["kind"] == "hide"]


# Rule 6: words protect or ask for a look


def test_a_brigade_with_a_code_and_a_new_fact_each_hides_a_cleared_item_a_few_times_at_most(
    desk: TestDesk,
) -> None:
    desk.upload("a")
    reports = [desk.report("a").report_id for _ in range(8)]
    people = [
        Person.objects.create(pseudonym=f"R{number}", qualifications=["child_safety"]) for number in range(18)
    ]
    for number, report_id in enumerate(reports):
        for person in people[2 * number : 2 * number + 2]:
            desk.no(person, "a")
        assert desk.wanted("a") == "visible"
        desk.clock.pass_(minutes=5)
        desk.report("a", earlier_report_id=report_id, new_fact="police")
        assert "look" in desk.owed("a")
    assert desk.item("a").interim_times == 1 + 4


def test_a_new_fact_counts_once_for_a_report_its_answers_and_those_that_follow_it(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    first = cleared(desk, ravi, rosa)
    second = desk.report("a", earlier_report_id=first, new_fact="police")
    assert desk.wanted("a") == "hidden"
    desk.no(lena, "a")
    desk.no(mira, "a")
    assert desk.wanted("a") == "visible"
    desk.clock.pass_(minutes=5)
    commands.answer_report(first, text="The police know.", fact="police", now=desk.clock.now)
    assert desk.wanted("a") == "visible"
    commands.answer_report(second.report_id, text="The police know.", fact="police", now=desk.clock.now)
    assert desk.wanted("a") == "visible"
    desk.report("a", earlier_report_id=second.report_id, new_fact="police")
    assert desk.wanted("a") == "visible"


def test_a_new_fact_about_another_item_is_none_about_this_one(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    cleared(desk, ravi, rosa)
    desk.upload("b", account="other")
    other = desk.report("b")
    desk.report("a", earlier_report_id=other.report_id, new_fact="police")
    assert desk.wanted("a") == "visible"


def test_a_repetition_opens_a_closed_case_again(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    cleared(desk, ravi, rosa)
    case = desk.item("a").case
    assert case is not None
    assert case.closed_at is not None
    first = commands.complain(
        Report.objects.get().pk, item_id=desk.item("a").pk, text="No.", now=desk.clock.now
    )
    assert Appeal.objects.get(pk=first).round == desk.item("a").round == 2
    case.refresh_from_db()
    assert case.closed_at is None
    assert case.reopened_at == desk.clock.now


def test_a_fact_of_no_known_kind_is_none(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    first = cleared(desk, ravi, rosa)
    try:
        desk.report("a", earlier_report_id=first, new_fact="x1")
    except Refused:
        return
    assert desk.wanted("a") == "visible"


def test_one_persons_clearing_of_an_adult_matter_switches_no_protection_of_a_child_off(
    desk: TestDesk, omar: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="other_illegal", age=Age.ADULT, relation=Relation.WITNESS)
    assert desk.no(omar, "a", age=Age.ADULT, clause="other_illegal.law").verdict == "not_violating"
    desk.clock.pass_(minutes=5)
    desk.report("a")
    assert desk.wanted("a") == "hidden"


def test_one_person_refuses_no_child_because_one_person_cleared_an_adult_matter(
    desk: TestDesk, omar: Person, ravi: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="other_illegal", age=Age.ADULT, relation=Relation.WITNESS)
    desk.no(omar, "a", age=Age.ADULT, clause="other_illegal.law")
    desk.clock.pass_(minutes=5)
    desk.report("a")
    assert desk.no(ravi, "a").verdict is None


def test_every_answer_of_one_reporter_does_not_begin_anew_before_people_decided(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    first = cleared(desk, ravi, rosa)
    commands.answer_report(first, text="Look again.", now=desk.clock.now)
    number = desk.item("a").round
    desk.no(lena, "a")
    for _time in range(3):
        commands.answer_report(first, text="Look again.", now=desk.clock.now)
    assert desk.item("a").round == number
    assert desk.no(mira, "a").verdict == "not_violating"


def test_a_thousand_complaints_are_decided_together(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a")
    reports = [desk.report("a").report_id for _ in range(3)]
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    for report_id in reports:
        commands.complain(report_id, item_id=desk.item("a").pk, text="No.", now=desk.clock.now)
    desk.no(lena, "a")
    desk.no(mira, "a")
    assert set(Appeal.objects.values_list("outcome", flat=True)) == {"upheld"}


# Rule 7: hiding is no weapon


def test_a_repetition_after_one_person_lifted_hides_nothing(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a", nobody_in_it=True)
    desk.clock.pass_(minutes=1)
    desk.report("a")
    assert desk.wanted("a") == "visible"
    assert "look" in desk.owed("a")


def test_an_author_one_of_whose_items_was_found_violating_is_guarded_no_more(
    desk: TestDesk, ravi: Person
) -> None:
    for number in range(11):
        desk.upload(f"n{number}")
        desk.report(f"n{number}")
        if number == 0:
            desk.yes(ravi, "n0")
    desk.upload("next")
    desk.report("next")
    assert desk.wanted("next") == "hidden"


def test_a_token_whose_hidings_people_lifted_is_looked_at_first(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    facts: dict[str, Any] = {"harm": "ncii", "age": Age.ADULT, "relation": Relation.WITNESS}
    for number in range(10):
        desk.upload(f"n{number}", account=f"author{number}")
        desk.report(f"n{number}", token="key:1", **facts)
        desk.no(ravi, f"n{number}", **ADULT)
        desk.no(rosa, f"n{number}", **ADULT)
    desk.upload("next", account="other")
    desk.report("next", token="key:1", **facts)
    assert desk.wanted("next") == "visible"
    assert "look" in desk.owed("next")
    desk.report("next", **facts)
    assert desk.wanted("next") == "hidden"


def test_a_copy_that_is_found_from_its_own_side_shares_all_the_same(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    desk.upload("b", account="other", held="list")
    assert desk.find_copies("b", a=12) == 1
    assert desk.item("b").case_id == desk.item("a").case_id
    assert desk.wanted("b") == "hidden"


def test_copies_of_a_reported_item_hide_no_more_of_one_author_than_reports_may(desk: TestDesk) -> None:
    desk.upload("a", account="max")
    near = {f"n{number}": number + 1 for number in range(20)}
    for ref in near:
        desk.upload(ref)
    desk.report("a")
    desk.find_copies("a", **near)
    hidden = [ref for ref in near if desk.wanted(ref) == "hidden"]
    assert len(hidden) == 10


def test_a_near_copy_that_people_cleared_is_never_hidden_without_a_look(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    cleared(desk, ravi, rosa, ref="b")
    desk.upload("a", account="other")
    desk.report("a")
    desk.find_copies("a", b=12)
    assert desk.wanted("b") == "visible"
    desk.yes(ravi, "a")
    assert desk.wanted("b") == "visible"
    assert "look" in desk.owed("b")
    desk.yes(rosa, "a")
    assert desk.wanted("b") == "hidden"
    assert "look" in desk.owed("b")
    desk.clock.pass_(minutes=1)
    assert desk.no(ravi, "b").verdict == "not_violating"
    assert desk.wanted("b") == "visible"
    assert "look" not in desk.owed("b")


def test_lifting_an_accounts_hold_puts_nothing_back_that_was_reported_too(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account_id
    assert account is not None
    commands.judge_account(account, person_id=ravi.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)
    desk.upload("held", held="account")
    desk.upload("reported", held="account")
    desk.clock.pass_(minutes=1)
    desk.report("reported")
    appeal(desk, "a")
    desk.no(lena, "a")
    desk.no(mira, "a")
    assert desk.wanted("held") == "visible"
    assert desk.wanted("reported") == "hidden"


# Rule 9: a decision is about these bytes


def test_confirmed_bytes_that_come_back_into_an_item_are_gone_again(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="confirmed")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.upload("a", file="lake")
    desk.clock.pass_(minutes=1)
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert desk.wanted("a") == "visible"
    desk.upload("a", file="confirmed")
    assert desk.wanted("a") == "gone"


# Rule 10: two people to refuse


def test_an_exception_is_never_applied_by_one_person_alone(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="other_illegal", age=Age.ADULT, relation=Relation.WITNESS)
    facts: dict[str, Any] = {
        "age": Age.ADULT,
        "clause": "other_illegal.law",
        "exception": "other_illegal.public_interest",
    }
    assert desk.no(ravi, "a", **facts).verdict is None
    assert desk.no(rosa, "a", **facts).verdict == "not_violating"


@pytest.mark.parametrize(
    ("age", "exception"),
    [(Age.ADULT, "art"), (Age.CHILD, "ncii.agreed"), (Age.ADULT, "other_illegal.public_interest")],
)
def test_an_exception_that_the_clause_does_not_have_for_that_age_is_refused(
    desk: TestDesk, ravi: Person, age: Age, exception: str
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    with pytest.raises(Refused, match="exception"):
        desk.no(ravi, "a", age=age, clause="ncii.shared", exception=exception)


def test_an_exception_excuses_no_violation(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    with pytest.raises(Refused, match="exception"):
        desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared", exception="ncii.agreed")


def test_a_refusal_before_a_child_was_named_counts_only_from_somebody_qualified_for_children(
    desk: TestDesk, omar: Person, ravi: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    assert desk.no(omar, "a", age=Age.ADULT, clause="ncii.shared").verdict is None
    desk.clock.pass_(minutes=1)
    desk.report("a", harm="csam", age=Age.CHILD)
    desk.clock.pass_(minutes=1)
    assert desk.no(ravi, "a").verdict is None


def test_who_took_part_does_not_handle_an_appeal_because_the_item_changed_meanwhile(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    appeal(desk, "a")
    desk.upload("a", file="cropped")
    with pytest.raises(Refused, match="part"):
        desk.no(ravi, "a")
    desk.no(rosa, "a")


def test_a_lead_who_judged_in_a_joined_case_has_seen_it(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.report("b", relation=Relation.GUARDIAN)
    desk.no(lena, "b")
    desk.find_copies("a", b=12)
    assert desk.item("a").case_id == desk.item("b").case_id
    desk.no(ravi, "a")
    desk.yes(rosa, "a")
    with pytest.raises(Refused, match="hasn't seen"):
        desk.yes(lena, "a", tie=True)


def test_a_lead_who_saw_the_media_before_two_differed_does_not_settle(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    mira.lead = True
    mira.save()
    desk.upload("a")
    desk.report("a")
    commands.look_at([desk.item("a").pk], person_id=lena.pk, revealed=True, now=desk.clock.now)
    desk.clock.pass_(minutes=1)
    desk.no(ravi, "a")
    desk.yes(rosa, "a")
    desk.clock.pass_(minutes=1)
    with pytest.raises(Refused, match="hasn't seen"):
        desk.yes(lena, "a", tie=True)
    commands.look_at([desk.item("a").pk], person_id=mira.pk, revealed=True, now=desk.clock.now)
    assert desk.yes(mira, "a", tie=True).verdict == "violating"


def test_an_earlier_yes_still_counts_against_a_refusal_when_a_child_is_named_later(
    desk: TestDesk, omar: Person, ravi: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(omar, "a", age=Age.ADULT, clause="ncii.shared")
    desk.clock.pass_(minutes=1)
    desk.report("a", harm="csam", age=Age.CHILD)
    desk.clock.pass_(minutes=1)
    desk.no(ravi, "a")
    assert desk.wanted("a") == "gone"


def test_an_answer_after_two_differed_leaves_the_item_to_people_who_can_judge_it(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.no(ravi, "a")
    desk.yes(rosa, "a")
    commands.answer_report(filed.report_id, text="I was 13.", now=desk.clock.now)
    assert "settle_tie" not in desk.owed("a")
    desk.yes(mira, "a")
    assert desk.wanted("a") == "gone"


# Rules 11 and 12: copies and accounts


def test_what_people_put_back_on_appeal_is_not_removed_again_by_a_second_look_elsewhere(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.report("a")
    desk.find_copies("a", b=0)
    desk.yes(ravi, "a")
    assert desk.wanted("b") == "gone"
    desk.clock.pass_(minutes=1)
    appeal(desk, "b")
    desk.no(lena, "b")
    desk.no(mira, "b")
    assert desk.wanted("b") == "visible"
    desk.clock.pass_(minutes=1)
    desk.yes(rosa, "a")
    assert desk.wanted("b") == "visible"


def test_an_identical_files_decision_buries_no_appeal(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    first = desk.report("b")
    desk.no(ravi, "b")
    desk.no(rosa, "b")
    commands.complain(first.report_id, item_id=desk.item("b").pk, text="No.", now=desk.clock.now)
    desk.clock.pass_(minutes=1)
    desk.report("a")
    desk.yes(lena, "a")
    assert desk.wanted("b") == "gone"
    assert Appeal.objects.get().outcome == "reversed"


def test_one_account_bears_one_strike_for_one_decision(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account
    assert account is not None
    for _time in range(3):
        commands.judge_account(account.pk, person_id=ravi.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)
    account.refresh_from_db()
    assert account.strikes == 1


def test_a_holder_who_turns_out_to_be_the_one_depicted_bears_nothing(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account
    assert account is not None
    for answer in (HolderIs.OFFENDER, HolderIs.DEPICTED):
        commands.judge_account(account.pk, person_id=ravi.pk, answer=answer, now=desk.clock.now)
    account.refresh_from_db()
    assert (account.strikes, account.uploads_held_since) == (0, None)
    assert not owed("suspend_account").exists()


def test_who_is_not_qualified_says_nothing_of_an_account(
    desk: TestDesk, ravi: Person, rosa: Person, petra: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account_id
    assert account is not None
    with pytest.raises(Refused, match="qualification"):
        commands.judge_account(account, person_id=petra.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)


# Rule 13: children, unsure, adults


def test_two_who_say_adult_withdraw_the_finding_and_what_waits_to_be_filed(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.UNSURE)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    assert Finding.objects.filter(withdrawn_at=None).exists()
    assert owed("report_authority").exists()
    desk.yes(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    assert desk.item("a").age == Age.ADULT
    assert not Finding.objects.filter(withdrawn_at=None).exists()
    assert not owed("report_authority").exists()
    assert desk.wanted("a") == "gone"


def test_a_second_person_who_sees_a_child_makes_the_filing_owed(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    assert not owed("report_authority").exists()
    desk.yes(rosa, "a", age=Age.CHILD, clause="ncii.shared")
    assert Finding.objects.filter(withdrawn_at=None).exists()
    assert owed("report_authority").exists()
    assert owed("preserve").exists()


def test_who_says_later_that_a_child_is_in_it_is_looked_at_again(
    desk: TestDesk, ravi: Person, rosa: Person, mira: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.yes(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    desk.clock.pass_(minutes=1)
    commands.answer_report(filed.report_id, text="I was 15.", fact="age", age=Age.CHILD, now=desk.clock.now)
    assert "look" in desk.owed("a")
    desk.yes(mira, "a", age=Age.CHILD, clause="ncii.shared")
    assert desk.wanted("a") == "gone"
    assert owed("report_authority").exists()
    assert "look" not in desk.owed("a")


def test_a_report_that_says_child_of_what_was_removed_as_an_adults_is_looked_at_again(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.yes(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    desk.clock.pass_(minutes=1)
    desk.report("a", harm="csam", age=Age.CHILD)
    assert "look" in desk.owed("a")
    desk.yes(ravi, "a")
    assert owed("report_authority").exists()


# Rule 14: the 48 hours


def at_hour_forty(desk: TestDesk, ref: str = "a") -> bool:
    one = due("remove_if_undecided", ref, desk)
    assert one is not None
    assert one.not_before is not None
    desk.clock.now = max(desk.clock.now, one.not_before)
    return commands.remove_undecided(desk.item(ref).pk, obligation_id=one.pk, now=desk.clock.now)


def test_an_older_refusal_does_not_answer_a_later_complete_request(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    for person in (ravi, rosa):
        desk.no(person, "a", **ADULT)
    desk.clock.pass_(hours=5)
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    assert at_hour_forty(desk)
    assert desk.wanted("a") == "gone"


def test_a_request_completed_after_a_refusal_is_removed_when_nobody_decides_again(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="ncii", age=Age.ADULT)
    for person in (ravi, rosa):
        desk.no(person, "a", **ADULT)
    desk.clock.pass_(hours=5)
    assert commands.complete_request(filed.report_id, now=desk.clock.now, **COMPLETE)
    assert at_hour_forty(desk)
    assert desk.wanted("a") == "gone"


def test_a_second_complete_request_after_a_refusal_has_forty_hours_of_its_own(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    for person in (ravi, rosa):
        desk.no(person, "a", **ADULT)
    desk.clock.pass_(hours=30)
    second = desk.clock.now
    desk.report("a", harm="ncii", age=Age.ADULT, relation=Relation.REPRESENTATIVE, **COMPLETE)
    one = due("remove_if_undecided", "a", desk)
    assert one is not None
    assert one.not_before == second + timedelta(hours=40)


def test_what_the_law_removed_comes_back_when_two_people_refuse_later(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    assert at_hour_forty(desk)
    assert desk.wanted("a") == "gone"
    desk.no(ravi, "a", **ADULT)
    assert desk.wanted("a") == "gone"
    desk.no(rosa, "a", **ADULT)
    assert desk.wanted("a") == "visible"


def test_the_law_removes_known_identical_copies_too_and_they_come_back_with_it(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.upload("c", account="third")
    desk.report("a", harm="ncii", age=Age.ADULT, **COMPLETE)
    desk.find_copies("a", b=0, c=9)
    assert at_hour_forty(desk)
    assert [desk.wanted(ref) for ref in "abc"] == ["gone", "gone", "hidden"]
    desk.no(ravi, "a", **ADULT)
    desk.no(rosa, "a", **ADULT)
    assert [desk.wanted(ref) for ref in "abc"] == ["visible"] * 3


# Rule 15: every decision can be undone


def test_an_overturned_filing_is_corrected_though_another_finding_stands(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a")
    desk.upload("b")
    desk.report("a", "b")
    desk.yes(ravi, "a")
    desk.yes(ravi, "b")
    for one in owed("report_authority"):
        commands.mark_kept(one.pk, person_id=ravi.pk, reference="1234", now=desk.clock.now)
    appeal(desk, "a")
    desk.no(lena, "a")
    desk.no(mira, "a")
    assert owed("correct_authority").exists()


def test_a_filing_about_a_child_is_corrected_though_two_people_now_say_adult(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.UNSURE)
    desk.yes(ravi, "a", age=Age.UNSURE, clause="ncii.shared")
    for one in owed("report_authority"):
        commands.mark_kept(one.pk, person_id=ravi.pk, reference="1234", now=desk.clock.now)
    appeal(desk, "a")
    desk.no(lena, "a", age=Age.ADULT, clause="ncii.shared")
    desk.no(mira, "a", age=Age.ADULT, clause="ncii.shared")
    assert desk.wanted("a") == "visible"
    assert owed("correct_authority").exists()


def test_a_decision_can_be_overturned_twice(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person, mira: Person
) -> None:
    others = [
        Person.objects.create(pseudonym=f"R{number}", qualifications=["child_safety"]) for number in range(6)
    ]
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    filed = desk.report("a")
    desk.yes(ravi, "a")
    appeal(desk, "a")
    desk.no(others[0], "a")
    desk.no(others[1], "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["visible"] * 2
    desk.clock.pass_(minutes=1)
    commands.complain(filed.report_id, item_id=desk.item("a").pk, text="No.", now=desk.clock.now)
    desk.yes(others[2], "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["gone"] * 2
    desk.clock.pass_(minutes=1)
    appeal(desk, "a")
    desk.no(others[3], "a")
    desk.no(others[4], "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["visible"] * 2
    assert not Decision.objects.filter(verdict="violating", overturned_at=None).exists()


def test_overturning_ends_what_the_decision_owed_and_tells_who_was_told(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.report("a")
    desk.yes(ravi, "a")
    (told,) = notices(desk, "a", "removed")
    commands.holder_told(int(told.subject.partition(":")[2]), obligation_id=told.pk, now=desk.clock.now)
    assert notices(desk, "b", "removed")
    assert "second_look" in desk.owed("a")
    desk.clock.pass_(minutes=1)
    desk.no(rosa, "a")
    desk.no(lena, "a", tie=True)
    assert [desk.wanted(ref) for ref in "ab"] == ["visible"] * 2
    assert "second_look" not in desk.owed("a")
    assert notices(desk, "a", "overturned")
    assert not notices(desk, "b", "removed")
    assert not notices(desk, "b", "overturned")
    assert Obligation.objects.filter(kind="unblock", subject=f"item:{desk.item('a').pk}").exists()


# Rule 16: telling can hurt


def notices(desk: TestDesk, ref: str, kind: str) -> list[Obligation]:
    numbers = Notice.objects.filter(item=desk.item(ref), kind=kind).values_list("pk", flat=True)
    subjects = [f"notice:{number}" for number in numbers]
    return list(Obligation.objects.filter(kind="tell_holder", subject__in=subjects, state="owed"))


def test_a_stated_danger_delays_the_notice_of_a_removal(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, danger=Danger.NOW)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    (told,) = notices(desk, "a", "removed")
    assert told.not_before is not None
    assert told.not_before > desk.clock.now


def test_a_stated_danger_delays_the_notice_of_the_hiding(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT, danger=Danger.NOW)
    (told,) = notices(desk, "a", "interim")
    assert told.not_before is not None


def test_a_stated_danger_delays_the_notice_of_a_copy(desk: TestDesk) -> None:
    desk.upload("a")
    desk.upload("b", account="max")
    desk.report("a", harm="ncii", age=Age.ADULT, danger=Danger.NOW)
    desk.find_copies("a", b=7)
    (told,) = notices(desk, "b", "interim")
    assert told.not_before is not None


def test_nobody_is_told_of_a_hiding_that_has_ended(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    assert notices(desk, "a", "interim")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert not notices(desk, "a", "interim")


def test_who_was_told_of_a_hiding_is_told_of_its_end(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    (told,) = notices(desk, "a", "interim")
    number = int(told.subject.partition(":")[2])
    commands.holder_told(number, obligation_id=told.pk, now=desk.clock.now)
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert notices(desk, "a", "restored")


def test_nobody_is_told_that_nothing_was_decided_after_it_was(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    assert not notices(desk, "a", "interim")
    assert notices(desk, "a", "removed")


def test_who_was_never_told_of_a_removal_is_not_told_of_its_undoing(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.no(rosa, "a")
    desk.no(lena, "a", tie=True)
    assert desk.wanted("a") == "visible"
    assert not notices(desk, "a", "removed")
    assert not notices(desk, "a", "overturned")


# Rule 18: withdrawing


def test_a_withdrawn_report_complains_no_more(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    first = cleared(desk, ravi, rosa)
    commands.withdraw_report(first, now=desk.clock.now)
    with pytest.raises(Refused, match="withdrawn"):
        commands.complain(first, item_id=desk.item("a").pk, text="No.", now=desk.clock.now)


def test_an_adults_withdrawal_ends_nothing_where_another_says_child(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.CHILD, relation=Relation.GUARDIAN)
    adult = desk.report("a", harm="ncii", age=Age.ADULT)
    commands.withdraw_report(adult.report_id, now=desk.clock.now)
    assert not owed("confirm_ending").exists()


# Rule 23: an authority's report does no more than any


@pytest.mark.parametrize("relation", [Relation.AUTHORITY, Relation.PLATFORM_USER])
def test_a_repetition_by_an_authority_or_a_signed_in_user_hides_nothing_that_people_cleared(
    desk: TestDesk, ravi: Person, rosa: Person, relation: Relation
) -> None:
    cleared(desk, ravi, rosa)
    desk.report("a", relation=relation, verified=True, token="key:1")
    assert desk.wanted("a") == "visible"
    assert "look" in desk.owed("a")


@pytest.mark.parametrize("relation", [Relation.REPRESENTATIVE, Relation.TRUSTED_FLAGGER])
def test_a_verified_representative_or_trusted_flagger_hides_again_what_people_cleared(
    desk: TestDesk, ravi: Person, rosa: Person, relation: Relation
) -> None:
    cleared(desk, ravi, rosa)
    desk.report("a", relation=relation, verified=True, token="key:1")
    assert desk.wanted("a") == "hidden"
