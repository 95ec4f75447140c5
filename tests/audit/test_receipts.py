"""A person downloads a receipt and one file, and verifies the receipt without the desk."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.audit import receipt, verify
from answerable.audit.errors import LogBroken, NoSuchEntry
from answerable.audit.forget import forget
from answerable.audit.log import append
from answerable.audit.note import Signer, checkpoint_text
from answerable.audit.sequencer import sequence
from answerable.audit.signing import desk_signer
from tests.audit.conftest import Write
from tests.support.desks import Desk

VERIFY = Path(verify.__file__)
KEY = desk_signer().verifier_key
DIGEST = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.fixture
def danas(write: Write) -> dict[str, Any]:
    """Dana's receipt, out of a log of eleven entries."""
    entries = [write(report=number, digest=DIGEST) for number in range(11)]
    sequence()
    return receipt(entries[4].pk)


def read(data: Any, key: verify.VerifierKey | None = KEY) -> verify.Verified:
    return verify.verify_receipt(verify.parse_receipt(json.dumps(data).encode()), key)


def alone(tmp_path: Path, data: bytes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the one file in a folder of its own, with nothing of the project reachable."""
    script = tmp_path / "verify.py"
    shutil.copy(VERIFY, script)
    (tmp_path / "receipt.json").write_bytes(data)
    command = [sys.executable, "-I", str(script), str(tmp_path / "receipt.json"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False)


def test_a_good_receipt_is_verified_and_says_when_and_what(tmp_path: Path, danas: dict[str, Any]) -> None:
    result = alone(tmp_path, json.dumps(danas).encode(), "--key", str(KEY))
    assert (result.returncode, result.stderr) == (0, "")
    assert "VERIFIED" in result.stdout
    assert "received: 2026-12-01 09:00:00 UTC" in result.stdout
    assert DIGEST in result.stdout
    assert "place 4 of 11" in result.stdout
    assert "compare it" not in result.stdout


def test_without_a_published_key_it_says_what_to_compare(tmp_path: Path, danas: dict[str, Any]) -> None:
    result = alone(tmp_path, json.dumps(danas).encode())
    assert result.returncode == 0
    assert str(KEY) in result.stdout
    assert "compare it with the one that the desk publishes" in result.stdout


def test_the_one_file_imports_nothing_of_the_project() -> None:
    assert "answerable." not in VERIFY.read_text().replace("answerable.audit check", "")
    assert "django" not in VERIFY.read_text()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 10_000, "not JSON"),
        (b"null", "no receipt"),
        (b"{}", "no receipt"),
        (b'{"answerable_receipt": 2}', "no receipt"),
        (b'{"answerable_receipt": 1}', "lacks or adds"),
        (b'{"answerable_receipt": 1, "answerable_receipt": 1}', "twice"),
        (b" " * 1_000_001, "larger"),
    ],
)
def test_what_is_no_receipt_is_refused_in_plain_words(tmp_path: Path, data: bytes, says: str) -> None:
    result = alone(tmp_path, data)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("NOT VERIFIED. ")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_a_changed_receipt_is_refused_by_the_one_file(tmp_path: Path, danas: dict[str, Any]) -> None:
    danas["event"]["digest"] = DIGEST[::-1]
    result = alone(tmp_path, json.dumps(danas).encode())
    assert result.returncode == 1
    assert "event or its salt was changed" in result.stderr


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify.main([str(tmp_path / "nothing.json")]) == 1
    assert "nothing.json" in capsys.readouterr().err


def at(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *folders, last = path.split(".")

    def change(data: Any) -> None:
        for folder in folders:
            data = data[folder]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (at("entry.at", "2026-11-01T09:00:00.000000Z"), "not the one that stands"),
        (at("entry.at", "yesterday"), "UTC time"),
        (at("entry.at", 5), "not text"),
        (at("entry.kind", "signed_in"), "not the one that stands"),
        (at("entry.actor", "max"), "not the one that stands"),
        (at("entry.case", 12), "not the one that stands"),
        (at("entry.case", "12"), "not a number"),
        (at("entry.id", 99), "not the one that stands"),
        (at("entry.id", True), "not a number"),
        (at("entry.id", 2**53), "not a number"),
        (at("entry.extra", 1), "six fields"),
        (at("entry", []), "six fields"),
        (at("salt", "00" * 32), "event or its salt was changed"),
        (at("salt", "00" * 31), "32 bytes"),
        (at("salt", None), "32 bytes"),
        (at("event", None), "not an object"),
        (at("event", {"report": 1.5}), "float"),
        (at("event", {"report": 2**53}), "2\\^53"),
        (at("leaf_index", 5), "not the one that stands"),
        (at("leaf_index", 11), "outside"),
        (at("leaf_index", -1), "malformed"),
        (at("leaf_index", 4.0), "malformed"),
        (at("proof", None), "malformed"),
        (at("proof", []), "too short"),
        (at("proof", ["00" * 32] * 4), "not the one that stands"),
        (at("proof", ["00" * 32] * 5), "too long"),
        (at("proof", ["xx"]), "hexadecimal"),
        (at("checkpoint", None), "no place in the log yet"),
        (at("checkpoint", 5), "not text"),
        (at("checkpoint", "x"), "not a signed note"),
        (at("verifier_key", "x"), "verifier key"),
        (at("verifier_key", []), "not text"),
        (at("verifier_key", str(Signer(KEY.name, bytes(32)).verifier_key)), "another key"),
        (at("more", 1), "lacks or adds"),
    ],
)
def test_each_change_is_named(danas: dict[str, Any], change: Callable[[Any], None], says: str) -> None:
    change(danas)
    with pytest.raises(verify.Refused, match=says):
        read(danas)


def test_a_receipt_signed_by_max_is_refused_against_the_published_key(danas: dict[str, Any]) -> None:
    max_ = Signer(KEY.name, bytes([5]) * 32)
    root = verify.open_checkpoint(danas["checkpoint"], KEY).root
    danas["checkpoint"] = max_.sign(checkpoint_text(KEY.name, 11, root))
    with pytest.raises(verify.Refused, match="not signed by the key"):
        read(danas)
    danas["verifier_key"] = str(max_.verifier_key)
    with pytest.raises(verify.Refused, match="another key"):
        read(danas)
    assert read(danas, key=None).key == max_.verifier_key  # which is why the key is to be compared


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(verify.RECEIPT_KEYS)


@given(ANY_JSON | st.dictionaries(st.sampled_from(KEYS), ANY_JSON))
def test_no_json_crashes_it(data: Any) -> None:
    with pytest.raises(verify.Refused):
        read(data, None)


@given(st.binary())
def test_no_bytes_crash_it(data: bytes) -> None:
    with pytest.raises(verify.Refused):
        verify.parse_receipt(data)


FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.sampled_from([key for key in KEYS if key != "answerable_receipt"]), ANY_JSON)
def test_a_receipt_with_any_field_replaced_is_refused(danas: dict[str, Any], key: str, value: Any) -> None:
    if value == danas[key]:
        return
    with pytest.raises(verify.Refused):
        read({**danas, key: value})


@FUZZ
@given(st.sampled_from(sorted(verify.SKELETON_KEYS)), ANY_JSON)
def test_a_receipt_with_any_field_of_its_entry_replaced_is_refused(
    danas: dict[str, Any], key: str, value: Any
) -> None:
    if value == danas["entry"][key] and type(value) is type(danas["entry"][key]):
        return
    with pytest.raises(verify.Refused):
        read({**danas, "entry": {**danas["entry"], key: value}})


@FUZZ
@given(st.data())
def test_a_receipt_with_any_bit_flipped_says_the_same_or_is_refused(
    danas: dict[str, Any], data: st.DataObject
) -> None:
    good = read(danas)
    text = bytearray(json.dumps(danas, separators=(",", ":")).encode())
    text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        verified = verify.verify_receipt(verify.parse_receipt(bytes(text)), KEY)
    except verify.Refused:
        return
    assert verified == good


def test_nothing_in_a_receipt_can_steer_a_terminal(write: Write) -> None:
    entry = write(**{"digest\x1b": "\x1b[2J\u202evalue\n\nVERIFIED"})
    sequence()
    words = verify.in_words(read(receipt(entry.pk)), key_was_given=True)
    assert all(character == "\n" or " " <= character <= "~" for character in words)
    assert len(words.splitlines()) == 6


def test_a_forgotten_entrys_receipt_still_proves_its_place(write: Write, now: datetime) -> None:
    entry = write(report=7)
    sequence()
    forget([entry.pk], actor="worker", now=now)
    sequence()
    verified = read(receipt(entry.pk))
    assert verified.event is None
    assert "erased (only its digest is left)" in verify.in_words(verified, key_was_given=True)


def test_an_entry_that_waits_for_its_place_has_a_receipt_that_says_so(write: Write) -> None:
    entry = write()
    written = receipt(entry.pk, wait_seconds=0)
    with pytest.raises(verify.Refused, match="no place in the log yet"):
        read(written)


def test_an_entry_that_is_placed_but_not_signed_yet_waits_too(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write()
    sequence()
    entry = write()
    monkeypatch.setattr("answerable.audit.sequencer._sign", lambda _: None)
    assert sequence() == 1
    assert receipt(entry.pk, wait_seconds=0)["checkpoint"] is None


def test_a_receipt_waits_until_its_entry_has_a_place(fresh_database: Desk, now: datetime) -> None:
    with transaction.atomic():
        entry = append("report_received", actor="reporter", now=now, event={"report": 7})

    def worker() -> None:
        try:
            sequence()
        finally:
            connections.close_all()

    timer = threading.Timer(0.1, worker)
    timer.start()
    written = receipt(entry.pk, wait_seconds=30)
    timer.join()
    assert read(written).leaf_index == 0


def test_a_receipt_needs_no_private_key(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = write()
    sequence()
    monkeypatch.setattr("answerable.audit.signing.read_key", lambda *_: pytest.fail("read the key"))
    assert read(receipt(entry.pk)).leaf_index == 0


def test_every_entry_of_a_growing_log_keeps_a_good_receipt(write: Write) -> None:
    entries = []
    for number in range(9):
        entries.append(write(report=number))
        sequence()
        for place, entry in enumerate(entries):
            assert read(receipt(entry.pk)).leaf_index == place


def test_verifying_loads_neither_django_nor_a_configuration(tmp_path: Path) -> None:
    code = "import answerable.audit.cli, answerable.audit.verify, sys; print('django' in sys.modules)"
    environment = {"ANSWERABLE_DATA": str(tmp_path / "nowhere"), "PATH": ""}
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    assert (result.stdout.strip(), result.stderr) == ("False", "")


def test_there_is_no_receipt_of_what_never_happened(db: None) -> None:
    with pytest.raises(NoSuchEntry, match="404"):
        receipt(404)


def test_a_receipt_out_of_a_damaged_tree_is_not_given(write: Write, tamper: Callable[..., int]) -> None:
    entries = [write(), write()]
    sequence()
    tamper("DELETE FROM audit_node WHERE level = 0")
    with pytest.raises(LogBroken, match="missing"):
        receipt(entries[0].pk)
