"""Whatever happens to an obligation, in whatever order: nothing is lost, nothing is due later, no proof is false."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from answerable.obligations import Owed, claim, failed, keep, owe, registry, release, release_all
from answerable.obligations.attempts import LEASE
from answerable.obligations.models import Obligation
from answerable.policy.words import By

KINDS = ("hide", "restore", "find_copies")
SUBJECTS = ("item:1", "item:2")
seconds = st.integers(0, 600)


def make_it_so(obligation: Obligation) -> None:
    """Stands for the handler of hide and restore."""


class Life(RuleBasedStateMachine):
    """Owing, claiming, failing, keeping and releasing against a model in memory."""

    attempts: Bundle[tuple[int, int]] = Bundle("attempts")

    @initialize()
    def begin(self) -> None:
        self.block = transaction.atomic()
        self.block.__enter__()
        self.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
        self.due: dict[int, datetime] = {}
        self.closed: dict[int, dict[str, Any]] = {}

    def teardown(self) -> None:
        if hasattr(self, "block"):
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    @rule(passed=seconds)
    def time_passes(self, passed: int) -> None:
        self.now += timedelta(seconds=passed)

    @rule(kind=st.sampled_from(KINDS), subject=st.sampled_from(SUBJECTS), within=seconds, wait=seconds)
    def something_is_owed(self, kind: str, subject: str, within: int, wait: int) -> None:
        due = self.now + timedelta(seconds=within)
        not_before = self.now + timedelta(seconds=wait) if wait else None
        known = {
            (row.kind, row.subject): row.pk
            for row in Obligation.objects.filter(pk__in=self.due, state="owed")
        }
        [row] = owe(
            [Owed(kind=kind, subject=subject, by=By.WORKER, due_at=due, not_before=not_before)],
            now=self.now,
            cause="report:1",
        )
        assert known.get((kind, subject), row.pk) == row.pk
        self.due[row.pk] = min(due, self.due.get(row.pk, due))

    @rule(target=attempts, free=st.integers(1, 4))
    def the_worker_claims(self, free: int) -> Any:
        held = set(Obligation.objects.filter(lease_until__gt=self.now).values_list("pk", flat=True))
        rows = claim("w", free, self.now)
        assert len(rows) <= free
        assert not held & {row.pk for row in rows}, "nothing in hand is claimed again"
        assert all(row.next_attempt_at <= self.now and row.lease_until == self.now + LEASE for row in rows)
        return multiple(*((row.pk, row.attempt) for row in rows))

    @rule(one=consumes(attempts))
    def an_attempt_fails(self, one: tuple[int, int]) -> None:
        before = Obligation.objects.get(pk=one[0])
        if failed(*one, "PlatformUnreachable", self.now):
            assert (before.state, before.attempt) == ("owed", one[1])
        else:
            assert before.state != "owed" or before.attempt != one[1]

    @rule(one=consumes(attempts))
    def an_attempt_keeps(self, one: tuple[int, int]) -> None:
        was_open = Obligation.objects.get(pk=one[0]).state == "owed"
        assert keep(one[0], now=self.now, proof_entry_id=7) == was_open
        self._note_closed(one[0])

    @rule(subject=st.sampled_from(SUBJECTS))
    def a_wish_is_superseded(self, subject: str) -> None:
        rows = list(Obligation.objects.filter(kind="hide", subject=subject, state="owed"))
        assert release_all("hide", subject, "superseded", self.now) == len(rows) <= 1
        for row in rows:
            assert not release(row, "again", self.now)
            self._note_closed(row.pk)

    def _note_closed(self, number: int) -> None:
        self.closed.setdefault(number, Obligation.objects.filter(pk=number).values().get())

    @invariant()
    def nothing_is_lost_and_nothing_closed_changes(self) -> None:
        if not hasattr(self, "due"):
            return
        rows = {row["id"]: row for row in Obligation.objects.values()}
        assert rows.keys() == self.due.keys()
        for number, row in rows.items():
            assert row["due_at"] == self.due[number]
            assert (row["state"] == "owed") is (row["closed_at"] is None)
            if row["state"] in ("kept", "kept_late"):
                assert (row["state"] == "kept") is (row["closed_at"] <= row["due_at"])
                assert row["proof_entry_id"] == 7
        for number, row in self.closed.items():
            assert rows[number] == row

    @invariant()
    def one_wish_for_an_item_is_in_hand(self) -> None:
        if not hasattr(self, "now"):
            return
        wishes = Obligation.objects.filter(
            kind__in=["hide", "restore"], lease_until__gt=self.now, state="owed"
        )
        in_hand = list(wishes.values_list("subject", flat=True))
        assert len(in_hand) == len(set(in_hand))


@pytest.mark.django_db
def test_no_order_of_events_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_kinds", {})
    registry.kind("hide", by=By.WORKER, handler=make_it_so)
    registry.kind("restore", by=By.WORKER, handler=make_it_so)
    registry.kind("find_copies", by=By.WORKER, handler="somewhere.find_copies")
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
