"""Every object is compared with its digest; a flipped bit and a missing object are found, named, and paged."""

import os
import time
from datetime import timedelta

import pytest
from django.db import transaction
from typer.testing import CliRunner

from answerable.audit.sequencer import sequence
from answerable.cases.models import EvidenceObject
from answerable.evidence import cli, marking, rotate, scrub, stores
from answerable.evidence import keys as working
from answerable.evidence.errors import AnotherDesk, KeyMissing, ObjectDamaged
from answerable.evidence.store import name_of
from answerable.obligations.models import Obligation
from tests.evidence.conftest import ANYWHERE, EvidenceDesk, Things

pytestmark = pytest.mark.django_db
PICTURE = b"a lake in the morning, made of bytes" * 500


@pytest.fixture
def kept(desk: EvidenceDesk, ravi, configure) -> EvidenceDesk:
    """A desk with evidence of one picture."""
    configure(scrub_days=7)
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    return desk


def named(stored: EvidenceObject) -> str:
    return name_of(stored.sha256, stored.sealed_sha256)


def faults() -> dict[str, str]:
    return {f"{one.stored.store}/{one.name}": one.fault for one in scrub.scrub() if one.fault}


@ANYWHERE
@pytest.mark.parametrize("store", ["vault", "working"])
def test_a_flipped_bit_is_found_and_named(kept: EvidenceDesk, store, things: Things):
    assert faults() == {}
    stored = EvidenceObject.objects.get(store=store, sha256=kept.capture_of("a").media_sha256)
    whole = things.read(store, named(stored))
    for where in (0, 100, -1):
        data = bytearray(whole)
        data[where] ^= 1
        things.write(store, named(stored), data)
        assert faults() == {f"{store}/{named(stored)}": "damaged"}
    assert Obligation.objects.filter(kind="page_people", subject=f"evidence:{stored.pk}").exists()
    things.write(store, named(stored), whole)
    assert faults() == {}


@ANYWHERE
def test_a_missing_and_a_shorter_object_are_found_and_named(kept: EvidenceDesk, things: Things):
    capture = kept.capture_of("a")
    one = EvidenceObject.objects.get(store="vault", sha256=capture.media_sha256)
    two = EvidenceObject.objects.get(store="vault", sha256=capture.facts_sha256)
    things.take_away("vault", named(one))
    things.write("vault", named(two), things.read("vault", named(two))[:100])
    assert faults() == {f"vault/{named(one)}": "missing", f"vault/{named(two)}": "damaged"}


@ANYWHERE
def test_each_week_everything_is_compared_and_a_fault_keeps_that_from_being_kept(
    kept: EvidenceDesk, things: Things
):
    owed = Obligation.objects.get(kind="scrub_evidence", state="owed")
    name = next(stores.store("vault").names())
    data = things.read("vault", name)
    things.take_away("vault", name)
    kept.work(days=7, hours=1)
    owed.refresh_from_db()
    assert owed.state == "owed"
    assert "1 faulty" in owed.last_error
    kept.clock.pass_(days=2)
    kept.work(minutes=6)
    assert Obligation.objects.get(pk=owed.pk).alarmed_at is not None
    things.write("vault", name, data)
    list(scrub.scrub())
    kept.work(minutes=6)
    owed.refresh_from_db()
    assert owed.state == "kept_late"
    kept.work(days=8)
    assert Obligation.objects.filter(kind="scrub_evidence", state="kept").count() == 1


def test_what_is_large_is_compared_beside(kept: EvidenceDesk, monkeypatch):
    monkeypatch.setattr(scrub, "SMALL_BYTES", 1)
    kept.clock.pass_(days=8, hours=1)
    kept.work(minutes=1)
    assert "6 to be compared" in Obligation.objects.get(kind="scrub_evidence", state="owed").last_error
    assert scrub.turn() == 6
    kept.work(minutes=6)
    assert Obligation.objects.filter(kind="scrub_evidence", state="kept").count() == 1


def test_what_a_capture_left_behind_is_swept_after_a_day_and_nothing_else(kept: EvidenceDesk):
    left = stores.folder() / "vault" / name_of("ab" * 32, "cd" * 32)
    left.parent.mkdir()
    left.write_bytes(b"of a capture that never ended")
    draft = stores.folder() / "vault" / "unfinished" / "0123"
    draft.write_bytes(b"half")
    assert scrub.sweep() == []
    for path in (left, draft, *kept.files("vault")):
        os.utime(path, (time.time() - 100_000,) * 2)
    assert scrub.sweep() == [f"vault/{name_of('ab' * 32, 'cd' * 32)}"]
    assert not draft.exists()
    assert len(kept.files("vault")) == 3
    assert faults() == {}


@ANYWHERE
def test_rotating_encrypts_everything_anew_and_destroys_the_old_key(kept: EvidenceDesk):
    before = set(kept.files("working"))
    (month,) = set(EvidenceObject.objects.filter(store="working").values_list("key", flat=True))
    assert rotate.rotate(new_key=False) == (0, [])
    assert rotate.rotate(new_key=True) == (3, [month])
    assert not set(kept.files("working")) & before
    assert len(kept.files("working")) == 3
    assert faults() == {}
    stored = EvidenceObject.objects.get(
        store="working", sha256=kept.capture_of("a").media_sha256, destroying_at=None
    )
    with stores.opened(stored) as file:
        assert file.read() == PICTURE
    assert not working._path(month).exists()
    assert rotate.rotate(new_key=True)[1] == [f"{month}.2"]


def test_each_month_has_its_own_key(kept: EvidenceDesk, ravi):
    kept.clock.pass_(days=31)
    kept.post("b", b"a hill" * 100)
    kept.report("b")
    kept.yes(ravi, "b")
    kept.work()
    months = set(EvidenceObject.objects.filter(store="working").values_list("key", flat=True))
    assert months == {"2026-12", "2027-01"}


def test_restored_objects_are_whole_again_and_a_lost_server_key_opens_nothing(kept: EvidenceDesk, tmp_path):
    """The drill of a restore: the stores come back from their own backup, the keys from theirs."""
    backup = tmp_path / "backup"
    stores.folder().rename(backup)
    assert len(faults()) == 6
    backup.rename(stores.folder())
    assert faults() == {}
    stored = EvidenceObject.objects.get(store="working", sha256=kept.capture_of("a").media_sha256)
    path = working._path(stored.key)
    key = path.read_bytes()
    path.unlink()
    with pytest.raises(KeyMissing):
        stores.opened(stored)
    path.write_bytes(working.new_identity().encode())
    path.chmod(0o600)
    with pytest.raises(ObjectDamaged), stores.opened(stored) as file:
        file.read()
    path.write_bytes(key)
    with stores.opened(stored) as file:
        assert file.read() == PICTURE


def paged(why: str) -> int:
    """How often people were called about that."""
    owed = Obligation.objects.filter(kind="page_people", subject="evidence:sweep")
    return sum(one.params["why"] == why for one in owed)


def unknown(number: int) -> str:
    """The name of an object that no row has."""
    return name_of(f"{number:02x}" * 32, "cd" * 32)


@ANYWHERE
def test_more_than_captures_leave_behind_is_not_swept_and_people_are_called_once(
    kept: EvidenceDesk, things: Things, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scrub, "LEFT_OVER", timedelta(seconds=-60))
    for number in range(25):
        things.write("vault", unknown(number), b"of what this database never knew, or knows no more")
    assert scrub.sweep() == scrub.sweep() == []
    assert len(list(stores.store("vault").names())) == 28
    assert paged("evidence_unknown") == 1
    kept.work(days=8)
    assert scrub.sweep() == []
    assert paged("evidence_unknown") == 2
    things.take_away("vault", unknown(0))
    assert len(scrub.sweep()) == 24
    assert len(list(stores.store("vault").names())) == 3
    things.write("vault", unknown(1), b"that a person looked at")
    assert scrub.sweep(looked=True) == [f"vault/{unknown(1)}"]


@ANYWHERE
def test_an_older_database_that_was_put_back_sweeps_nothing_of_what_came_since(
    kept: EvidenceDesk, things: Things, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(scrub, "LEFT_OVER", timedelta(seconds=-60))
    while sequence():
        pass
    assert scrub.sweep() == []
    backup = transaction.savepoint()  # what it lacks, a desk that another's was copied from lacks, too
    kept.post("b", b"a hill" * 500)
    kept.report("b")
    while sequence():
        pass
    assert scrub.sweep() == []
    transaction.savepoint_rollback(backup)
    things.write("vault", unknown(1), b"captured since")
    assert scrub.sweep() == scrub.sweep() == []
    assert paged("evidence_of_another_desk") == 1
    with pytest.raises(AnotherDesk, match="older database was put back"):
        stores.try_out()
    kept.report("a")  # its log grows past that size, and is another one there
    while sequence():
        pass
    assert scrub.sweep() == []
    assert list(stores.store("vault").names()).count(unknown(1)) == 1
    listed = CliRunner().invoke(cli.app, ["sweep"])
    assert "older database was put back" in listed.output
    assert f"vault/{unknown(1)}\n1 objects are not known" in listed.output
    assert "1 objects destroyed" in CliRunner().invoke(cli.app, ["sweep", "--yes"]).output
    things.write("vault", unknown(2), b"of a capture that never ended")
    assert scrub.sweep() == [f"vault/{unknown(2)}"]  # from then on the stores are this desk's


@ANYWHERE
@pytest.mark.parametrize(
    "note", [b"", b"[]", b'{"log": "x"}', b'{"log": "x", "checkpoint": ["a", "b"]}', b"\xff"]
)
def test_a_note_that_cannot_be_read_is_anothers(kept: EvidenceDesk, note: bytes):
    stores.store("working").leave_note(note)
    if not note:
        marking.refuse_another()
        return
    with pytest.raises(AnotherDesk):
        marking.refuse_another()
