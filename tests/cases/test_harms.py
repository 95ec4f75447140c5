"""Which harm a case is about: what its people may judge under, who must agree to refuse, and who is told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from answerable.cases import commands
from answerable.cases.inputs import Link, ReportIn
from answerable.cases.models import Case, Finding, Person, ReportedItem
from answerable.cases.queries.queue import rows
from answerable.obligations.models import Obligation
from answerable.policy import Pack, store
from answerable.policy.load import load
from answerable.policy.words import Age, Relation
from tests.cases.desk import TestDesk

pytestmark = pytest.mark.django_db
SEXTORTION = ("  sextortion:\n", "  grooming:\n")


def filed_with(kind: str = "report_authority") -> set[str]:
    """The regimes to which something of that kind is owed."""
    return set(Obligation.objects.filter(kind=kind, state="owed").values_list("regime", flat=True))


def witnessed(desk: TestDesk, ref: str, *, age: Age = Age.ADULT, **facts: Any) -> None:
    """Somebody saw it and calls it something else that is against the law."""
    desk.report(ref, harm="other_illegal", age=age, relation=Relation.WITNESS, **facts)


@pytest.fixture
def other_pack(desk: TestDesk) -> Callable[[Callable[[str], str]], Pack]:
    """Another pack takes over: the baseline's text, changed."""

    def activate(change: Callable[[str], str]) -> Pack:
        pack = load(change(store.active().text))
        with transaction.atomic():
            store.activate(pack, desk.clock.pass_(minutes=1))
        return pack

    return activate


def with_stalking(text: str) -> str:
    """A pack that knows one more harm, as severe as can be."""
    start, end = (text.index(word) for word in SEXTORTION)
    stalking = text[start:end].replace("sextortion", "stalking")
    return text[:start] + stalking + text[start:]


def without_sextortion(text: str) -> str:
    """A pack that no longer knows a harm, nor what no other shares."""
    start, end = (text.index(word) for word in SEXTORTION)
    text = text[:start] + text[end:]
    start, end = (text.index(word) for word in ("  eu_blackmail:\n", "  eu_threats:\n"))
    return text[:start] + text[end:]


def test_a_yes_under_a_severer_clause_than_the_reports_owes_what_that_clause_owes(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    witnessed(desk, "a", age=Age.UNSURE)
    desk.yes(ravi, "a", clause="csam.depiction")
    assert filed_with() == {"us", "uk", "eu"}
    assert filed_with("preserve") == {"us", "uk", "eu"}


def test_a_yes_under_a_milder_clause_than_the_case_still_tells_whom_the_case_would(
    desk: TestDesk, ravi: Person
) -> None:
    desk.upload("a")
    desk.report("a", harm="csam")
    desk.yes(ravi, "a", clause="other_illegal.law")
    assert filed_with() == {"us", "uk", "eu"}


def test_two_cases_that_are_joined_are_about_the_severer_harm(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    witnessed(desk, "a")
    desk.clock.pass_(minutes=1)
    desk.report("b", harm="csam")
    desk.find_copies("b", a=10)
    assert desk.item("b").case == desk.item("a").case
    assert desk.item("b").case.harm == "csam"
    desk.yes(ravi, "b", clause="csam.depiction")
    assert filed_with() == {"us", "uk", "eu"}


def test_a_closed_case_that_an_open_one_is_joined_into_is_opened_again(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.upload("b", account="other")
    witnessed(desk, "a")
    desk.no(ravi, "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.item("a").case.closed_at is not None
    desk.clock.pass_(minutes=1)
    desk.report("b", harm="csam")
    desk.find_copies("b", a=10)
    assert desk.item("b").case == desk.item("a").case
    assert desk.item("b").case.closed_at is None


def test_copies_in_several_cases_all_come_into_the_oldest_one(desk: TestDesk) -> None:
    for ref in "abcd":
        desk.upload(ref, account=f"of {ref}")
    for ref in "abc":
        witnessed(desk, ref)
        desk.clock.pass_(minutes=1)
    desk.report("c")
    desk.find_copies("c", a=10, b=12, d=9)
    assert {desk.item(ref).case_id for ref in "abcd"} == {desk.item("a").case_id}
    root = desk.item("a").case
    assert set(Case.objects.exclude(pk=root.pk).values_list("joined_into", flat=True)) == {root.pk}
    assert root.harm == "csam"
    assert desk.item("d").age == Age.CHILD


def test_a_report_whose_link_leads_into_a_milder_case_makes_it_about_the_severer_harm(
    desk: TestDesk,
) -> None:
    desk.upload("a")
    witnessed(desk, "a")
    short = Link("http://127.0.0.1:8402/s/x", "sample")
    commands.file_report(
        ReportIn(harm="csam", age=Age.CHILD, relation=Relation.DEPICTED, links=(short,)), now=desk.clock.now
    )
    row = ReportedItem.objects.get(state="resolving")
    resolve = Obligation.objects.get(kind="resolve")
    commands.resolved(row.pk, ref="a", obligation_id=resolve.pk, now=desk.clock.now)
    assert desk.item("a").case.harm == "csam"
    assert desk.item("a").case.reports_count == 2


def test_a_refusal_follows_the_strictest_harm_under_which_the_item_was_reported(
    desk: TestDesk, ravi: Person
) -> None:
    mia = Person.objects.create(pseudonym="Mia", qualifications=["intimate_images"])
    desk.upload("a")
    desk.report("a", harm="sextortion", age=Age.ADULT)
    desk.report("a", harm="csam", age=Age.ADULT)
    assert desk.item("a").case.harm == "sextortion"  # both are as severe as can be
    assert not [row for row in rows(mia, now=desk.clock.now) if row.page == "item"]
    assert [row for row in rows(ravi, now=desk.clock.now) if row.page == "item"]


def test_a_report_under_a_harm_that_an_older_case_does_not_know_reaches_it(
    desk: TestDesk, ravi: Person, other_pack: Callable[..., Pack]
) -> None:
    desk.upload("a")
    witnessed(desk, "a")
    newer = other_pack(with_stalking)
    desk.report("a", harm="stalking")
    case = desk.item("a").case
    assert (case.harm, case.pack_digest) == ("stalking", newer.digest)
    assert [row.harm for row in rows(ravi, now=desk.clock.now)] == ["stalking"]
    assert desk.yes(ravi, "a", clause="stalking.threat").verdict == "violating"
    assert filed_with() == {"us", "uk", "eu"}


def test_a_report_reaches_a_case_whose_harm_the_new_pack_dropped(
    desk: TestDesk, ravi: Person, other_pack: Callable[..., Pack]
) -> None:
    desk.upload("a")
    desk.report("a", harm="sextortion", age=Age.UNSURE)
    older = desk.item("a").case.pack_digest
    other_pack(without_sextortion)
    desk.report("a", harm="csam")
    case = desk.item("a").case
    assert (case.harm, case.pack_digest) == ("sextortion", older)
    assert [row.page for row in rows(ravi, now=desk.clock.now)] == ["item"]
    assert desk.yes(ravi, "a", clause="csam.depiction").verdict == "violating"


def test_an_answer_to_a_report_under_a_dropped_harm_reopens_what_was_refused(
    desk: TestDesk, ravi: Person, rosa: Person, other_pack: Callable[..., Pack]
) -> None:
    desk.upload("a")
    filed = desk.report("a", harm="sextortion")
    desk.no(ravi, "a", clause="sextortion.threat")
    desk.no(rosa, "a", clause="sextortion.threat")
    assert desk.item("a").case.closed_at is not None
    other_pack(without_sextortion)
    commands.answer_report(filed.report_id, text="Look again, please.", now=desk.clock.now)
    assert desk.item("a").case.closed_at is None
    assert "decide" in desk.owed("a")
    assert rows(Person.objects.create(pseudonym="Mira", qualifications=["child_safety"]), now=desk.clock.now)


def test_a_file_that_was_confirmed_under_a_dropped_clause_is_still_removed(
    desk: TestDesk, ravi: Person, other_pack: Callable[..., Pack]
) -> None:
    desk.upload("a")
    desk.report("a", harm="sextortion")
    desk.yes(ravi, "a", clause="sextortion.threat")
    other_pack(without_sextortion)
    desk.report("new", harm="csam")
    desk.upload("new", file="a", account="other")
    assert desk.wanted("new") == "gone"
    assert Finding.objects.count() == 1


def test_an_upload_of_a_held_account_waits_also_where_the_new_pack_dropped_its_harm(
    desk: TestDesk, ravi: Person, rosa: Person, other_pack: Callable[..., Pack]
) -> None:
    desk.upload("a")
    desk.report("a", harm="sextortion")
    desk.yes(ravi, "a", clause="sextortion.threat")
    other_pack(without_sextortion)
    desk.upload("new", held="account")
    assert desk.wanted("new") == "hidden"
    assert {row.page for row in rows(rosa, now=desk.clock.now)} == {"item"}
