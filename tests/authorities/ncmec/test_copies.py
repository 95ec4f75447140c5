"""The identical file that others posted: reported to NCMEC once two people confirmed it, each account by itself."""

import re

import pytest

from answerable.authorities import filing
from answerable.cases import codes, commands
from answerable.cases.commands import deciding, elsewhere, undoing
from answerable.cases.models import Account, Filing, Finding, Item, ItemContent, Notice, Person
from answerable.cases.queries import filings
from answerable.cases.rules.deciding import HolderIs
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from tests.authorities.ncmec.conftest import FilingDesk
from tests.fakes.ncmec import State

pytestmark = pytest.mark.django_db
WAIT_OVER = {"hours": 13}


@pytest.fixture
def mira(db: None) -> Person:
    return Person.objects.create(pseudonym="Mira", qualifications=["child_safety", "intimate_images"])


@pytest.fixture
def nora(db: None) -> Person:
    return Person.objects.create(pseudonym="Nora", qualifications=["child_safety", "intimate_images"])


def post_same(desk: FilingDesk, ref: str, file: str, *, account: str) -> None:
    """Another account posts the same bytes on the site."""
    desk.site.add(ref, file.encode(), account=account)
    desk.upload(ref, file=file, account=account)
    ItemContent.objects.filter(item__ref=ref).update(size=len(file))


def confirmed(desk: FilingDesk, *people: Person, **facts) -> None:
    """Uri's file was reported, and these people saw it and found it violating."""
    desk.post("a")
    desk.report("a", **facts.pop("report", {}))
    for person in people:
        desk.see(person, "a")
        desk.yes(person, "a", **facts)


def filed(desk: FilingDesk) -> dict[str, list]:
    """What NCMEC has, finished, by whom it names as the one reported; empty: nobody."""
    found: dict[str, list] = {}
    for report in desk.ncmec.reports.in_state(State.FINISHED):
        found.setdefault(report.root.findtext("personOrUserReported/espIdentifier") or "", []).append(report)
    return found


def answer(desk: FilingDesk, person: Person, account: str, holder: HolderIs = HolderIs.OFFENDER) -> None:
    row = Account.objects.get(ref=account)
    commands.judge_account(row.pk, person_id=person.pk, answer=holder, now=desk.clock.now)


def settle(desk: FilingDesk) -> None:
    desk.turns.now = desk.clock.now
    desk.turns.settle()


def overturn(desk: FilingDesk, ref: str, *people: Person) -> None:
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.pass_(hours=1))
    for person in people:
        desk.no(person, ref)


def test_one_persons_yes_reports_no_other_account(desk, ravi):
    post_same(desk, "b", "a", account="max")
    confirmed(desk, ravi)
    desk.work(**WAIT_OVER)
    assert set(filed(desk)) == {"uri"}
    assert Finding.objects.count() == 1


def test_whoever_posted_the_identical_file_before_and_after_is_reported(desk, ravi, rosa):
    post_same(desk, "before", "a", account="max")
    confirmed(desk, ravi, rosa)
    post_same(desk, "after", "a", account="lou")
    for account in ("max", "lou"):
        answer(desk, ravi, account)
    desk.work()
    found = filed(desk)
    assert {name: len(reports) for name, reports in found.items()} == {"uri": 1, "max": 1, "lou": 1}
    assert [len(reports[0].files) for reports in found.values()] == [1, 1, 1]
    assert set(Finding.objects.exclude(review=None).values_list("content__item__ref", flat=True)) == {"a"}
    listed = Finding.objects.filter(review=None)
    assert set(listed.values_list("matched_list", flat=True)) == {"own.confirmed_by_two"}
    said = found["max"][0].root.findtext("additionalInfo")
    assert "two qualified people of this provider judged the identical file" in said
    assert not Obligation.objects.filter(kind="report_authority", regime="us", state="owed").exists()


def test_what_is_held_at_upload_is_reported_too(desk, ravi, rosa):
    confirmed(desk, ravi, rosa)
    desk.site.add("b", b"a", account="max", wanted="hidden")  # the platform keeps it back
    desk.upload("b", file="a", account="max", held="list", on_lists=("own.confirmed_by_two",))
    assert desk.wanted("b") == "gone"
    answer(desk, ravi, "max")
    desk.work()
    assert set(filed(desk)) == {"uri", "max"}


def test_only_what_a_person_saw_where_it_was_posted_was_viewed(desk, ravi, rosa):
    post_same(desk, "b", "a", account="max")
    post_same(desk, "c", "a", account="lou")
    confirmed(desk, ravi, rosa)
    desk.see(ravi, "c")
    for account in ("max", "lou"):
        answer(desk, ravi, account)
    desk.work()
    viewed = {
        name: [file.details.findtext("fileViewedByEsp") for file in reports[0].files.values()]
        for name, reports in filed(desk).items()
    }
    assert viewed == {"uri": ["true"], "max": ["false"], "lou": ["true"]}
    said = filed(desk)["max"][0].root.findtext("additionalInfo")
    assert "looked at by nobody here, though somebody here looked at the identical file" in said


def test_it_waits_for_the_answer_whose_account_it_is_and_not_for_ever(desk, ravi, rosa):
    post_same(desk, "b", "a", account="max")
    confirmed(desk, ravi, rosa)
    desk.work(hours=1)
    assert set(filed(desk)) == {"uri"}
    assert Obligation.objects.filter(kind="report_authority", regime="us", state="owed").exists()
    desk.work(hours=12)
    (report,) = filed(desk)[""]
    assert report.root.find("personOrUserReported") is None
    assert "posted by the account max of sample" in report.root.findtext("additionalInfo")
    owed = Obligation.objects.filter(kind="report_authority", regime="us")
    assert {one.state for one in owed} == {"kept"}
    assert all(one.closed_at <= one.due_at for one in owed)


@pytest.mark.parametrize(
    ("holder", "victim", "compromised"),
    [
        (HolderIs.DEPICTED, "max", None),
        (HolderIs.TAKEN_OVER, None, "true"),
        (HolderIs.OUTRAGE, None, None),
    ],
)
def test_a_person_says_whether_the_holder_is_a_victim_before_it_is_named(
    desk, ravi, rosa, holder, victim, compromised
):
    post_same(desk, "b", "a", account="max")
    confirmed(desk, ravi, rosa)
    answer(desk, ravi, "max", holder)
    desk.work()
    (report,) = [one for found in filed(desk).values() for one in found if b"/p/b" in one.document]
    assert report.root.findtext("victim/espIdentifier") == victim
    assert report.root.findtext("personOrUserReported/compromisedAccount") == compromised
    named = report.root.find("personOrUserReported")
    assert (named is None) == (holder is HolderIs.DEPICTED)
    if holder is HolderIs.OUTRAGE:
        assert "in outrage" in named.findtext("additionalInfo")


def test_an_adults_file_is_never_reported_wherever_it_stands(desk, ravi, rosa):
    post_same(desk, "b", "a", account="max")
    facts = {"age": Age.ADULT, "clause": "ncii.shared"}
    confirmed(desk, ravi, rosa, report={"harm": "ncii", "age": Age.ADULT}, **facts)
    post_same(desk, "c", "a", account="lou")
    desk.work(**WAIT_OVER)
    assert desk.wanted("b") == desk.wanted("c") == "gone"
    assert Finding.objects.count() == 0
    assert desk.ncmec.asked == []


def test_a_reporters_mere_adult_does_not_hide_what_two_people_found_a_childs(desk, ravi, rosa):
    post_same(desk, "b", "a", account="max")
    desk.report("b", harm="ncii", age=Age.ADULT)
    confirmed(desk, ravi, rosa)
    assert desk.item("b").age == Age.CHILD
    assert Finding.objects.filter(content__item__ref="b").exists()


def test_what_was_overturned_before_it_was_filed_never_is(desk, ravi, rosa, mira, nora):
    post_same(desk, "b", "a", account="max")
    confirmed(desk, ravi, rosa)
    overturn(desk, "a", mira, nora)
    assert not Finding.objects.filter(withdrawn_at=None).exists()
    desk.work(**WAIT_OVER)
    assert filed(desk) == {}


def test_each_report_is_corrected_when_the_decision_falls(desk, ravi, rosa, mira, nora):
    accounts = ["max", "lou", "kim"]
    for account in accounts:
        post_same(desk, f"of-{account}", "a", account=account)
    confirmed(desk, ravi, rosa)
    for account in accounts:
        answer(desk, ravi, account)
    desk.work()
    numbers = {reports[0].number for reports in filed(desk).values()}
    assert len(numbers) == 4
    overturn(desk, "a", mira, nora)
    desk.work()
    corrected = [
        int(found[1])
        for reports in filed(desk).values()
        for report in reports
        if (found := re.search(r"corrects CyberTipline report (\d+)", report.document.decode()))
    ]
    assert sorted(corrected) == sorted(numbers)


def test_a_correction_names_nobody_whom_its_report_did_not_name(desk, ravi, rosa, mira, nora):
    post_same(desk, "b", "a", account="max")
    desk.site.site.facts["max"] = {"items": [{"ref": "b", "recipients": [{"account": "dana"}]}]}
    confirmed(desk, ravi, rosa)
    desk.work(**WAIT_OVER)
    assert len(filed(desk)["uri"]) == len(filed(desk)[""]) == 1
    overturn(desk, "a", mira, nora)
    desk.work()
    assert len(filed(desk)["uri"]) == len(filed(desk)[""]) == 2
    assert not any(report.root.find("intendedRecipient") is not None for report in filed(desk)[""])
    assert "max" not in [one["account"] for one in desk.site.site.requests if one["verb"] == "account.facts"]


def test_one_place_that_is_cleared_by_itself_falls_alone(desk, ravi, rosa, mira, nora):
    post_same(desk, "b", "a", account="max")
    confirmed(desk, ravi, rosa)
    answer(desk, ravi, "max")
    desk.work()
    overturn(desk, "b", mira, nora)
    desk.work()
    corrections = Filing.objects.filter(purpose="correction", state="finished")
    assert [one.account.ref for one in corrections] == ["max"]
    assert Finding.objects.filter(withdrawn_at=None).count() == 1


def test_a_finding_follows_what_people_find_of_the_age_later(desk, ravi, rosa, mira, nora):
    post_same(desk, "b", "a", account="max")
    confirmed(
        desk, ravi, rosa, age=Age.UNSURE, clause="ncii.shared", report={"harm": "ncii", "age": Age.UNSURE}
    )
    assert Finding.objects.filter(withdrawn_at=None).count() == 2
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="I am 30.", now=desk.clock.pass_(hours=1))
    for person in (mira, nora):
        desk.yes(person, "a", age=Age.ADULT, clause="ncii.shared")
    assert desk.wanted("b") == "gone"
    assert not Finding.objects.filter(withdrawn_at=None).exists()


def test_a_near_copy_that_one_person_looked_at_is_a_finding_of_its_own(desk, ravi, rosa):
    desk.post("a")
    desk.post("near", account="max")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.yes(rosa, "a")
    desk.find_copies("a", near=7)
    assert desk.wanted("near") == "hidden"
    assert not Finding.objects.filter(content__item__ref="near").exists()
    desk.yes(ravi, "near")
    finding = Finding.objects.get(content__item__ref="near")
    assert finding.review is not None
    desk.work()
    assert set(filed(desk)) == {"uri", "max"}


def test_a_copy_that_comes_when_the_duty_is_due_soon_waits_for_nobody(desk, configure, ravi, rosa):
    configure(send="after_a_person")
    confirmed(desk, ravi, rosa)
    desk.draft()
    desk.clock.pass_(hours=23)
    post_same(desk, "b", "a", account="max")
    assert {one.account.ref for one in desk.draft()} == {"uri", "max"}


def test_an_authority_that_refuses_all_of_them_gets_no_more_and_nobody_is_paged_for_each(
    desk, ravi, rosa, tmp_path, monkeypatch
):
    monkeypatch.setattr(filings, "COPIES_AT_ONCE", 2)
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    for number in range(5):
        post_same(desk, f"b{number}", "a", account=f"user{number}")
    confirmed(desk, ravi, rosa)
    desk.clock.pass_(hours=13)
    for _ in range(4):
        desk.work()
    assert Filing.objects.filter(state="by_hand").count() == 1 + 2


def test_many_places_are_worked_off_some_at_a_time(desk, configure, ravi, rosa, mira, nora, monkeypatch):
    many = 9
    for module in (elsewhere, deciding, undoing):
        monkeypatch.setattr(module, "AT_ONCE", 4)
    monkeypatch.setattr(filings, "COPIES_AT_ONCE", 4)
    configure(copies_per_hour=6)
    for number in range(many):
        post_same(desk, f"b{number}", "a", account=f"user{number}")
    confirmed(desk, ravi)
    assert Item.objects.filter(wanted="gone").count() == 1 + 4
    settle(desk)
    assert Item.objects.filter(wanted="gone").count() == 1 + many
    desk.yes(rosa, "a")
    assert Finding.objects.count() == 1 + 4
    settle(desk)
    assert Finding.objects.count() == 1 + many
    desk.clock.pass_(hours=13)  # nobody answers whose accounts these are
    drafted = [filing.draft_due(desk.clock.now) for _ in range(3)]
    assert drafted == [1 + 4, 0, 0], "so much at once"
    for _ in range(2):
        desk.work()
    assert len(filed(desk)[""]) == 6, "and so much in an hour"
    desk.work(hours=1)
    desk.work()
    assert len(filed(desk)[""]) == many
    owed = Obligation.objects.filter(kind="report_authority", regime="us")
    assert {one.state for one in owed} == {"kept"}
    overturn(desk, "a", mira, nora)
    assert Item.objects.filter(wanted="visible").count() == 1 + 4
    settle(desk)
    assert Item.objects.filter(wanted="visible").count() == 1 + many
    assert not Finding.objects.filter(withdrawn_at=None).exists()
    for _ in range(4):
        desk.work()
    corrected = Filing.objects.filter(purpose="correction", state="finished")
    reports = Filing.objects.filter(purpose="report", state="finished")
    assert sorted(corrected.values_list("corrects", flat=True)) == sorted(
        reports.values_list("pk", flat=True)
    )
