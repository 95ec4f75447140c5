"""A hash list that decides: the very file of one that the pack trusts, and nothing else."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import ItemIn
from answerable.cases.models import Account, Case, Decision, Finding, Item, KnownChange, Notice, Person
from answerable.cases.queries.listed import is_withdrawn
from answerable.matching import known as known_module
from answerable.matching.known import Known
from answerable.matching.screening import screen
from answerable.media import Fingerprints
from answerable.obligations.models import Obligation
from answerable.platforms.notices import text_of
from answerable.policy import load, store
from answerable.policy.words import Age, Relation, Verdict
from tests.cases.desk import TestDesk, prints
from tests.cases.lists import says, value, withdraws
from tests.policy.edits import BASELINE, edited

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


def entries_of(kind: str) -> list[dict[str, Any]]:
    """The events of that kind in the log, oldest first."""
    rows = AuditEntry.objects.filter(kind=kind).order_by("pk").values_list("event", flat=True)
    return [json.loads(event) for event in rows]


def screened(file: str) -> str:
    """What an upload of that file meets."""
    return screen(Fingerprints(sha256=prints(file).sha256)).verdict.value


def filings() -> dict[str, Obligation]:
    """What is owed to authorities, by regime."""
    return {one.regime: one for one in Obligation.objects.filter(kind="report_authority", state="owed")}


def test_an_upload_on_a_trusted_list_is_decided_removed_and_filed(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake")
    item = desk.upload("a", file="lake", held="list", on_lists=("ncmec.A1",))
    assert item.wanted == "gone"
    decision = Decision.objects.get()
    assert (decision.verdict, decision.basis, decision.clause) == (
        "violating",
        "exact_match",
        "csam.depiction",
    )
    finding = Finding.objects.get()
    assert (finding.matched_list, finding.review, finding.age) == ("ncmec.A1", None, "child")
    assert finding.at == desk.clock.now
    assert item.case is not None
    assert (item.case.harm, item.case.closed_at) == ("csam", None)
    assert set(filings()) == {"us", "uk", "eu"}
    assert filings()["us"].due_at == desk.clock.now + timedelta(hours=24)
    assert {"remove", "second_look"} <= desk.owed("a")
    assert not desk.owed() & {"judge_account", "suspend_account", "search_account"}, "rule 12"
    [matched] = entries_of("list_matched")
    assert (matched["list"], matched["matched"], matched["item"]) == ("ncmec.A1", "sha256", item.pk)
    assert matched["entry"]
    assert screened("lake") == "block"


def test_what_was_reported_is_decided_when_it_is_fetched_and_people_look_all_the_same(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    says(desk, "ncmec", "lake", label="A2")
    desk.report("a", age=Age.UNSURE, relation=Relation.WITNESS)
    assert desk.wanted("a") == "hidden"
    owed = Obligation.objects.get(kind="fetch_item", state="owed")
    fetched = ItemIn(platform="sample", ref="a", account_ref="uri", prints=prints("lake"))
    commands.item_fetched(desk.item("a").pk, item_in=fetched, obligation_id=owed.pk, now=desk.clock.now)
    assert desk.wanted("a") == "gone"
    assert Finding.objects.get().matched_list == "ncmec.A2"
    assert {"look", "decide", "second_look"} <= desk.owed("a"), "a person was promised, and looks"
    desk.clock.pass_(minutes=5)
    desk.yes(ravi, "a")
    assert not desk.owed("a") & {"look", "decide"}
    assert "second_look" in desk.owed("a"), "one person confirms nothing alone, whatever a list says"
    assert Decision.objects.get().confirmed_by_two_at is None
    assert "judge_account" not in desk.owed()
    desk.yes(rosa, "a")
    assert Decision.objects.get().confirmed_by_two_at is not None
    assert "judge_account" in desk.owed()
    assert Finding.objects.count() == 1


def test_what_was_known_before_the_list_is_decided_with_the_search_that_its_report_owes(
    desk: TestDesk,
) -> None:
    desk.upload("a", file="lake")
    says(desk, "ncmec", "lake")
    assert desk.wanted("a") == "visible"
    desk.report("a")
    desk.find_copies("a")
    assert (desk.wanted("a"), Decision.objects.get().basis) == ("gone", "exact_match")
    desk.platform_obeys()
    assert not Obligation.objects.filter(kind="find_copies", state="owed").exists()


def test_whoever_else_posts_a_listed_file_is_found_too_while_the_list_has_it(desk: TestDesk) -> None:
    desk.upload("before", file="lake", account="max")
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake", held="list", on_lists=("ncmec.A1",))
    desk.upload("after", file="lake", account="lou")
    found = Finding.objects.order_by("content__item__ref").values_list("content__item__ref", "matched_list")
    assert list(found) == [("a", "ncmec.A1"), ("after", "ncmec.A1"), ("before", "ncmec.A1")]
    withdraws(desk, "ncmec", "lake")
    desk.upload("late", file="lake", account="kim")
    assert Finding.objects.count() == 3


def test_the_identical_file_shares_it_and_a_near_one_is_looked_at(desk: TestDesk) -> None:
    near = prints("tarn", 3)
    desk.upload("near", prints=near, account="max")
    desk.upload("b", file="lake", account="max")
    says(desk, "ncmec", "lake")
    lake = prints("lake", 0)
    desk.upload("a", prints=lake)
    assert desk.wanted("b") == "gone"
    shared = Decision.objects.get(content__item__ref="b")
    assert (shared.basis, shared.of_decision) == ("exact_copy", Decision.objects.get(content__item__ref="a"))
    desk.find_copies("a", near=3)
    assert (desk.wanted("near"), "look" in desk.owed("near")) == ("hidden", True)
    assert not Decision.objects.filter(content__item__ref="near").exists()


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("ncmec", {"kinds": ("md5",)}),
        ("ncmec", {"kinds": ("sha1",)}),
        ("ncmec", {"kinds": ("md5", "sha1")}),
        ("ncmec", {"flip": 1}),
        ("ncmec", {"label": "B1"}),
        ("ncmec", {"label": ""}),
        ("ncmec", {"label": "a1"}),
        ("ncmec.A1", {"label": "x"}),
        ("ncmec", {"source": "stopncii"}),
        ("iwf", {}),
        ("stopncii", {}),
        ("takeitdown", {}),
        ("hma.A1", {}),
    ],
)
def test_nothing_else_decides(desk: TestDesk, name: str, facts: dict[str, Any]) -> None:
    says(desk, name, "lake", **facts)
    held = "list" if screened("lake") != "clear" or "md5" in facts.get("kinds", ()) else ""
    desk.upload("a", file="lake", held=held)
    desk.report("a")
    desk.find_copies("a")
    assert not Decision.objects.exists()
    assert not Finding.objects.exists()
    assert desk.wanted("a") == "hidden"
    assert "look" in desk.owed("a")
    assert filings() == {}


def test_a_match_by_md5_is_hidden_until_people_looked(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake", kinds=("md5",))
    assert screen(Fingerprints(md5=value("md5", "lake").hex())).verdict.value == "hold"
    desk.upload("a", file="lake", held="list", on_lists=("ncmec.A1",))
    assert (desk.wanted("a"), "look" in desk.owed("a")) == ("hidden", True)
    assert not Decision.objects.exists()


def test_a_list_that_the_desk_does_not_have_decides_nothing(desk: TestDesk) -> None:
    assert desk.upload("a", file="lake").wanted == "visible"
    assert not Case.objects.exists()


def test_a_word_or_an_account_is_never_decided_by_a_list(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake")
    desk.report("a", kind="account")
    desk.upload("a", file="lake", kind="account")
    assert not Decision.objects.exists()


def test_a_pack_that_trusts_no_list_lets_none_decide(desk: TestDesk) -> None:
    text = BASELINE
    for name in ("ncmec.A1", "ncmec.A2"):
        text = text.replace(f", {{list: {name}, exact: true, clause: csam.depiction}}", "")
    store.activate(load(text), desk.clock.pass_(seconds=1))
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake", held="list", on_lists=("ncmec.A1",))
    assert (desk.wanted("a"), Decision.objects.exists()) == ("hidden", False)


def test_a_case_keeps_to_the_pack_that_it_is_pinned_to(desk: TestDesk) -> None:
    desk.upload("a", file="lake")
    desk.report("a")
    trusting = edited(
        "exact: true}, {list: ncmec.A1", "exact: true}, {list: iwf.A, exact: true}, {list: ncmec.A1"
    )
    trusting = trusting.replace("lists:\n", "lists:\n  - {list: iwf.A, exact: block}\n", 1)
    store.activate(load(trusting), desk.clock.pass_(seconds=1))
    says(desk, "iwf", "lake", "hill", label="A")
    desk.find_copies("a")
    assert desk.wanted("a") == "hidden"
    assert desk.upload("b", file="hill").wanted == "gone"


def test_a_reporters_mere_word_that_it_is_an_adult_stops_no_filing(desk: TestDesk) -> None:
    """Who posted it may report it, too."""
    desk.upload("a", file="lake")
    desk.report("a", harm="ncii", age=Age.ADULT)
    says(desk, "ncmec", "lake")
    desk.find_copies("a")
    assert (desk.item("a").age, Finding.objects.get().age) == ("child", "child")
    assert "us" in filings()


def test_what_people_found_to_be_an_adults_is_theirs_to_decide(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    desk.upload("a", file="lake")
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.yes(rosa, "a", age=Age.ADULT, clause="ncii.shared")
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake", edited=True)
    assert not Finding.objects.exists()
    assert Decision.objects.get().basis == "reviews"


def test_a_list_overrules_nobody(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    desk.upload("a", file="lake")
    desk.report("a")
    desk.no(ravi, "a")
    says(desk, "ncmec", "lake")
    desk.find_copies("a")
    assert not Decision.objects.exists(), "one person's no, and the second is still owed"
    desk.no(rosa, "a")
    desk.upload("a", file="lake", edited=True)
    desk.upload("b", file="lake", held="list", on_lists=("ncmec.A1",))
    assert not Decision.objects.filter(verdict="violating").exists()
    assert (desk.wanted("a"), desk.wanted("b"), "look" in desk.owed("b")) == ("visible", "hidden", True)


def test_two_people_who_find_nothing_undo_all_of_it(desk: TestDesk, ravi: Person, rosa: Person) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    desk.upload("b", file="lake", account="max")
    for filing in filings().values():
        commands.mark_kept(filing.pk, person_id=ravi.pk, reference="filed", now=desk.clock.now)
    desk.clock.pass_(hours=1)
    desk.no(ravi, "a", age=Age.ADULT)
    assert desk.wanted("a") == "gone"
    desk.no(rosa, "a", age=Age.ADULT)
    assert (desk.wanted("a"), desk.wanted("b")) == ("visible", "visible")
    assert Finding.objects.filter(withdrawn_at__isnull=False).count() == 2
    assert not Finding.objects.filter(withdrawn_at=None).exists()
    corrections = Obligation.objects.filter(kind="correct_authority", state="owed")
    assert set(corrections.values_list("regime", flat=True)) == {"us", "uk", "eu"}


def test_a_withdrawn_entry_overturns_nothing_and_people_look_soon(
    desk: TestDesk, ravi: Person, rosa: Person
) -> None:
    says(desk, "ncmec", "lake", "hill")
    desk.upload("a", file="lake")
    assert screened("lake") == "block"
    desk.clock.pass_(hours=1)
    withdraws(desk, "ncmec", "lake")
    assert desk.wanted("a") == "gone"
    assert Finding.objects.get().withdrawn_at is None
    assert is_withdrawn(Decision.objects.get())
    look = Obligation.objects.get(kind="look", state="owed")
    assert (look.subject, look.due_at) == (
        f"item:{desk.item('a').pk}",
        desk.clock.now + timedelta(minutes=15),
    )
    assert [one["item"] for one in entries_of("list_withdrawn")] == [desk.item("a").pk]
    assert screened("lake") == "hold", "it is no longer refused, and somebody looks"
    desk.upload("b", file="lake", account="max", held="list")
    assert desk.wanted("b") == "hidden"
    desk.no(ravi, "a", age=Age.ADULT)
    desk.no(rosa, "a", age=Age.ADULT)
    assert desk.wanted("a") == "visible"
    assert Finding.objects.get().withdrawn_at is not None


def test_what_people_affirmed_is_ours_whatever_becomes_of_the_entry(desk: TestDesk, ravi: Person) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    desk.yes(ravi, "a")
    withdraws(desk, "ncmec", "lake")
    assert entries_of("list_withdrawn") == []
    assert not Obligation.objects.filter(kind="look", state="owed").exists()
    assert screened("lake") == "block"
    assert desk.upload("b", file="lake", account="max").wanted == "gone"


def test_another_entry_that_decides_is_enough(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake", key="1/lake")
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    withdraws(desk, "ncmec", "lake")
    assert entries_of("list_withdrawn") == []
    assert screened("lake") == "block"


def test_a_class_that_changes_and_a_list_turned_off_are_withdrawn_too(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake", "hill")
    desk.upload("a", file="lake")
    desk.upload("b", file="hill")
    says(desk, "ncmec", "lake", label="B2")
    assert [one["item"] for one in entries_of("list_withdrawn")] == [desk.item("a").pk]
    commands.turn_list("ncmec", on=False, actor="operator", now=desk.clock.now)
    while commands.end_entries("ncmec", now=desk.clock.now):
        pass
    assert [one["item"] for one in entries_of("list_withdrawn")] == [desk.item("a").pk, desk.item("b").pk]
    assert desk.upload("c", file="hill", account="max").wanted == "visible"


def test_a_list_under_a_harm_that_adults_have_removes_and_files_only_what_people_affirm(
    desk: TestDesk, ravi: Person
) -> None:
    trusting = edited(
        "or_match: [{list: own.confirmed_by_two, exact: true}]}\n    clauses:\n      - id: ncii.shared",
        "or_match: [{list: partner.ncii, exact: true}]}\n    clauses:\n      - id: ncii.shared",
    ).replace("lists:\n", "lists:\n  - {list: partner.ncii, exact: block, harm: ncii}\n", 1)
    store.activate(load(trusting), desk.clock.pass_(seconds=1))
    says(desk, "partner", "lake", label="ncii")
    desk.upload("a", file="lake")
    assert (desk.wanted("a"), Decision.objects.get().clause) == ("gone", "ncii.shared")
    assert not Finding.objects.exists()
    assert filings() == {}, "a list that says nothing of an age tells no authority of a child"
    desk.yes(ravi, "a", age=Age.UNSURE, clause="ncii.shared")
    assert Finding.objects.get().review is not None
    assert "us" in filings()


def test_the_holder_is_told_the_truth_about_who_decided(desk: TestDesk, ravi: Person) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    notice = Notice.objects.get(kind="removed")
    assert "a child protection centre lists" in text_of(notice, "")
    desk.yes(ravi, "a")
    assert "one that people decided about" in text_of(notice, "")


def test_our_own_list_holds_near_uploads_of_it_and_refuses_nothing_by_itself(desk: TestDesk) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", prints=prints("lake", 0))
    on_lists = KnownChange.objects.filter(cause__startswith="content:", op="add")
    assert set(on_lists.values_list("hash_list", flat=True)) == {"own.reported"}
    near = screen(Fingerprints(pdq=(7).to_bytes(32, "big"), pdq_quality=100))
    assert (near.verdict.value, near.on_lists) == ("hold", ("own.reported",))
    assert Item.objects.get().wanted == "gone"
    assert Decision.objects.get().verdict == Verdict.VIOLATING


def test_a_yes_beside_a_no_affirms_nothing_until_a_lead_settles_it(
    desk: TestDesk, ravi: Person, rosa: Person, lena: Person
) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    desk.no(ravi, "a")
    desk.yes(rosa, "a")
    withdraws(desk, "ncmec", "lake")
    assert screened("lake") == "hold"
    desk.yes(lena, "a", tie=True)
    assert screened("lake") == "block"
    assert not is_withdrawn(Decision.objects.get())


def test_a_reporter_of_the_identical_file_gets_the_look_that_was_promised(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("b", file="lake", account="max")
    desk.report("b")
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    assert desk.wanted("b") == "gone"
    assert {"look", "decide"} <= desk.owed("b")
    desk.yes(ravi, "b")
    assert not desk.owed("b") & {"look", "decide"}
    withdraws(desk, "ncmec", "lake")
    assert (screened("lake"), entries_of("list_withdrawn")) == ("block", []), (
        "a person affirmed the very file"
    )


def test_what_was_held_meanwhile_shares_it_when_a_person_affirms(desk: TestDesk, ravi: Person) -> None:
    says(desk, "ncmec", "lake")
    desk.upload("a", file="lake")
    withdraws(desk, "ncmec", "lake")
    desk.upload("b", file="lake", account="max", held="list")
    assert desk.wanted("b") == "hidden"
    desk.yes(ravi, "a")
    assert desk.wanted("b") == "gone"


SAID = st.tuples(
    st.sampled_from(["ncmec", "ncmec", "ncmec", "iwf", "stopncii", "takeitdown"]),
    st.sampled_from(["A1", "A2", "B1", "B2", "", "A"]),
    st.sampled_from([("sha256",), ("sha256", "md5"), ("md5",), ("sha1",), ("md5", "sha1")]),
    st.sampled_from([0, 0, 0, 1, 31]),
    st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(
    said=st.lists(SAID, max_size=4),
    seen=st.sampled_from(["upload", "report", "search"]),
    refused=st.booleans(),
    age=st.sampled_from([*Age]),
)
def test_whatever_lists_say_only_the_very_file_on_a_trusted_class_decides(
    said: list[tuple[str, str, tuple[str, ...], int, bool]], seen: str, refused: bool, age: Age
) -> None:
    """Of each: list, class, kinds, bits that differ, and whether the source withdrew it again."""
    with transaction.atomic():
        desk = TestDesk(datetime(2026, 12, 1, 9, tzinfo=UTC))
        ravi = Person.objects.create(pseudonym="Ravi", qualifications=["child_safety", "intimate_images"])
        expected = False
        if seen != "upload":
            desk.report("a", harm="ncii", age=age)
        if seen == "search" or refused:
            desk.upload("a", file="lake")
        if refused:
            desk.report("a", harm="ncii", age=age)
            desk.no(ravi, "a", age=age)
        for number, (name, label, kinds, flip, withdrawn) in enumerate(said):
            says(desk, name, "lake", label=label, kinds=kinds, flip=flip, key=f"{name}/{number}")
            if withdrawn:
                withdraws(desk, name, str(number))
            fits = name == "ncmec" and label in ("A1", "A2") and "sha256" in kinds and flip == 0
            expected = expected or (fits and not withdrawn)
        if seen == "search":
            desk.find_copies("a")
        else:
            desk.upload("a", file="lake", edited=True)
        expected = expected and not refused
        assert Decision.objects.filter(basis="exact_match").exists() == expected
        assert Finding.objects.exists() == expected
        assert (desk.wanted("a") == "gone") == expected
        assert bool(filings()) == expected
        assert not Account.objects.exclude(uploads_held_since=None, strikes=0).exists()
        transaction.set_rollback(True)
