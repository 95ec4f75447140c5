"""`kill -9` at each step of a capture, and of a destruction: nothing is lost, nothing is half there, nothing twice."""

import os
from datetime import timedelta
from typing import Any

from django.db import connections, transaction

from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.cases import commands
from answerable.cases.models import Capture, EvidenceObject
from answerable.evidence import rotate, scrub, stores
from answerable.evidence.store import name_of
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.worker.attempt import attempt
from tests.evidence.conftest import EvidenceDesk
from tests.support.kills import killed_until_done

PICTURE = b"a lake in the morning, made of bytes" * 500


def worker_of(desk: EvidenceDesk, **time: float) -> Any:
    """One attempt of a worker that just started; False once nothing is due within so much time."""
    ends_at = desk.turns.now + timedelta(**time)
    started: list[bool] = []

    def turn() -> bool:
        if not started:
            started.append(True)
            with transaction.atomic():
                attempts.clear_leases()
        claimed = attempts.claim("turns", 1, desk.turns.now)
        if claimed:
            attempt(claimed[0])
            return True
        while sequence():
            pass
        at = attempts.next_attempt_after(desk.turns.now)
        if at is None or at > ends_at:
            return False
        desk.turns.now = at
        return True

    return turn


def unknown_files() -> list[str]:
    rows = EvidenceObject.objects.filter(destroyed_at__isnull=True)
    known = {f"{one.store}/{name_of(one.sha256, one.sealed_sha256)}" for one in rows}
    there = {f"{store}/{name}" for store in ("vault", "working") for name in stores.store(store).names()}
    return sorted(there - known)


def test_killed_anywhere_it_is_captured_once_and_then_removed(fresh_database, committed: EvidenceDesk, ravi):
    committed.post("a", PICTURE)
    committed.report("a")
    committed.yes(ravi, "a")
    kills = killed_until_done(worker_of(committed, minutes=10), latest=60)
    assert kills > 15
    assert Capture.objects.count() == 1
    assert AuditEntry.objects.filter(kind="evidence_captured").count() == 1
    assert EvidenceObject.objects.count() == 6
    assert [one.fault for one in scrub.scrub()] == [""] * 6
    states = dict(
        Obligation.objects.filter(kind__in=("capture", "remove", "preserve")).values_list("kind", "state")
    )
    assert states == {"capture": "kept", "remove": "kept", "preserve": "kept"}
    assert committed.site.site.things["a"].wanted == "gone"
    assert unknown_files() != [], "what was killed left something"
    for path in stores.folder().rglob("*"):
        if path.is_file():
            os.utime(path, (1, 1))
    assert scrub.sweep() == []  # more than ever comes of a day: a person looks
    scrub.sweep(looked=True)
    assert unknown_files() == []
    assert [one.fault for one in scrub.scrub()] == [""] * 6

    owed = Obligation.objects.get(kind="report_authority", state="owed")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="77", now=committed.clock.now)
    told = Obligation.objects.get(
        kind="tell_holder", state="owed"
    )  # whoever is told can contest from then on
    commands.holder_told(int(told.subject[7:]), obligation_id=told.pk, now=committed.clock.now)
    committed.turns.now = committed.clock.now + timedelta(days=366)
    kills = killed_until_done(worker_of(committed, minutes=10), latest=60)
    assert kills > 5
    assert not EvidenceObject.objects.filter(destroyed_at__isnull=True).exists()
    assert unknown_files() == []
    assert Capture.objects.get().destroyed_at is not None
    assert Obligation.objects.get(kind="destroy_preserved").state == "kept"


def test_a_rotation_killed_anywhere_goes_on(fresh_database, committed: EvidenceDesk, ravi):
    committed.post("a", PICTURE)
    committed.report("a")
    committed.yes(ravi, "a")
    committed.work()
    before = set(EvidenceObject.objects.filter(store="working").values_list("key", flat=True))

    def turn() -> bool:
        begun = EvidenceObject.objects.filter(store="working", destroying_at__isnull=False).exists()
        rotate.rotate(new_key=not begun)
        return False

    kills = killed_until_done(turn, latest=20)
    assert 5 <= kills < 50
    connections.close_all()
    standing = EvidenceObject.objects.filter(store="working", destroying_at__isnull=True)
    assert standing.count() == 3
    assert before.isdisjoint(standing.values_list("key", flat=True))
    assert [one.fault for one in scrub.scrub()] == [""] * 6
    media = standing.get(sha256=committed.capture_of("a").media_sha256)
    with stores.opened(media) as file:
        assert file.read() == PICTURE
