"""The rules that always hold, tried through the commands, as their users meet them."""

from datetime import datetime

import pytest

from answerable.cases import codes, commands
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.models import Case, Decision, Finding, KnownChange, Message, Notice, Person, Report
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.platforms.notices import text_of
from answerable.policy.words import Age, Danger, Relation
from tests.cases.desk import TestDesk, prints

pytestmark = pytest.mark.django_db


def test_one_report_hides_the_item_and_owes_the_rest(desk: TestDesk) -> None:
    desk.upload("a")
    filed = desk.report("a")
    assert desk.wanted("a") == "hidden"
    assert {"hide", "look", "decide", "find_copies"} <= desk.owed("a")
    assert len(filed.code) == 16
    hide = Obligation.objects.get(kind="hide")
    assert (hide.due_at - desk.clock.now).total_seconds() <= 60


def test_one_persons_refusal_of_a_child_is_none(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    desk.report("a")
    assert desk.no(ravi, "a").verdict is None
    assert desk.wanted("a") == "hidden"
    assert "decide" in desk.owed("a")
    with pytest.raises(AlreadyDone):
        desk.no(ravi, "a")
    assert desk.no(rosa, "a").verdict == "not_violating"
    assert desk.wanted("a") == "visible"


def test_an_unqualified_person_judges_nothing_about_a_child(desk: TestDesk, petra: Person) -> None:
    desk.upload("a")
    desk.report("a")
    with pytest.raises(Refused, match="qualification"):
        desk.no(petra, "a")


def test_one_persons_yes_removes_the_file_and_identical_ones(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.upload("c", account="third")
    desk.report("a")
    desk.yes(ravi, "a")
    assert [desk.wanted(ref) for ref in "abc"] == ["gone", "gone", "visible"]
    assert "second_look" in desk.owed("a")
    assert Decision.objects.get(content__item__ref="b").basis == "exact_copy"
    assert Finding.objects.count() == 1
    assert KnownChange.objects.filter(hash_list="own.confirmed", op="add", kind="sha256").exists()


def test_two_who_differ_are_settled_by_a_lead_who_has_not_seen_it(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    assert desk.yes(rosa, "a").verdict is None
    assert desk.wanted("a") == "hidden"
    assert "settle_tie" in desk.owed("a")
    with pytest.raises(AlreadyDone):
        desk.yes(lena, "a")
    settled = desk.yes(lena, "a", tie=True)
    assert settled.verdict == "violating"
    assert settled.confirmed_by_two
    assert desk.wanted("a") == "gone"


def test_near_copies_are_hidden_and_looked_at_and_never_removed_unlooked(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    desk.report("a")
    desk.find_copies("a", b=12)
    assert desk.wanted("b") == "hidden"
    assert "look" in desk.owed("b")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    assert desk.wanted("b") == "hidden"
    desk.yes(ravi, "b")
    assert desk.wanted("b") == "gone"


def test_clearing_an_original_puts_back_what_was_hidden_because_of_it_alone(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", account="other")
    desk.upload("c", file="same", account="third")
    desk.upload("d", account="fourth")
    desk.report("a")
    desk.report("d")
    desk.find_copies("a", b=12, c=0, d=20)
    assert [desk.wanted(ref) for ref in "abcd"] == ["hidden"] * 4
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert [desk.wanted(ref) for ref in "abcd"] == ["visible", "visible", "visible", "hidden"]


def test_a_repetition_after_a_clearing_gets_a_look_and_hides_nothing(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(minutes=5)
    desk.report("a")
    assert desk.wanted("a") == "visible"
    assert "look" in desk.owed("a")
    assert desk.item("a").interim_times == 1
    assert desk.no(ravi, "a").verdict == "not_violating"
    assert "look" not in desk.owed("a")


def test_an_earlier_code_with_a_new_fact_hides_a_cleared_item_once_for_each_fact(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(minutes=5)
    desk.report("a", earlier_report_id=filed.report_id, new_fact="police")
    assert desk.wanted("a") == "hidden"


def test_an_answer_reopens_before_people_who_did_not_decide(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.no(ravi, "a")
    desk.clock.pass_(minutes=5)
    message = commands.answer_report(
        filed.report_id, text="We are both minors.", fact="age", age=Age.CHILD, now=desk.clock.now
    )
    assert {"read_answer"} <= desk.owed()
    with pytest.raises(Refused):
        commands.read_answer(message, person_id=ravi.pk, now=desk.clock.now)
    assert commands.read_answer(message, person_id=rosa.pk, now=desk.clock.now) == "We are both minors."
    with pytest.raises(Refused):
        desk.no(ravi, "a")
    assert desk.no(rosa, "a").verdict is None
    assert desk.yes(lena, "a").verdict is None
    assert desk.wanted("a") == "hidden"


def test_the_eleventh_unlooked_item_of_one_author_waits_for_a_look(desk: TestDesk, ravi: Person) -> None:
    for number in range(12):
        desk.upload(f"n{number}")
        desk.report(f"n{number}")
    wanted = [desk.wanted(f"n{number}") for number in range(12)]
    assert wanted == ["hidden"] * 10 + ["visible"] * 2
    look = Obligation.objects.get(kind="look", subject=f"item:{desk.item('n11').pk}")
    assert (look.due_at - desk.clock.now).total_seconds() == 300
    assert "page_people" in desk.owed()
    desk.yes(ravi, "n0")
    desk.upload("more")
    desk.report("more")
    assert desk.wanted("more") == "hidden"


def test_the_guard_counts_files_and_acts_at_twice_as_many_places(desk: TestDesk) -> None:
    for number in range(12):
        desk.upload(f"u{number}", file=f"n{number}")
        desk.upload(f"p{number}", file=f"n{number}")
        desk.report(f"u{number}")
        desk.report(f"p{number}")
    wanted = [desk.wanted(f"u{number}") for number in range(12)]
    assert (wanted.count("hidden"), wanted[:10].count("hidden")) == (10, 10)
    assert [desk.wanted(f"p{number}") for number in range(12)] == wanted


def test_a_thousand_identical_files_do_not_each_search_for_the_thousand(desk: TestDesk, ravi: Person) -> None:
    for number in range(5):
        desk.upload(f"n{number}", prints=prints("the same", 60))
    desk.report("n0")
    desk.find_copies("n0", **{f"n{number}": 0 for number in range(1, 5)})
    desk.yes(ravi, "n0")
    assert [desk.wanted(f"n{number}") for number in range(5)] == ["gone"] * 5
    searching = Obligation.objects.filter(kind="find_copies", state="owed")
    assert [one.subject for one in searching] == [f"item:{desk.item('n0').pk}"]


def test_one_file_in_many_places_is_no_way_around_the_guard(desk: TestDesk) -> None:
    for number in range(24):
        desk.upload(f"n{number}", file="the same")
        desk.report(f"n{number}")
    assert [desk.wanted(f"n{number}") for number in range(24)].count("hidden") == 20


def test_text_and_accounts_are_never_hidden_unlooked(desk: TestDesk) -> None:
    desk.upload("t", kind="text")
    desk.report("t", kind="text")
    assert desk.wanted("t") == "visible"
    assert "look" in desk.owed("t")


def test_overturning_undoes_everything_that_followed(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="other")
    desk.upload("c", account="third")
    desk.report("a")
    desk.find_copies("a", c=9)
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    account = desk.item("a").account_id
    assert account is not None
    commands.judge_account(account, person_id=ravi.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)
    assert desk.item("a").account.uploads_held_since is not None
    desk.platform_obeys()
    mira = Person.objects.create(pseudonym="Mira", qualifications=["child_safety"])
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="This is a lake.", now=desk.clock.now)
    with pytest.raises(Refused, match="part"):
        desk.no(ravi, "a")
    due_before = earliest_for_people(desk, "a")
    desk.no(lena, "a")
    assert desk.wanted("a") == "gone"
    assert earliest_for_people(desk, "a") == due_before  # it must not tell that somebody judged
    desk.no(mira, "a")
    assert [desk.wanted(ref) for ref in "abc"] == ["visible"] * 3
    assert desk.item("a").account.uploads_held_since is None
    assert KnownChange.objects.filter(hash_list="own.confirmed", op="remove").exists()
    assert not Finding.objects.filter(withdrawn_at__isnull=True).exists()
    assert Message.objects.filter(reply="overturned").exists()


def earliest_for_people(desk: TestDesk, ref: str) -> datetime:
    """When the first thing is due that people owe an item."""
    owed = Obligation.objects.filter(subject=f"item:{desk.item(ref).pk}", state="owed").exclude(by="worker")
    return min(owed.values_list("due_at", flat=True))


def test_a_changed_file_is_a_new_content_and_no_decision_holds(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.upload("a", file="another")
    assert "look" in desk.owed("a")
    assert desk.no(ravi, "a").verdict is None


def test_reports_on_the_same_item_join_one_case_and_raise_it(desk: TestDesk) -> None:
    desk.upload("a")
    desk.report("a")
    desk.report("a", relation=Relation.GUARDIAN)
    case = Case.objects.get()
    assert case.reports_count == 2


def test_a_report_without_any_link_is_read_by_a_person(desk: TestDesk) -> None:
    filed = desk.report(statement="On the forum, under the name of a flower.")
    assert "read_report" in desk.owed()
    assert Report.objects.get(pk=filed.report_id).case is not None


def test_danger_now_owes_a_person_within_fifteen_minutes(desk: TestDesk) -> None:
    desk.report(statement="He says he comes tonight.", harm="grooming", danger=Danger.NOW)
    danger = Obligation.objects.get(kind="answer_danger")
    assert (danger.due_at - desk.clock.now).total_seconds() <= 900


def test_a_complete_request_is_refused_only_by_two_who_name_what_is_missing(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report(
        "a", harm="ncii", age=Age.ADULT, signature="Dana", contact="dana@example.org", good_faith=True
    )
    assert desk.wanted("a") == "hidden"
    assert "remove_if_undecided" in desk.owed("a")
    with pytest.raises(Refused, match="missing"):
        desk.no(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    facts = {"age": Age.ADULT, "clause": "ncii.shared", "missing_element": "nobody_identifiable"}
    assert desk.no(ravi, "a", **facts).verdict is None
    assert desk.no(rosa, "a", **facts).verdict == "not_violating"


def test_withdrawing_ends_messages_and_lifts_nothing(desk: TestDesk) -> None:
    desk.upload("a")
    filed = desk.report("a", contact="dana@example.org")
    commands.withdraw_report(filed.report_id, now=desk.clock.now)
    report = Report.objects.get(pk=filed.report_id)
    assert report.contact is None
    assert desk.wanted("a") == "hidden"
    with pytest.raises(Refused):
        commands.answer_report(filed.report_id, text="wait", now=desk.clock.now)


def test_a_confirmed_file_uploaded_again_is_gone_before_anybody_sees_it(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a", file="same")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.upload("again", file="same", account="fifth")
    assert desk.wanted("again") == "gone"


def test_the_same_request_twice_is_one_report_with_one_code(desk: TestDesk) -> None:
    desk.upload("a")
    first = desk.report("a", idempotency=("intake", "nonce", "digest"))
    second = desk.report("a", idempotency=("intake", "nonce", "digest"))
    assert (first.report_id, first.code) == (second.report_id, second.code)
    assert second.repeated
    with pytest.raises(Refused):
        desk.report("a", idempotency=("intake", "nonce", "another"))


def test_lifting_takes_one_person_and_one_fact_and_refuses_nothing(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a", prints=prints("a", 3))
    desk.report("a")
    reviewed = desk.no(ravi, "a", nobody_in_it=True)
    assert reviewed.lifted
    assert reviewed.verdict is None
    assert desk.wanted("a") == "visible"
    assert "decide" in desk.owed("a")


def test_every_repetition_after_a_clearing_can_be_looked_at(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    for _time in range(3):
        desk.clock.pass_(minutes=10)
        desk.report("a")
        assert "look" in desk.owed("a")
        desk.no(ravi, "a")
        assert "look" not in desk.owed("a")


def test_a_report_that_came_during_the_clearing_look_can_be_looked_at(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    began_at = desk.clock.now
    desk.clock.pass_(minutes=1)
    desk.report("a")
    desk.no(rosa, "a", began_at=began_at)
    assert "look" in desk.owed("a")
    desk.clock.pass_(minutes=1)
    desk.no(ravi, "a")
    assert "look" not in desk.owed("a")


def test_each_report_is_answered_once(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a")
    first = desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(minutes=5)
    second = desk.report("a")
    desk.no(ravi, "a")
    for filed in (first, second):
        assert Message.objects.filter(report_id=filed.report_id, reply="not_violating").count() == 1


def test_who_reports_what_is_already_removed_is_told_so_at_once(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    late = desk.report("a")
    assert Message.objects.filter(report_id=late.report_id, reply="violating_removed").count() == 1
    assert "look" not in desk.owed("a")


def test_what_comes_at_once_against_one_account_is_one_page(desk: TestDesk) -> None:
    for number in range(15):
        desk.upload(f"p{number}")
        desk.report(f"p{number}")
    assert Obligation.objects.filter(kind="page_people", state="owed").count() == 1


def test_every_account_that_posted_a_confirmed_file_is_asked_about(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="second")
    desk.report("a")
    desk.yes(ravi, "a")
    assert not Obligation.objects.filter(kind="judge_account").exists()
    desk.yes(rosa, "a")
    desk.upload("c", file="same", account="third")
    owed = set(Obligation.objects.filter(kind="judge_account").values_list("subject", flat=True))
    accounts = {desk.item(ref).account_id for ref in "abc"}
    assert owed == {f"account:{number}" for number in accounts}
    second = desk.item("b").account_id
    assert second is not None
    assert commands.judge_account(second, person_id=ravi.pk, answer=HolderIs.OFFENDER, now=desk.clock.now)


@pytest.mark.parametrize("reversed_", [False, True])
def test_who_complains_gets_an_answer(desk: TestDesk, ravi: Person, rosa: Person, reversed_: bool) -> None:
    desk.upload("a")
    filed = desk.report("a")
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    desk.clock.pass_(minutes=5)
    commands.complain(filed.report_id, item_id=desk.item("a").pk, text="Look again.", now=desk.clock.now)
    others = [
        Person.objects.create(pseudonym=name, qualifications=["child_safety"]) for name in ("Mira", "Omar")
    ]
    for person in others[:1] if reversed_ else others:
        (desk.yes if reversed_ else desk.no)(person, "a")
    reply = "complaint_upheld" if reversed_ else "complaint_rejected"
    told = Message.objects.filter(report_id=filed.report_id, reply__startswith="complaint_")
    assert list(told.values_list("reply", flat=True)) == ["complaint_received", reply]
    assert not Obligation.objects.filter(kind="decide_complaint", state="owed").exists()


def test_whose_appeal_is_rejected_is_told_so(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    desk.platform_obeys()
    desk.clock.pass_(minutes=5)
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.now)
    desk.yes(lena, "a")
    answered = Notice.objects.get(item=desk.item("a"), kind="appeal_rejected")
    assert Obligation.objects.filter(
        kind="tell_holder", subject=f"notice:{answered.pk}", state="owed"
    ).exists()
    assert text_of(answered, "").count("dispute body") == 1


def test_what_is_held_at_upload_follows_the_bytes_that_are_hidden(desk: TestDesk) -> None:
    desk.upload("a", file="first")
    desk.report("a")
    desk.upload("a", file="second")
    listed: dict[bytes, str] = {}
    for change in KnownChange.objects.filter(hash_list="own.reported", kind="sha256").order_by("seq"):
        listed[bytes(change.value)] = change.op
    expected = {prints("first").sha256: "remove", prints("second").sha256: "add"}
    assert {value.hex(): op for value, op in listed.items()} == expected


def test_an_upload_reported_before_anybody_knew_its_bytes_is_held_once_they_are_known(desk: TestDesk) -> None:
    desk.report("unregistered")
    assert not KnownChange.objects.exists()
    desk.upload("unregistered", file="late")
    assert KnownChange.objects.filter(hash_list="own.reported", op="add", kind="sha256").count() == 1


def test_a_copy_is_put_back_with_its_original_though_it_was_reported_and_cleared_before(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="max")
    desk.report("b")
    desk.no(ravi, "b")
    desk.no(rosa, "b")
    desk.clock.pass_(hours=1)
    desk.report("a")
    desk.find_copies("a", b=10)
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["gone", "hidden"]
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="This is a lake.", now=desk.clock.pass_(hours=1))
    for name in ("Mira", "Nora"):
        desk.no(Person.objects.create(pseudonym=name, qualifications=["child_safety"]), "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["visible", "visible"]


def test_a_copy_that_was_reported_since_stays_hidden_when_its_original_is_put_back(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.upload("b", account="max")
    filed = desk.report("b")
    desk.no(ravi, "b")
    desk.no(rosa, "b")
    desk.clock.pass_(hours=1)
    desk.report("a")
    desk.report("b", earlier_report_id=filed.report_id, new_fact="police")
    desk.find_copies("a", b=10)
    desk.no(ravi, "a")
    desk.no(rosa, "a")
    assert [desk.wanted(ref) for ref in "ab"] == ["visible", "hidden"]


def test_a_request_that_became_complete_is_refused_by_two_who_name_what_is_missing(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.no(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.clock.pass_(minutes=5)
    complete = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True}
    desk.report("a", harm="ncii", age=Age.ADULT, **complete)
    named = {"age": Age.ADULT, "clause": "ncii.shared", "missing_element": "not_intimate"}
    assert desk.no(rosa, "a", **named).verdict is None
    assert "decide" in desk.owed("a")
    mira = Person.objects.create(pseudonym="Mira", qualifications=["intimate_images"])
    assert desk.no(mira, "a", **named).verdict == "not_violating"


def test_what_people_decided_stays_removed_though_it_was_removed_before_without_them(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a", file="same")
    desk.upload("b", file="same", account="max")
    complete = {"signature": "Dana", "contact": "dana@example.org", "good_faith": True}
    desk.report("a", harm="ncii", age=Age.ADULT, **complete)
    desk.find_copies("a", b=0)
    forty = Obligation.objects.get(kind="remove_if_undecided")
    commands.remove_undecided(desk.item("a").pk, obligation_id=forty.pk, now=desk.clock.pass_(hours=40))
    assert [desk.wanted(ref) for ref in "ab"] == ["gone", "gone"]
    desk.yes(ravi, "b", age=Age.ADULT, clause="ncii.shared")
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="We agreed.", now=desk.clock.pass_(hours=1))
    for name in ("Mira", "Nora"):
        other = Person.objects.create(pseudonym=name, qualifications=["intimate_images"])
        desk.no(other, "a", age=Age.ADULT, clause="ncii.shared", missing_element="published_with_consent")
    assert [desk.wanted(ref) for ref in "ab"] == ["visible", "gone"]


def test_a_case_is_open_while_two_who_differ_wait_for_a_lead(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    desk.upload("a")
    desk.report("a")
    desk.yes(ravi, "a")
    assert desk.item("a").case.closed_at is not None
    desk.no(rosa, "a")
    assert "settle_tie" in desk.owed("a")
    assert desk.item("a").case.closed_at is None
    desk.yes(lena, "a", tie=True)
    assert desk.item("a").case.closed_at is not None
