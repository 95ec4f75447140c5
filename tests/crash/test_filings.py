"""`kill -9` at every crash point of a filing, and an authority that fails at every step: one finished report each.

The n-th matter is killed at the n-th point of its filing, and some once more while they recover. The CyberTipline runs
in this process and outlives them all.
"""

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from answerable.authorities import filing
from answerable.cases import commands
from answerable.cases.inputs import ItemIn, Link, ReportIn, ReviewIn
from answerable.cases.models import Filing, FilingFile, Item, ItemContent, Person
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation, Verdict
from answerable.settings.config import Authorities, Config, Desk, Ncmec, NcmecReporter
from answerable.settings.config import Platform as Entry
from tests.cases.desk import prints
from tests.crash.conftest import forked
from tests.fakes.ncmec import LOGIN, Server, State, Trouble, When
from tests.fakes.platform import Platform
from tests.support.turns import Turns

SEED = int(os.environ.get("ANSWERABLE_SEED", "2026"))
SOAK_KILLS = int(os.environ.get("ANSWERABLE_SOAK_KILLS", "0"))
MOST_POINTS = 150
MOST_RANDOM = 60


@pytest.fixture
def ncmec(now: Any) -> Iterator[Server]:
    """The CyberTipline."""
    with Server(lambda: now) as server:
        yield server


@pytest.fixture
def configured(entry: Entry, ncmec: Server, tmp_path: Path, settings: Any) -> Entry:
    """A desk that files at once."""
    login = tmp_path / "ncmec.login"
    login.write_text(LOGIN)
    told = Ncmec(
        base_url=ncmec.base,
        environment="production",
        login_file=str(login),
        send="at_once",
        reporter=NcmecReporter(email="reports@photos.example"),
    )
    settings.CONFIG = Config(
        desk=Desk(regimes=("us",)),
        platforms=(entry,),
        authorities=Authorities(ncmec=told),
        environment="test",
    )
    return entry


@pytest.fixture
def worker(turns: Turns, ncmec: Server) -> Turns:
    """A worker by turns, whose clock is NCMEC's too."""
    ncmec.reports.clock = lambda: turns.now
    return turns


def decided(turns: Turns, site: Platform, ref: str) -> Item:
    """Uri posted something, Dana reported it, Ravi said yes."""
    site.add(ref, ref.encode(), account=f"uri-{ref}")
    item_in = ItemIn(platform="site", ref=ref, account_ref=f"uri-{ref}", url=f"{site.site.url}/p/{ref}",
                     prints=prints(ref))  # fmt: skip
    item = Item.objects.get(pk=commands.register_item(item_in, now=turns.now).item_id)
    report_in = ReportIn(
        harm="csam",
        relation=Relation.DEPICTED,
        age=Age.CHILD,
        links=(Link(f"{site.site.url}/p/{ref}", "site", ref),),
    )
    commands.file_report(report_in, now=turns.now)
    assert item.content_id is not None
    review_in = ReviewIn(
        content_ids=(item.content_id,),
        person_id=Person.objects.get(pseudonym="Ravi").pk,
        verdict=Verdict.VIOLATING,
        age=Age.CHILD,
        clause="csam.depiction",
        reason="as the clause says",
        began_at=turns.now,
    )
    commands.review(review_in, now=turns.now)
    turns.settle()
    with transaction.atomic():
        ItemContent.objects.filter(pk=item.content_id).update(size=len(ref))
    return item


def owed(item: Item) -> bool:
    """Whether its report is still to be filed: a kill meets something."""
    item.refresh_from_db()
    return Obligation.objects.filter(
        kind="report_authority", regime="us", case_id=item.case_id, state="owed"
    ).exists()


def work(turns: Turns) -> None:
    """The worker (re)starts and works for ten minutes."""
    with transaction.atomic():
        attempts.clear_leases()
    filing.draft_due(turns.now)
    turns.live(minutes=10)
    filing.send_large()
    turns.settle()


def assert_filed_once(ncmec: Server, turns: Turns, items: list[Item]) -> None:
    """Of each exactly one finished report, with its one file; nothing unfinished lives past its expiry."""
    finished = ncmec.reports.in_state(State.FINISHED)
    accounts = [report.root.findtext("personOrUserReported/espIdentifier") for report in finished]
    assert sorted(map(str, accounts)) == sorted(f"uri-{item.ref}" for item in items)
    for report in finished:
        (file,) = report.files.values()
        assert file.details is not None
    numbers = {report.number for report in finished}
    assert set(Filing.objects.filter(state="finished").values_list("report_id", flat=True)) == numbers
    assert not Filing.objects.exclude(state="finished").exists()
    assert not FilingFile.objects.filter(told_at=None).exists()
    kept = Obligation.objects.filter(kind="report_authority", regime="us")
    assert {one.state for one in kept} == {"kept"}
    assert not Obligation.objects.filter(kind="file_step", state="owed").exists()
    turns.now += timedelta(hours=25)
    assert ncmec.reports.in_state(State.OPEN) == []


@pytest.mark.parametrize("named", ["*"] if SOAK_KILLS else ["committed", "called"])
def test_a_kill_at_every_point_of_a_filing_files_exactly_once(
    named: str, worker: Turns, site: Platform, ncmec: Server
) -> None:
    """What is on disk differs after each commit, and what NCMEC has after each call: `make soak` meets all the rest."""
    chance, kills, items = random.Random(SEED), 0, []
    for point in range(1, MOST_POINTS):
        items.append(decided(worker, site, f"{point}pic"))
        killed = forked(partial(work, worker), point, named=named)
        kills += killed
        if killed and chance.random() < 0.3:
            kills += forked(partial(work, worker), chance.randint(1, 20))
        worker.now += timedelta(minutes=1)  # an interrupted step is due again once its wait is over
        assert not forked(partial(work, worker))
        if not killed:
            break
    assert not killed, "every point was met"
    assert kills >= (4 if named == "called" else 14)
    print(f"seed {SEED}: {kills} kills in {point} filings; {len(ncmec.reports.by_number)} reports opened")
    assert_filed_once(ncmec, worker, items)


def test_kills_at_random_file_exactly_once(worker: Turns, site: Platform, ncmec: Server) -> None:
    """Anywhere while it is owed, also as it recovers, and while NCMEC fails too: thousands of times in `make soak`."""
    chance = random.Random(SEED)
    wanted, kills, troubles, items = SOAK_KILLS or 12, 0, 0, []
    while kills < wanted and len(items) < 10 + 2 * wanted:
        items.append(decided(worker, site, f"{len(items) + 1}pic"))
        if chance.random() < 0.3:
            troubles += 1
            ncmec.troubles = [Trouble(chance.choice(STEPS), **chance.choice(FAULTS))]  # type: ignore[arg-type]
        while owed(items[-1]) and chance.random() < 0.8:
            if chance.random() < 0.5:
                kills += forked(partial(work, worker), chance.randint(1, MOST_RANDOM))
            else:
                kills += forked(partial(work, worker), after_seconds=chance.uniform(0, 0.3))
            worker.now += timedelta(minutes=1)
        ncmec.troubles = []
        assert not forked(partial(work, worker))
    print(f"seed {SEED}: {kills} kills at random and {troubles} faults in {len(items)} filings; "
          f"{len(ncmec.reports.by_number)} reports opened")  # fmt: skip
    assert kills >= wanted
    assert_filed_once(ncmec, worker, items)


STEPS = ("/submit", "/upload", "/fileinfo", "/finish", "/retract")
FAULTS = (
    {"when": When.BEFORE, "code": 1000},
    {"when": When.AFTER, "code": 1100},
    {"cut": 0},
    {"reads": 0},
    {"raw": b"", "status": 502},
)


def test_a_fault_at_every_step_files_exactly_once(worker: Turns, site: Platform, ncmec: Server) -> None:
    items = []
    for path in STEPS:
        for number, fault in enumerate(FAULTS):
            items.append(decided(worker, site, f"{path.strip('/')}{number}pic"))
            ncmec.troubles = [Trouble(path, **fault)]  # type: ignore[arg-type]
            if path == "/retract":
                ncmec.troubles.append(Trouble("/upload", cut=0))
            work(worker)
            assert ncmec.troubles == [], f"{path} was asked, and failed"
    items.append(decided(worker, site, "5pic"))
    ncmec.troubles = [Trouble("/upload", md5="0" * 32)]
    work(worker)
    assert_filed_once(ncmec, worker, items)


def test_a_desk_that_was_off_for_a_day_files_anew_what_expired(
    worker: Turns, site: Platform, ncmec: Server
) -> None:
    item = decided(worker, site, "1pic")
    forked(
        partial(work, worker), 3, named="called"
    )  # what the platform knows of Uri; the report; then the file
    filing_ = Filing.objects.get()
    assert filing_.report_id is not None
    assert filing_.state == "sending"
    worker.now += timedelta(hours=26)
    work(worker)
    assert len(ncmec.reports.in_state(State.EXPIRED)) == 1
    finished = ncmec.reports.in_state(State.FINISHED)
    assert len(finished) == 1
    assert Obligation.objects.get(kind="report_authority", regime="us").state == "kept_late"
    assert item.ref in (finished[0].root.findtext("internetDetails/webPageIncident/url") or "")
