"""Findings that fall at every moment of the reports that name them: each report is corrected once, and no other."""

import itertools
import os
import re
from collections import Counter
from datetime import timedelta

import pytest

from answerable.authorities.ncmec.steps import take
from answerable.cases import codes, commands
from answerable.cases.models import Filing, Finding, Notice, Person
from answerable.cases.queries import evidence
from answerable.cases.rules.filing import Step
from answerable.obligations.models import Obligation
from tests.authorities.ncmec.conftest import FilingDesk
from tests.fakes.ncmec import LOGIN, State, client

pytestmark = pytest.mark.django_db
HOW_FAR = ("drafted", "open", "finish_asked", "finished")


@pytest.fixture
def people(db: None) -> list[Person]:
    """Two who decide, and two who look at what is contested."""
    names = ("Ravi", "Rosa", "Mira", "Nora")
    return [
        Person.objects.create(pseudonym=f"{name} here", qualifications=["child_safety", "intimate_images"])
        for name in names
    ]


def fall(desk: FilingDesk, people: list[Person], ref: str) -> None:
    """Uri appeals, and two other people find nothing."""
    notice = Notice.objects.filter(item=desk.item(ref)).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.pass_(hours=1))
    for person in people[2:]:
        desk.no(person, ref)


def filing_of(ref: str) -> Filing:
    return Filing.objects.exclude(state="dropped").get(purpose="report", files__content__item__ref=ref)


def bring(desk: FilingDesk, person: Person, ref: str, how_far: str) -> list:
    """A person agrees to the report with that file, and it comes so far; what is asked and not answered yet."""
    filing = filing_of(ref)
    if how_far == "drafted" or filing.state != "drafted":
        return []
    commands.approve_filing(filing.pk, person_id=person.pk, digest=filing.digest, now=desk.clock.now)
    asking = commands.begin_step(filing.pk, obligation_id=None, now=desk.clock.now)
    while asking is not None and asking.next.step is not Step.FINISH:
        take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
        if how_far == "open":
            return []
        asking = commands.begin_step(filing.pk, obligation_id=None, now=desk.clock.now)
    if how_far == "finish_asked":
        return [asking]
    take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
    return []


def end(desk: FilingDesk, person: Person, asked: list) -> None:
    """What was asked is answered, and everything goes its way."""
    for asking in asked:
        take(asking, client(desk.ncmec), obligation_id=None, seconds_for_bytes=5)
    for _ in range(4):
        desk.draft()
        desk.approve(person)
        desk.work(seconds=30)


def corrections(desk: FilingDesk) -> Counter[tuple[int, str]]:
    """Of each report and file, how often NCMEC was told to disregard it."""
    found: Counter[tuple[int, str]] = Counter()
    for report in desk.ncmec.reports.in_state(State.FINISHED):
        document = report.document.decode()
        corrects = re.search(r"corrects CyberTipline report (\d+)", document)
        if corrects:
            found.update((int(corrects[1]), sha256) for sha256 in re.findall(r"SHA-256 (\w{64})", document))
    return found


def named(desk: FilingDesk) -> set[tuple[int, str]]:
    """What the finished reports named."""
    found = set()
    for report in desk.ncmec.reports.in_state(State.FINISHED):
        document = report.document.decode()
        if "corrects CyberTipline report" not in document:
            found |= {(report.number, sha256) for sha256 in re.findall(r"SHA-256 (\w{64})", document)}
    return found


def assert_each_corrected_once(desk: FilingDesk) -> None:
    fallen = set(Finding.objects.exclude(withdrawn_at=None).values_list("content__sha256", flat=True))
    assert corrections(desk) == Counter({one: 1 for one in named(desk) if one[1] in fallen})
    standing = set(Finding.objects.filter(withdrawn_at=None).values_list("content__sha256", flat=True))
    reported = [sha256 for _, sha256 in named(desk) if sha256 in standing]
    assert sorted(reported) == sorted(standing), "what stands is reported, once"
    to_ncmec = Obligation.objects.filter(kind__in=["report_authority", "correct_authority"], regime="us")
    left = to_ncmec.filter(state="owed")
    assert not left.exists()


ALL = [
    (accounts, first, second, falls, apart)
    for accounts in (("uri", "max"), ("uri", "uri"))
    for first, second in itertools.product(("finished", "finish_asked"), HOW_FAR)
    for falls in (("a",), ("b",), ("a", "b"), ("b", "a"))
    for apart in (False, True)
    if accounts[0] != accounts[1] or first == second == "finished"
]
FEW = [
    *[(("uri", "max"), "finished", second, ("a",), False) for second in HOW_FAR],
    (("uri", "max"), "finished", "open", ("b", "a"), True),
    (("uri", "max"), "finish_asked", "drafted", ("a", "b"), False),
    (("uri", "uri"), "finished", "finished", ("a", "b"), False),
    (("uri", "uri"), "finished", "finished", ("a", "b"), True),
]


@pytest.mark.parametrize(
    ("accounts", "first", "second", "falls", "apart"), ALL if "ANSWERABLE_SOAK_STORIES" in os.environ else FEW
)
def test_each_report_that_named_what_fell_is_corrected_once(
    desk, configure, people, accounts, first, second, falls, apart
):
    configure(send="after_a_person")
    for ref, account in zip("ab", accounts, strict=True):
        desk.post(ref, account=account)
    desk.report("a", "b")
    for ref in "ab":
        desk.yes(people[0], ref)
    desk.draft()
    asked = [*bring(desk, people[0], "a", first), *bring(desk, people[0], "b", second)]
    for ref in falls:
        fall(desk, people, ref)
        if apart:
            end(desk, people[0], asked)
            asked = []
    end(desk, people[0], asked)
    assert_each_corrected_once(desk)


def test_a_report_of_which_all_fell_while_another_was_on_its_way_is_kept_its_year(desk, configure, people):
    configure(send="after_a_person")
    desk.post("a")
    desk.post("b", account="max")
    desk.report("a", "b")
    for ref in "ab":
        desk.yes(people[0], ref)
    desk.draft()
    bring(desk, people[0], "a", "finished")
    fall(desk, people, "b")
    fall(desk, people, "a")
    assert evidence.was_filed(desk.item("a").content)
    assert not evidence.was_filed(desk.item("b").content)
    end(desk, people[0], [])
    duty = Obligation.objects.get(kind="report_authority", regime="us")
    assert (duty.state, duty.reference) == ("kept", str(filing_of("a").report_id))
    ends = Obligation.objects.get(kind="destroy_preserved", regime="us", state="owed")
    assert ends.not_before >= duty.closed_at + timedelta(days=365)


def test_what_people_were_to_file_by_hand_is_drafted_anew_without_what_fell(desk, people, tmp_path):
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    for ref in "ab":
        desk.post(ref)
    desk.report("a", "b")
    for ref in "ab":
        desk.yes(people[0], ref)
    desk.work()
    assert filing_of("a").state == "by_hand"
    fall(desk, people, "a")
    (tmp_path / "ncmec.login").write_text(LOGIN)
    desk.work()
    ((_, sha256),) = named(desk)
    assert sha256 == desk.item("b").content.sha256
    assert not Obligation.objects.filter(kind="correct_authority", regime="us").exists()
