"""Objects in a bucket of a real S3 server: whole or not at all, and gone when they are said to be, whatever it does."""

import hashlib
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from answerable.cases.models import EvidenceObject
from answerable.evidence import bucket as bucket_store
from answerable.evidence import bucket_requests, scrub, stores
from answerable.evidence.bucket import BucketStore
from answerable.evidence.errors import (
    BucketFailed,
    BucketRefused,
    NotRead,
    NotStored,
    ObjectDamaged,
    ObjectMissing,
)
from answerable.evidence.store import FolderStore, name_of
from answerable.obligations.models import Obligation
from answerable.settings.config import Bucket, Config
from tests.evidence.conftest import EvidenceDesk
from tests.evidence.test_kills import unknown_files, worker_of
from tests.evidence.test_reading import in_pieces
from tests.fakes.s3_server import Gate, Moto
from tests.support.kills import killed_until_done

PICTURE = b"a lake in the morning, made of bytes" * 500
IN_THE_BUCKET = pytest.mark.parametrize("place", ["bucket"], indirect=True)


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> BucketStore:
    """The store under a prefix of the bucket."""
    data = tmp_path / "data"
    return BucketStore(bucket, data, "desk/vault/", FolderStore(data / "evidence" / "vault"))


def put(store: BucketStore, data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    name = name_of(digest, digest)
    draft = store.draft()
    try:
        draft.write(data)
        draft.keep(name)
    finally:
        draft.drop()
    return name


def read(store: BucketStore, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


def spooled(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "data" / "evidence" / "vault" / "unfinished").iterdir())


def in_parts(monkeypatch: pytest.MonkeyPatch, megabytes: int = 11) -> bytes:
    """Bytes that go in three parts, each as large as S3 wants it to be."""
    monkeypatch.setattr(bucket_store, "PART_BYTES", 5 * 1024 * 1024)
    monkeypatch.setattr(bucket_store, "PIECE_BYTES", 1024 * 1024)
    return os.urandom(1024 * 1024) * megabytes


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("faults", [(), ("busy_once",), ("answers_too_late",), ("says_no_checksum",)])
def test_what_is_kept_is_there_under_its_name_and_read_back(
    store: BucketStore, gate: Gate, moto: Moto, bucket: Bucket, tmp_path: Path, monkeypatch, large, faults
):
    data = in_parts(monkeypatch) if large else PICTURE
    gate.faults.update(faults)
    name = put(store, data)
    assert read(store, name) == data
    assert list(store.names()) == [name]
    assert store.has(name)
    assert abs(store.written_at(name) - time.time()) < 60
    begun_twice = large and "answers_too_late" in faults
    assert store.sweep_unfinished(time.time() + 3600) == begun_twice
    assert "Uploads" not in moto.client.list_multipart_uploads(Bucket=bucket.name)
    assert spooled(tmp_path) == []
    store.destroy(name)
    assert not store.has(name)
    with pytest.raises(ObjectMissing):
        store.open(name)


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("fault", ["down", "denies", "spoils", "forgets"])
def test_what_is_not_whole_there_is_not_kept(
    store: BucketStore, gate: Gate, tmp_path: Path, monkeypatch, large, fault
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    data = in_parts(monkeypatch) if large else PICTURE
    gate.faults.add(fault)
    with pytest.raises(NotStored):
        put(store, data)
    gate.faults.clear()
    bucket_requests.forget_troubles()
    assert list(store.names()) == []
    assert spooled(tmp_path) == []


def test_a_server_that_dies_amid_an_upload_leaves_what_is_swept(
    store: BucketStore, gate: Gate, moto: Moto, bucket: Bucket, monkeypatch
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    data = in_parts(monkeypatch)
    gate.on = lambda method, query: gate.faults.update({"down"} if "partNumber=2" in query else ())
    with pytest.raises(BucketFailed):
        put(store, data)
    gate.on = lambda method, query: None
    gate.faults.clear()
    assert list(store.names()) == []
    assert len(moto.client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]) == 1
    assert store.sweep_unfinished(0.0) == 0
    assert store.sweep_unfinished(time.time() + 3600) == 1
    assert "Uploads" not in moto.client.list_multipart_uploads(Bucket=bucket.name)
    assert read(store, put(store, data)) == data


def test_an_object_that_ends_early_or_is_exchanged_while_it_is_read_is_not_read(
    store: BucketStore, gate: Gate, moto: Moto, bucket: Bucket, monkeypatch
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    name = put(store, in_parts(monkeypatch))
    with store.open(name) as file:
        file.read(10)
        moto.client.put_object(Bucket=bucket.name, Key=f"desk/vault/{name}", Body=b"other" * 1_000_000)
        with pytest.raises(NotRead, match="changed"):
            file.read()
    gate.faults.add("cuts")
    with pytest.raises(NotRead):
        store.open(name)
    gate.faults = {"down"}
    with pytest.raises(NotRead):
        store.open(name)


def test_every_version_is_destroyed_and_what_a_lock_keeps_is_not_said_to_be_gone(
    store: BucketStore, gate: Gate, moto: Moto, bucket: Bucket
):
    assert not store.keeps_versions()
    moto.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    assert store.keeps_versions()
    name = put(store, PICTURE)
    key = f"desk/vault/{name}"
    moto.client.put_object(Bucket=bucket.name, Key=key, Body=b"by somebody else")
    moto.client.delete_object(Bucket=bucket.name, Key=key)
    assert list(store.names()) == []
    assert store.has(name), "an older version is there, beneath the mark of its deletion"
    gate.faults.add("locked")
    with pytest.raises(BucketRefused, match="object lock"):
        store.destroy(name)
    assert store.has(name)
    gate.faults.clear()
    store.destroy(name)
    assert not store.has(name)
    left = moto.client.list_object_versions(Bucket=bucket.name, Prefix=key)
    assert not left.get("Versions")
    assert not left.get("DeleteMarkers")


def test_a_store_without_versions_is_looked_at_by_its_list(store: BucketStore, gate: Gate):
    gate.faults.add("no_versions")
    name = put(store, PICTURE)
    assert store.has(name)
    store.destroy(name)
    assert not store.has(name)


def test_a_bucket_that_refuses_is_not_asked_again_at_once_and_one_that_was_down_is_asked_first(
    store: BucketStore, gate: Gate, monkeypatch
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    gate.faults.add("denies")
    with pytest.raises(BucketRefused, match="InvalidAccessKeyId"):
        put(store, PICTURE)
    asked = len(gate.asked)
    for _ in range(20):
        with pytest.raises(BucketRefused, match="InvalidAccessKeyId"):
            store.draft()
    assert len(gate.asked) == asked
    monkeypatch.setattr(bucket_requests, "REFUSED_SECONDS", 0.0)
    bucket_requests.forget_troubles()
    with pytest.raises(BucketRefused):
        put(store, PICTURE)
    with pytest.raises(BucketRefused):
        store.draft()  # asked before anything is fetched
    gate.faults = {"down"}
    with pytest.raises(BucketFailed):
        store.draft()
    gate.faults.clear()
    put(store, PICTURE)


def test_a_missing_bucket_is_not_a_missing_object(store: BucketStore, moto: Moto, bucket: Bucket):
    name = put(store, PICTURE)
    store.destroy(name)
    moto.client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(NotRead, match="NoSuchBucket"):
        store.open(name)
    with pytest.raises(BucketRefused):
        store.has(name)


def test_without_credentials_it_says_what_to_write(bucket: Bucket, tmp_path: Path):
    (tmp_path / "data" / "s3.ini").unlink()
    store = BucketStore(bucket, tmp_path / "data", "", FolderStore(tmp_path / "data" / "spool"))
    with pytest.raises(BucketRefused, match="credentials_file"):
        put(store, PICTURE)


def test_a_bucket_that_is_not_configured_or_is_a_platforms_is_refused():
    desk = {"desk": {"regimes": ["us"]}, "evidence": {"bucket": "uploads"}}
    with pytest.raises(ValidationError, match="no 'uploads'"):
        Config.model_validate(desk)
    desk["buckets"] = [{"name": "uploads", "endpoint": "https://s3.example"}]
    Config.model_validate(desk)
    site = {"name": "site", "base_url": "https://s3.example", "secret_file": "x", "hosts": ["s3.example"]}
    with pytest.raises(ValidationError, match="one of its own"):
        Config.model_validate({**desk, "platforms": [{**site, "options": {"bucket": "uploads"}}]})


@IN_THE_BUCKET
def test_killed_anywhere_it_is_captured_once_and_what_was_left_is_swept(
    fresh_database, committed: EvidenceDesk, ravi, configure, moto: Moto, bucket: Bucket, monkeypatch
):
    configure(custodians=())
    moto.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    committed.post("a", PICTURE)
    committed.report("a")
    committed.yes(ravi, "a")
    kills = killed_until_done(worker_of(committed, minutes=10), latest=50)
    assert kills > 15
    assert EvidenceObject.objects.count() == 3
    assert [one.fault for one in scrub.scrub()] == [""] * 3
    assert committed.site.site.things["a"].wanted == "gone"
    assert unknown_files() != [], "what was killed left something"
    monkeypatch.setattr(scrub, "LEFT_OVER", timedelta(seconds=-60))
    assert scrub.sweep() == []  # more than ever comes of a day: a person looks
    scrub.sweep(looked=True)
    assert unknown_files() == []
    versions = moto.client.list_object_versions(Bucket=bucket.name)["Versions"]
    assert len([one for one in versions if one["Key"].endswith(".age")]) == 3


@pytest.mark.django_db
@IN_THE_BUCKET
def test_what_is_down_while_it_is_read_is_neither_damaged_nor_missing(
    desk: EvidenceDesk, ravi, gate: Gate, monkeypatch
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    data = b"a hill" * 500_000
    desk.post("a", data)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    assert desk.site.site.things["a"].wanted == "gone"
    stored = EvidenceObject.objects.get(sha256=desk.capture_of("a").media_sha256, store="working")
    monkeypatch.setattr(bucket_store, "PIECE_BYTES", 1024 * 1024)
    with stores.opened(stored) as file:
        file.read(1000)
        gate.faults.add("down")
        with pytest.raises(NotRead):
            in_pieces(file)
    with pytest.raises(NotRead):
        list(scrub.scrub())
    stored.refresh_from_db()
    assert stored.fault == ""
    assert not Obligation.objects.filter(kind="page_people", subject=f"evidence:{stored.pk}").exists()
    gate.faults = {"flips"}
    with pytest.raises(ObjectDamaged), stores.opened(stored) as file:
        file.read()
    assert len([one for one in scrub.scrub() if one.fault == "damaged"]) == 6
    gate.faults.clear()
    assert not [one for one in scrub.scrub() if one.fault]


@pytest.mark.django_db
@IN_THE_BUCKET
def test_a_bucket_that_is_down_delays_a_capture_and_drops_nothing(
    desk: EvidenceDesk, ravi, gate: Gate, monkeypatch
):
    monkeypatch.setattr(bucket_requests, "PAUSE_SECONDS", 0.01)
    gate.faults.add("down")
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work(minutes=2)
    assert "BucketFailed" in Obligation.objects.get(kind="capture").last_error
    assert desk.site.site.things["a"].wanted == "hidden"
    gate.faults.clear()
    desk.work(minutes=6)
    assert desk.site.site.things["a"].wanted == "gone"
    assert stores.there(desk.capture_of("a").media_sha256)


@IN_THE_BUCKET
def test_the_checklist_tries_it_and_says_that_it_keeps_versions(
    configure, gate: Gate, moto: Moto, bucket: Bucket
):
    assert stores.try_out() == f"In the bucket {bucket.name}: written, read and destroyed."
    moto.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    assert "It keeps versions" in stores.try_out()
    gate.faults.add("locked")
    with pytest.raises(BucketRefused, match="object lock"):
        stores.try_out()


CHILD = """
import hashlib, os, sys
from pathlib import Path
from answerable.evidence.bucket import BucketStore
from answerable.evidence.store import FolderStore
from answerable.settings.config import Bucket

def most():
    lines = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0])

data = Path(sys.argv[1])
there = Bucket(name=sys.argv[3], endpoint=sys.argv[2], region=sys.argv[4], credentials_file="s3.ini")
store, name = BucketStore(there, data, "", FolderStore(data / "spool")), "00/" + "0" * 64 + "." + "0" * 16 + ".age"
draft, before, piece = store.draft(), most(), os.urandom(1024 * 1024)
for _ in range(96):
    draft.write(piece)
draft.keep(name)
with store.open(name) as file:
    assert sum(map(len, iter(lambda: file.read(1024 * 1024), b""))) == 96 * 1024 * 1024
print(most() - before)
"""


def test_memory_stays_the_same_whatever_the_size(bucket: Bucket, tmp_path: Path):
    code = "import django; django.setup()\n" + CHILD
    command = [
        sys.executable,
        "-c",
        code,
        str(tmp_path / "data"),
        bucket.endpoint,
        bucket.name,
        bucket.region,
    ]
    python_path = f"{Path(stores.__file__).parents[2]}:{Path(__file__).parents[2]}"
    settings = {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": python_path}
    run = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **settings})
    assert int(run.stdout) * 1024 < 80 * 1024 * 1024
