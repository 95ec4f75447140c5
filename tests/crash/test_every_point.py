"""`kill -9` at every crash point of the command path and of the worker's path, in a whole matter.

The n-th matter is killed at the n-th point of each of its steps, and half the time once more while it recovers.
Every point of every step is met; the last matter meets none, and all the others must have come out like it.
"""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest

from answerable.audit.check import check
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.cases import codes
from answerable.cases.models import Decision, Item, Report, Review
from answerable.obligations.models import Obligation
from tests.crash.conftest import forked
from tests.crash.story import EVERY_STEP, Journal, Matter
from tests.fakes.platform import Platform
from tests.support.desks import Desk
from tests.support.turns import Turns

SEED = int(os.environ.get("ANSWERABLE_SEED", "2026"))
SOAK_KILLS = int(os.environ.get("ANSWERABLE_SOAK_KILLS", "0"))
MOST_POINTS = 150
ONCE = ("report_received", "case_opened", "review_made", "decision_made", "decision_overturned", "finding_made",
        "appeal_received", "appeal_decided", "wanted_changed", "known_changed")  # fmt: skip
"""Kinds of entries that a repeated step must not write twice. (A look outside may honestly be noted twice.)"""


@dataclass
class Killer:
    """Lives matters step by step and kills them on the way."""

    turns: Turns
    site: Platform
    journal: Journal
    chance: random.Random
    points: dict[str, int] = field(default_factory=dict)
    """How many crash points a step has, once a child lived through all of them."""
    kills: int = 0
    matters: list[Matter] = field(default_factory=list)
    there: set[tuple[str, int]] = field(default_factory=set)
    """What was in the database after the last kill."""

    def live(self, point_of: Callable[[str], int]) -> int:
        """One matter, each step killed at the point given (0: not at all). How many kills that were."""
        before = self.kills
        ref = f"{len(self.matters) + 1}pic"
        self.site.add(ref, ref.encode())
        matter = Matter(ref, self.turns.now, self.journal)
        self.matters.append(matter)
        undone: list[Callable[[], None]] = []
        for step in EVERY_STEP:
            self.turns.now = matter.at(step)
            do = partial(matter.do, step, self.turns)
            point = point_of(step)
            if not point:
                undone.append(do)
            elif forked(do, point, partial(_all_of, undone)):
                undone = [do]  # nothing acknowledged it: it is done again
                self._killed(step, point, do)
            else:
                undone = []
                self.points.setdefault(step, point - 1)
        assert not forked(partial(_all_of, undone))
        return self.kills - before

    def _killed(self, step: str, point: int, do: Callable[[], None]) -> None:
        """Half the time, kill its recovery, too. What is there after a kill stays."""
        self.kills += 1
        there = _everything()
        lost = self.there - there
        assert not lost, f"lost before or at point {point} of {step!r}: {sorted(lost)[:5]}"
        self.there = there
        if self.chance.random() < 0.5:
            self.kills += forked(do, self.chance.randint(1, 12))


def _all_of(steps: list[Callable[[], None]]) -> None:
    for do in steps:
        do()


def _everything() -> set[tuple[str, int]]:
    """The numbers of all that must never go."""
    tables = (Report, Obligation, AuditEntry, Review, Decision)
    return {(table.__name__, pk) for table in tables for pk in table.objects.values_list("pk", flat=True)}


@pytest.fixture
def killer(turns: Turns, site: Platform, fresh_database: Desk) -> Killer:
    print(f"seed {SEED}: ANSWERABLE_SEED={SEED} plays this again")
    return Killer(turns, site, Journal(fresh_database.data / "journal"), random.Random(SEED))


def test_a_kill_at_every_crash_point_loses_nothing_and_does_nothing_twice(killer: Killer) -> None:
    for point in range(1, MOST_POINTS):
        wanted = {step: 0 if step in killer.points else point for step in EVERY_STEP}
        if killer.live(wanted.__getitem__) == 0 and set(killer.points) == set(EVERY_STEP):
            break
    assert set(killer.points) == set(EVERY_STEP), "every step was lived through"
    print(f"{killer.kills} kills; crash points: {killer.points}")
    assert all(killer.points[step] >= 2 for step in EVERY_STEP), "before and after each commit, at least"
    assert killer.kills >= sum(killer.points.values()) > 60
    assert_nothing_lost(killer)


@pytest.mark.skipif(not SOAK_KILLS, reason="a soak: `make soak`")
def test_ten_thousand_kills_at_random_points(killer: Killer) -> None:
    while killer.kills < SOAK_KILLS:
        killer.live(lambda _step: killer.chance.randint(1, 40))
        killer.points.clear()
        if len(killer.matters) % 50 == 0:
            print(f"{killer.kills} kills, {len(killer.matters)} matters", flush=True)
    killer.live(lambda _step: 0)
    assert_nothing_lost(killer)


def assert_nothing_lost(killer: Killer) -> None:
    """The client's journal against the desk, each matter against the one that nobody killed."""
    while sequence():
        pass
    assert check() == []
    for line in killer.journal.lines():
        if "report" in line:
            report = Report.objects.get(pk=line["report"])
            assert report.code_hash == codes.code_hash(str(line["code"]))
            assert AuditEntry.objects.get(pk=line["entry"]).kind == "report_received"
            owed = set(Obligation.objects.filter(cause=f"report:{report.pk}").values_list("kind", flat=True))
            assert set(line["owed"]) - owed == set()  # type: ignore[call-overload]
        if "review" in line:
            mine = Review.objects.filter(content_id=line["review"], person__pseudonym=line["who"])
            assert mine.count() == 1
    assert not Obligation.objects.filter(
        state="owed", by="worker", next_attempt_at__lte=killer.turns.now
    ).exists()
    closed = Obligation.objects.filter(state__in=["kept", "kept_late"])
    proofs = set(closed.values_list("proof_entry_id", flat=True))
    assert proofs <= set(AuditEntry.objects.values_list("pk", flat=True))

    expected, entries = killer.matters[-1].owed_in_all(), _entries(killer.matters[-1])
    for matter in killer.matters:
        item = Item.objects.get(ref=matter.ref)
        assert (item.wanted, item.seen) == ("visible", "visible")
        assert killer.site.site.things[matter.ref].wanted == "visible"
        assert matter.owed_in_all() == expected, f"{matter.ref} came out otherwise than an undisturbed matter"
        assert _entries(matter) == entries
    assert not killer.there - _everything()
    assert Report.objects.count() == len(killer.matters), "none twice, none lost"


def _entries(matter: Matter) -> dict[str, int]:
    case_id = Item.objects.values_list("case_id", flat=True).get(ref=matter.ref)
    return {kind: AuditEntry.objects.filter(case_id=case_id, kind=kind).count() for kind in ONCE}
