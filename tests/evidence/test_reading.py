"""What the working store gives back: piece by piece, noted in the log, and never other bytes than were captured."""

import hashlib
import io
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities.files import BytesGone, bytes_of
from answerable.cases.models import EvidenceObject
from answerable.evidence import keys as working
from answerable.evidence import sealing, stores
from answerable.evidence.errors import NotStored, ObjectDamaged
from answerable.evidence.sealing import Digest, Opened, Sealing, new_identity, recipient_of
from answerable.evidence.store import name_of
from answerable.obligations.models import Obligation
from tests.evidence.conftest import EvidenceDesk

PICTURE = b"a lake in the morning, made of bytes" * 500


def captured(desk: EvidenceDesk, ravi) -> EvidenceObject:
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    return EvidenceObject.objects.get(sha256=desk.capture_of("a").media_sha256, store="working")


def path_of(stored: EvidenceObject) -> Path:
    return stores.folder() / stored.store / name_of(stored.sha256, stored.sealed_sha256)


@pytest.mark.django_db
def test_what_is_filed_comes_from_the_working_store_and_the_log_says_so(desk: EvidenceDesk, ravi):
    captured(desk, ravi)
    desk.site.stop()
    with bytes_of(desk.item("a").content) as file:
        assert file.read() == PICTURE
    entry = AuditEntry.objects.get(kind="evidence_read")
    assert event_of(entry)["purpose"] == "filing"
    assert entry.case_id == desk.item("a").case_id


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["object", "key"])
def test_what_is_not_there_comes_from_the_platform_as_long_as_it_has_it(desk: EvidenceDesk, ravi, what):
    stored = captured(desk, ravi)
    if what == "object":
        path_of(stored).unlink()
    else:
        working._path(stored.key).unlink()
    with bytes_of(desk.item("a").content) as file:
        assert file.read() == PICTURE
    del desk.site.site.things["a"]
    with pytest.raises(BytesGone):
        bytes_of(desk.item("a").content)


@pytest.mark.django_db
def test_a_flipped_bit_is_never_filed_people_are_called_and_the_platform_is_asked_next(
    desk: EvidenceDesk, ravi
):
    stored = captured(desk, ravi)
    data = bytearray(path_of(stored).read_bytes())
    data[-20] ^= 1
    path_of(stored).write_bytes(data)
    with pytest.raises(ObjectDamaged), bytes_of(desk.item("a").content) as file:
        in_pieces(file)
    stored.refresh_from_db()
    assert stored.fault == "damaged"
    assert Obligation.objects.filter(kind="page_people", params__why="evidence_damaged").exists()
    with bytes_of(desk.item("a").content) as file:
        assert file.read() == PICTURE


def in_pieces(file) -> None:
    while file.read(1000):
        pass


def seal_all(made: Sealing, *, megabytes: int) -> None:
    for _ in range(megabytes):
        made.write(bytes(1024 * 1024))
    made.end()


def sealed(data: bytes, secret: str) -> tuple[bytes, Digest]:
    out = io.BytesIO()
    made = Sealing([(out, [recipient_of(secret)])])
    made.write(data)
    plain, _ = made.end()
    return out.getvalue(), plain


def test_a_sender_learns_the_length_before_the_first_byte():
    secret = new_identity()
    ciphertext, plain = sealed(PICTURE, secret)
    with Opened(io.BytesIO(ciphertext), secret, plain) as file:
        assert (file.tell(), file.seek(0, os.SEEK_END), file.seek(0)) == (0, len(PICTURE), 0)
        assert file.read(10) == PICTURE[:10]
        with pytest.raises(io.UnsupportedOperation):
            file.seek(0)


@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_what_differs_is_refused_before_the_end(damage):
    secret = new_identity()
    ciphertext, plain = sealed(PICTURE, secret)
    if damage == "cut":
        ciphertext = ciphertext[:-1000]
    elif damage == "flipped":
        ciphertext = ciphertext[:500] + bytes([ciphertext[500] ^ 1]) + ciphertext[501:]
    else:
        ciphertext, _ = sealed(b"another picture", secret)
    with pytest.raises(ObjectDamaged), Opened(io.BytesIO(ciphertext), secret, plain) as file:
        in_pieces(file)


def test_one_pass_seals_for_each_store_and_either_custodian_opens_alone():
    one, two, server = new_identity(), new_identity(), new_identity()
    vault, working_store = io.BytesIO(), io.BytesIO()
    made = Sealing([(vault, [recipient_of(one), recipient_of(two)]), (working_store, [recipient_of(server)])])
    for start in range(0, len(PICTURE), 1000):
        made.write(PICTURE[start : start + 1000])
    plain, (in_vault, _) = made.end(hashlib.sha256(PICTURE).hexdigest())
    assert in_vault == Digest(hashlib.sha256(vault.getvalue()).hexdigest(), len(vault.getvalue()))
    for secret in (one, two):
        with Opened(io.BytesIO(vault.getvalue()), secret, plain) as file:
            assert file.read() == PICTURE
    with pytest.raises(ObjectDamaged), Opened(io.BytesIO(vault.getvalue()), server, plain) as file:
        file.read()


def test_a_sink_that_fails_ends_the_pass_and_nothing_hangs():
    class Full(io.RawIOBase):
        def write(self, data):
            raise OSError(28, "No space left on device")

    made = Sealing([(Full(), [recipient_of(new_identity())]), (io.BytesIO(), [recipient_of(new_identity())])])
    with pytest.raises(NotStored, match="No space left"):
        seal_all(made, megabytes=10)
    made.abandon()


CHILD = """
import io, resource, sys
from answerable.evidence.sealing import Sealing, Opened, new_identity, recipient_of
class Null:
    def write(self, data): return len(data)
    def flush(self): pass
secret, size = new_identity(), int(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
made = Sealing([(Null(), [recipient_of(secret)]), (Null(), [recipient_of(secret)])])
for _ in range(size // 65536):
    made.write(bytes(65536))
made.end()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_stays_the_same_whatever_the_size():
    run = subprocess.run(
        [sys.executable, "-c", CHILD, str(256 * 1024 * 1024)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(sealing.__file__).parents[2])},
    )
    assert int(run.stdout) * 1024 < 32 * 1024 * 1024


def test_a_process_that_may_write_no_larger_file_says_so(tmp_path):
    from answerable.evidence.store import FolderStore

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    draft = FolderStore(tmp_path).draft()
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 1024 * 1024, before[1]))
    try:
        made = Sealing([(draft, [recipient_of(new_identity())])])
        with pytest.raises(NotStored, match="File too large"):
            seal_all(made, megabytes=100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        made.abandon()
        draft.drop()
    assert list(tmp_path.rglob("*.age")) == []
    assert list((tmp_path / "unfinished").iterdir()) == []
