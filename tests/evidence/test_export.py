"""Handing evidence out: who may, what leaves, and that a changed byte of it is found by anybody."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pyrage
import pytest

from answerable.audit import verify as audit_verify
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.audit.signing import desk_signer
from answerable.cases import commands
from answerable.cases.evidence_inputs import OpenedFor
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import EvidenceObject
from answerable.evidence import export, stores, verify
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.evidence.verify import Refused as NotVerified
from answerable.obligations.models import Obligation
from tests.evidence.conftest import ANYWHERE, EvidenceDesk, Keys, Things

pytestmark = pytest.mark.django_db
PICTURE = b"a lake in the morning, made of bytes" * 500


@pytest.fixture
def kept(desk: EvidenceDesk, ravi) -> EvidenceDesk:
    """A desk with evidence of one picture."""
    desk.post("a", PICTURE)
    desk.report("a")
    commands.look_at([desk.item("a").pk], person_id=ravi.pk, revealed=True, now=desk.clock.now)
    desk.yes(ravi, "a")
    desk.work()
    return desk


def case_of(kept: EvidenceDesk) -> int:
    return kept.capture_of("a").case_id


def agreed(kept: EvidenceDesk, asks, agrees) -> None:
    case, now = case_of(kept), kept.clock.now
    commands.ask_evidence(case, person_id=asks.pk, purpose=OpenedFor.COURT, now=now)
    commands.answer_evidence(case, person_id=agrees.pk, agreed=True, now=now)


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}


def decrypted(data: bytes, secret: str) -> bytes:
    return pyrage.decrypt(data, [pyrage.x25519.Identity.from_str(secret)])


def test_it_takes_another_custodian_and_happens_once(kept: EvidenceDesk, ravi, lena, rosa, tmp_path):
    case, now = case_of(kept), kept.clock.now
    with pytest.raises(Refused, match="custodian"):
        commands.ask_evidence(case, person_id=rosa.pk, purpose=OpenedFor.COURT, now=now)
    with pytest.raises(Refused, match="agree"):
        export.export(case, tmp_path / "a.tar", person=ravi, opened=True)
    commands.ask_evidence(case, person_id=ravi.pk, purpose=OpenedFor.COURT, now=now)
    with pytest.raises(AlreadyDone):
        commands.ask_evidence(case, person_id=lena.pk, purpose=OpenedFor.COURT, now=now)
    with pytest.raises(Refused, match="another one"):
        commands.answer_evidence(case, person_id=ravi.pk, agreed=True, now=now)
    with pytest.raises(Refused, match="custodian"):
        commands.answer_evidence(case, person_id=rosa.pk, agreed=True, now=now)
    commands.answer_evidence(case, person_id=lena.pk, agreed=True, now=now)
    with pytest.raises(Refused, match="agree"):
        export.export(case, tmp_path / "a.tar", person=lena, opened=True)
    assert export.export(case, tmp_path / "a.tar", person=ravi, opened=True).objects == 3
    with pytest.raises(Refused, match="agree"):
        export.export(case, tmp_path / "b.tar", person=ravi, opened=True)
    assert list(tmp_path.glob("*.tar*")) == [tmp_path / "a.tar"]
    kinds = AuditEntry.objects.filter(kind__startswith="evidence_", case_id=case).order_by("pk")
    assert [one.kind for one in kinds][-3:] == ["evidence_asked", "evidence_answered", "evidence_opened"]
    assert event_of(kinds.last())["second"] == lena.pk
    assert Obligation.objects.get(kind="open_evidence").state == "kept"


def test_who_is_declined_gets_nothing(kept: EvidenceDesk, ravi, lena, tmp_path):
    case, now = case_of(kept), kept.clock.now
    commands.ask_evidence(case, person_id=ravi.pk, purpose=OpenedFor.AUDIT, now=now)
    commands.answer_evidence(case, person_id=lena.pk, agreed=False, now=now)
    with pytest.raises(Refused):
        export.export(case, tmp_path / "a.tar", person=ravi, opened=True)


@ANYWHERE
def test_a_custodian_gets_the_vaults_own_objects_and_opens_them_elsewhere(
    kept: EvidenceDesk, ravi, lena, keys: Keys, things: Things, tmp_path
):
    agreed(kept, ravi, lena)
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, opened=True)
    there = members(tmp_path / "a.tar")
    sha256 = kept.capture_of("a").media_sha256
    (name,) = [name for name in stores.store("vault").names() if sha256 in name]
    assert there[f"objects/{sha256}.age"] == things.read("vault", name)
    assert decrypted(there[f"objects/{sha256}.age"], keys.lena) == PICTURE
    assert not any(PICTURE[:50] in data for data in there.values())


@ANYWHERE
def test_a_verified_authority_gets_it_encrypted_to_its_own_key(kept: EvidenceDesk, ravi, lena, tmp_path):
    police, now = new_identity(), kept.clock.now
    agreed(kept, ravi, lena)
    commands.add_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    with pytest.raises(Refused, match="Nobody verified"):
        export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police")
    with pytest.raises(Refused, match="another one"):
        commands.verify_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    with pytest.raises(Refused, match="another key"):
        commands.verify_recipient("Police", recipient_of(new_identity()), person_id=lena.pk, now=now)
    commands.verify_recipient("Police", recipient_of(police), person_id=lena.pk, now=now)
    with pytest.raises(NotFound):
        export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Somebody")
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police")
    there = members(tmp_path / "a.tar")
    for name, data in there.items():
        if name.startswith("objects/"):
            plain = decrypted(data, police)
            assert hashlib.sha256(plain).hexdigest() == name.removeprefix("objects/").removesuffix(".age")
    assert verify.verify(tmp_path / "a.tar").captures == 1
    assert event_of(AuditEntry.objects.filter(kind="evidence_read").latest("pk"))["purpose"] == "export"
    commands.end_recipient("Police", person_id=ravi.pk, now=now)
    agreed(kept, ravi, lena)
    with pytest.raises(NotFound):
        export.export(case_of(kept), tmp_path / "b.tar", person=ravi, recipient="Police")


def test_what_left_the_working_store_goes_as_the_custodians_have_it(kept: EvidenceDesk, ravi, lena, tmp_path):
    police, now = new_identity(), kept.clock.now
    EvidenceObject.objects.filter(store="working").update(destroying_at=now, destroyed_at=now)
    commands.add_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    commands.verify_recipient("Police", recipient_of(police), person_id=lena.pk, now=now)
    agreed(kept, ravi, lena)
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police")
    listed = json.loads(members(tmp_path / "a.tar")["captures.json"])["captures"][0]["objects"]
    assert {one["to"] for one in listed} == {"the custodians"}


def test_everybody_else_gets_digests_and_the_same_proofs(kept: EvidenceDesk, ravi, rosa, tmp_path):
    with pytest.raises(Refused):
        export.export(case_of(kept), tmp_path / "a.tar", person=rosa)
    made = export.export(case_of(kept), tmp_path / "a.tar", person=ravi)
    assert (made.objects, made.left_out) == (0, 3)
    there = members(tmp_path / "a.tar")
    assert not any(name.startswith("objects/") for name in there)
    assert kept.capture_of("a").media_sha256.encode() in there["captures.json"]
    receipts = json.loads(there["custody.json"])["receipts"]
    kinds = [one["entry"]["kind"] for one in receipts]
    assert {"revealed", "review_made", "decision_made", "evidence_captured"} <= set(kinds)
    for one in receipts:
        audit_verify.verify_receipt(one, desk_signer().verifier_key)


@pytest.fixture
def exported(kept: EvidenceDesk, ravi, lena, tmp_path) -> Path:
    """A custodian's export."""
    agreed(kept, ravi, lena)
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, opened=True)
    return tmp_path / "a.tar"


def test_anybody_verifies_it_with_the_file_in_it_and_nothing_else(exported: Path, tmp_path):
    script = tmp_path / "verify.py"
    script.write_bytes(members(exported)["verify.py"])
    key = str(desk_signer().verifier_key)

    def run(named: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-I", "-S", script, exported, "--key", named]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    good = run(key)
    assert good.returncode == 0, good.stderr
    assert good.stdout.startswith("VERIFIED.")
    name, _, encoded = key.split("+", 2)
    other = run(f"{name}+00000000+{encoded}")
    assert other.returncode == 1
    assert "another key" in other.stderr


def test_any_changed_byte_is_found(exported: Path, tmp_path):
    """Each header, each padding, each document, each object, the end: a byte of every 512, and all of the proof."""
    whole = exported.read_bytes()
    assert verify.verify(exported).files == 9
    changed = tmp_path / "changed.tar"
    with tarfile.open(exported) as archive:
        proof = archive.getmember("proof.json")
    places = {at + at // 512 * 37 % 512 for at in range(0, len(whole), 512)}
    places |= set(range(proof.offset_data, proof.offset_data + proof.size, 7))
    missed = []
    for at in sorted(places & set(range(len(whole)))):
        changed.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        try:
            verify.verify(changed)
        except NotVerified:
            continue
        missed.append(at)
    assert missed == []


@pytest.mark.parametrize("cut", [1, 512, 10_240, 40_000])
def test_a_shorter_or_longer_file_is_found(exported: Path, cut):
    whole = exported.read_bytes()
    for data in (whole[:-cut], whole + bytes(cut)):
        exported.write_bytes(data)
        with pytest.raises(NotVerified):
            verify.verify(exported)


def rewritten(path: Path, change: dict[str, bytes | None]) -> None:
    """The archive written anew, as somebody would who knows how: with files changed, removed or added."""
    there = members(path)
    proof, manifest = there.pop("proof.json"), there.pop("manifest.json")
    for name, data in change.items():
        if data is None:
            there.pop(name)
        else:
            there[name] = data
    out = io.BytesIO()
    archive = export._Archive(out)
    listed = [archive.add(name, data) for name, data in there.items()]
    document = json.loads(manifest)
    document["files"] = [{"name": m.name, "sha256": m.sha256, "size": m.size} for m in listed]
    archive.add("manifest.json", verify.canonical(document))
    archive.add("proof.json", proof)
    archive.end()
    path.write_bytes(out.getvalue())


@pytest.mark.parametrize("what", ["removed", "added", "changed", "same"])
def test_who_writes_it_anew_can_not_write_the_log_anew(exported: Path, what):
    there = members(exported)
    name = next(one for one in there if one.startswith("objects/"))
    change = {
        "removed": {name: None},
        "added": {"objects/more.age": b"more"},
        "changed": {name: there[name][:-1] + b"x"},
        "same": {},
    }
    rewritten(exported, change[what])
    if what == "same":
        assert verify.verify(exported).captures == 1
        return
    with pytest.raises(NotVerified, match="not the one that the desk's log has"):
        verify.verify(exported)


def test_another_log_needs_the_desks_key(exported: Path):
    there = members(exported)
    proof = json.loads(there["proof.json"])
    proof["event"]["manifest"] = "0" * 64
    with pytest.raises(NotVerified, match="says something else"):
        verify.check_receipt(proof, "")


def test_the_signature_check_agrees_with_the_library():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    for number in range(12):
        private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(bytes([number])).digest())
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        message = bytes([number]) * number * 50
        signature = private.sign(message)
        assert verify.signature_is_good(public, signature, message)
        assert not verify.signature_is_good(public, signature, message + b"x")
        forged = bytearray(signature)
        forged[number * 5] ^= 1
        assert not verify.signature_is_good(public, bytes(forged), message)
        larger = int.from_bytes(signature[32:], "little") + verify.ORDER
        malleable = signature[:32] + larger.to_bytes(32, "little")
        assert not verify.signature_is_good(public, malleable, message)
    assert not verify.signature_is_good(b"\xff" * 32, signature, message)


def test_a_damaged_object_is_not_handed_out(kept: EvidenceDesk, ravi, lena, tmp_path):
    agreed(kept, ravi, lena)
    path = kept.files("vault")[0]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(export.ObjectDamaged):
        export.export(case_of(kept), tmp_path / "a.tar", person=ravi, opened=True)
    assert list(tmp_path.glob("*.tar*")) == []
    assert Obligation.objects.get(kind="open_evidence").state == "owed"
