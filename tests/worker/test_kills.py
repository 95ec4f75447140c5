"""`kill -9` anywhere: what was owed is kept after a restart, once, with its proof."""

import itertools
import signal

from django.db import connection

from answerable.audit.models import AuditEntry
from answerable.obligations.models import Obligation
from tests.support.desks import Desk
from tests.worker.conftest import calls, forked_worker, owe_now, states, until, worker_process

MOST_POINTS = 200


def nothing_owed() -> bool:
    return not Obligation.objects.filter(state="owed").exists()


def all_placed() -> bool:
    return nothing_owed() and not AuditEntry.objects.filter(leaf_index=None).exists()


def test_a_worker_killed_at_any_crash_point_loses_nothing(desk: Desk) -> None:
    """Each commit and each call outside, in order, until a worker lives to the end."""
    for point in itertools.count(1):
        owe_now("hide", f"item:{point}1", f"item:{point}2")
        ended = forked_worker(f"*:{point}", all_placed)
        if ended == 0:
            break
        assert ended == -signal.SIGKILL
        assert len(states()) == 2 * point, "none is lost"
        assert forked_worker(None, all_placed) == 0, "a restart finishes its work"
        assert point < MOST_POINTS
    assert point > 10, "there are that many points at least"
    assert set(states()) == {"kept"}
    proofs = sorted(Obligation.objects.values_list("proof_entry_id", flat=True))
    entries = sorted(AuditEntry.objects.filter(kind="obligation_kept").values_list("pk", flat=True))
    assert proofs == entries, "each was kept once, by one entry"
    assert {line.split()[1] for line in calls(desk)} == set(
        Obligation.objects.values_list("subject", flat=True)
    )


def test_a_real_process_killed_with_work_in_hand_is_made_up_for(desk: Desk) -> None:
    owe_now("hang_once", "item:1")
    owe_now("hide", "item:2")
    with worker_process(desk) as doomed:
        until(lambda: len(calls(desk)) >= 2, "it has both in hand")
        doomed.send_signal(signal.SIGKILL)
        assert doomed.wait(30) == -signal.SIGKILL
    assert forked_worker(None, nothing_owed) == 0
    assert set(states()) == {"kept"}


def test_sigterm_finishes_what_is_in_hand(desk: Desk) -> None:
    owe_now("hide", "item:1")
    with worker_process(desk) as worker:
        until(nothing_owed, "it runs")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0
    assert not (desk.data / "worker.ready").exists()


def test_a_second_worker_on_one_machine_says_why_it_ends(desk: Desk) -> None:
    owe_now("hide", "item:1")
    with worker_process(desk):
        until(nothing_owed, "the first runs")
        with worker_process(desk) as second:
            if connection.vendor == "sqlite":
                assert second.wait(30) == 2
                assert "Another worker already runs" in (desk.data / "worker.log").read_text()
            else:
                owe_now("hide", "item:2")
                until(nothing_owed, "work goes on")
                assert second.poll() is None
