"""Handing evidence out: who may, what leaves, and that a changed byte of it is found by anybody."""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.db import DatabaseError, transaction
from hypothesis import HealthCheck, example, given
from hypothesis import settings as how
from hypothesis import strategies as st

from answerable.audit import verify as audit_verify
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.audit.signing import desk_signer
from answerable.cases import commands
from answerable.cases.commands.grouping import join
from answerable.cases.commands.writing import Writing
from answerable.cases.evidence_inputs import OpenedFor
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import (
    AuthorityRequest,
    EvidenceObject,
    EvidenceRecipient,
    Person,
    RequestEvidence,
)
from answerable.cases.request_inputs import Asks, Came, Unfit
from answerable.evidence import export, stores, verify
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.evidence.verify import Refused as NotVerified
from answerable.obligations.models import Obligation
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import check
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


def agreed(kept: EvidenceDesk, asks, agrees, request_id: int | None = None, to: str = "Police") -> None:
    case, now = case_of(kept), kept.clock.now
    for_them = {"request_id": request_id, "recipient": to} if request_id is not None else {}
    commands.ask_evidence(case, person_id=asks.pk, purpose=OpenedFor.COURT, now=now, **for_them)
    commands.answer_evidence(case, person_id=agrees.pk, agreed=True, now=now)


def asked(
    kept: EvidenceDesk, enters: Person, *verify_it: Person, refs: tuple[str, ...] = ("a",), **facts: Any
) -> int:
    """Agent Ames asks for it; these reached the authority. The request's number."""
    row = ask(kept, enters, facts.pop("asks", Asks.DISCLOSE), *refs, **facts)
    for person in verify_it:
        check(kept, row, person)
    return row.pk


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
    number = asked(kept, ravi, ravi, lena)
    with pytest.raises(NotFound):
        agreed(kept, ravi, lena, number)
    commands.add_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    to_them = {"person": ravi, "recipient": "Police", "request_id": number}
    with pytest.raises(Refused, match="Nobody verified"):
        agreed(kept, ravi, lena, number)
    with pytest.raises(Refused, match="Nobody verified"):
        export.export(case_of(kept), tmp_path / "a.tar", **to_them)
    with pytest.raises(Refused, match="another one"):
        commands.verify_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    with pytest.raises(Refused, match="another key"):
        commands.verify_recipient("Police", recipient_of(new_identity()), person_id=lena.pk, now=now)
    commands.verify_recipient("Police", recipient_of(police), person_id=lena.pk, now=now)
    agreed(kept, ravi, lena, number)
    with pytest.raises(NotFound):
        export.export(case_of(kept), tmp_path / "a.tar", **{**to_them, "recipient": "Somebody"})
    export.export(case_of(kept), tmp_path / "a.tar", **to_them)
    there = members(tmp_path / "a.tar")
    for name, data in there.items():
        if name.startswith("objects/"):
            plain = decrypted(data, police)
            assert hashlib.sha256(plain).hexdigest() == name.removeprefix("objects/").removesuffix(".age")
    assert verify.verify(tmp_path / "a.tar").captures == 1
    assert event_of(AuditEntry.objects.filter(kind="evidence_read").latest("pk"))["purpose"] == "export"
    agreed(kept, ravi, lena, number)
    commands.end_recipient("Police", person_id=ravi.pk, now=now)
    with pytest.raises(NotFound):
        export.export(case_of(kept), tmp_path / "b.tar", **to_them)


def test_what_left_the_working_store_goes_as_the_custodians_have_it(kept: EvidenceDesk, ravi, lena, tmp_path):
    police, now = new_identity(), kept.clock.now
    EvidenceObject.objects.filter(store="working").update(destroying_at=now, destroyed_at=now)
    commands.add_recipient("Police", recipient_of(police), person_id=ravi.pk, now=now)
    commands.verify_recipient("Police", recipient_of(police), person_id=lena.pk, now=now)
    request_id = asked(kept, ravi, ravi, lena)
    agreed(kept, ravi, lena, request_id)
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police", request_id=request_id)
    listed = json.loads(members(tmp_path / "a.tar")["captures.json"])["captures"][0]["objects"]
    assert {one["to"] for one in listed} == {"the custodians"}


@pytest.fixture
def police(kept: EvidenceDesk, ravi: Person, lena: Person) -> str:
    """An authority whose key two people verified: its secret key."""
    secret, now = new_identity(), kept.clock.now
    commands.add_recipient("Police", recipient_of(secret), person_id=ravi.pk, now=now)
    commands.verify_recipient("Police", recipient_of(secret), person_id=lena.pk, now=now)
    return secret


def test_what_an_authority_is_given_answers_its_request_and_covers_no_more(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person, tmp_path: Path
):
    kept.post("b", b"a hill, of somebody else" * 100, account="max")
    kept.report("b")
    kept.yes(ravi, "b")
    kept.work()
    with transaction.atomic():
        writing = Writing(actor="worker", now=kept.clock.now, cause="test")
        join(writing, kept.capture_of("a").case, kept.capture_of("b").case)
    number = asked(kept, ravi, ravi, lena)
    agreed(kept, ravi, lena, number)
    with pytest.raises(Refused, match=f"for request {number}"):
        export.export(case_of(kept), tmp_path / "mine.tar", person=ravi, opened=True)
    made = export.export(
        case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police", request_id=number
    )
    assert (made.captures, made.objects) == (1, 3)
    there = members(tmp_path / "a.tar")
    other = kept.capture_of("b")
    text = b"".join(data for name, data in there.items() if name.endswith(".json")).decode()
    assert not [sha for sha in (other.media_sha256, other.facts_sha256, other.manifest_sha256) if sha in text]
    custody = [one["event"] or {} for one in json.loads(there["custody.json"])["receipts"]]
    assert {one["item"] for one in custody if "item" in one} == {kept.item("a").pk}
    assert verify.verify(tmp_path / "a.tar").captures == 1
    entry = AuditEntry.objects.get(kind="evidence_exported")
    event = event_of(entry) or {}
    assert (event["request"], event["items"], event["second"]) == (number, [kept.item("a").pk], lena.pk)
    assert entry.actor == f"person:{ravi.pk}"
    assert AuthorityRequest.objects.get().outcome == "granted"
    given = RequestEvidence.objects.get()
    assert (given.by_id, given.second_id, given.count) == (ravi.pk, lena.pk, 3)
    # the rest of what it covers is given when it is asked for once more by the custodians, and logged anew
    agreed(kept, ravi, lena, number)
    export.export(case_of(kept), tmp_path / "b.tar", person=ravi, recipient="Police", request_id=number)
    assert RequestEvidence.objects.count() == 2


def test_an_authority_learns_nothing_of_anothers_request(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person, tmp_path: Path
):
    kept.post("b", b"a hill, of somebody else" * 100, account="max")
    kept.report("b")
    kept.yes(ravi, "b")
    kept.work()
    with transaction.atomic():
        writing = Writing(actor="worker", now=kept.clock.now, cause="test")
        join(writing, kept.capture_of("a").case, kept.capture_of("b").case)

    def custody_of(number: int, name: str) -> dict[str, list[dict[str, Any]]]:
        agreed(kept, ravi, lena, number)
        to = {"recipient": "Police", "request_id": number}
        export.export(case_of(kept), tmp_path / name, person=ravi, **to)
        told: dict[str, list[dict[str, Any]]] = {}
        for one in json.loads(members(tmp_path / name)["custody.json"])["receipts"]:
            told.setdefault(one["entry"]["kind"], []).append(one["event"] or {})
        return told

    both = asked(kept, ravi, ravi, lena, refs=("a", "b"), reference="A-1")
    assert {one["request"] for one in custody_of(both, "both.tar")["evidence_asked"]} == {both}
    kept_only = ask(kept, ravi, Asks.PRESERVE, "a", reference="B-1")
    commands.refuse_request(
        kept_only.pk, person_id=lena.pk, unfit=Unfit.FALSE, reason="x", now=kept.clock.now
    )
    one = asked(kept, ravi, ravi, lena, refs=("a",), reference="C-1")
    told = custody_of(one, "one.tar")
    assert {event["request"] for events in told.values() for event in events if "request" in event} == {one}
    assert {event["request"] for event in told["evidence_held"]} == {one}
    assert "evidence_exported" not in told
    assert "evidence_hold_released" not in told
    kept.clock.pass_(seconds=1)
    again = custody_of(one, "again.tar")["evidence_exported"]
    assert [event["items"] for event in again] == [[kept.item("a").pk]]  # its own is told
    # what was said of two items together is told to nobody who may know of one alone
    with transaction.atomic():
        numbers = sorted([kept.item("a").pk, kept.item("b").pk])
        Writing(actor="worker", now=kept.clock.now, cause="test", case=kept.item("a").case).record(
            "evidence_kept_on", {"items": numbers}
        )
    assert "evidence_kept_on" in custody_of(both, "both-again.tar")
    assert "evidence_kept_on" not in custody_of(one, "one-again.tar")


def test_a_court_order_on_paper_is_a_request_too(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person, tmp_path: Path
):
    agreed(kept, ravi, lena)
    with pytest.raises(Refused, match="name both"):
        export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police")
    number = asked(kept, ravi, ravi, lena, refs=(), came=Came.LETTER, case_id=case_of(kept))
    with pytest.raises(Refused, match="for no authority's request"):
        export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police", request_id=number)
    agreed(kept, ravi, lena, number)
    export.export(case_of(kept), tmp_path / "a.tar", person=ravi, recipient="Police", request_id=number)
    assert AuthorityRequest.objects.get().outcome == "granted"


def test_what_was_agreed_for_the_desks_own_purposes_goes_to_no_authority(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person, tmp_path: Path
):
    case, now = case_of(kept), kept.clock.now
    for_them = {"request_id": (number := asked(kept, ravi, ravi, lena)), "recipient": "Police"}
    commands.ask_evidence(case, person_id=ravi.pk, purpose=OpenedFor.RESTORE, now=now, **for_them)
    commands.answer_evidence(case, person_id=lena.pk, agreed=True, now=now)
    with pytest.raises(Refused, match="another purpose"):
        export.export(case, tmp_path / "a.tar", person=ravi, recipient="Police", request_id=number)
    assert not list(tmp_path.glob("*.tar*"))


GOOD = {
    "asks": Asks.DISCLOSE,
    "checks": 2,
    "refused": False,
    "names_it": True,
    "verified_key": True,
    "purpose": OpenedFor.COURT,
    "agreed_to": True,
    "names_request": True,
    "agreed_key": True,
}
OTHERWISE = st.fixed_dictionaries(
    {},
    optional={
        "asks": st.sampled_from(list(Asks)),
        "checks": st.integers(0, 1),
        "refused": st.just(True),
        "names_it": st.just(False),
        "verified_key": st.just(False),
        "purpose": st.sampled_from(list(OpenedFor)),
        "agreed_to": st.just(False),
        "names_request": st.just(False),
        "agreed_key": st.just(False),
    },
)


@how(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(otherwise=OTHERWISE)
@example(otherwise={})
@example(otherwise={"asks": Asks.EMERGENCY, "purpose": OpenedFor.AUTHORITY})
@example(otherwise={"checks": 1})
@example(otherwise={"names_it": False})
@example(otherwise={"refused": True})
@example(otherwise={"verified_key": False})
@example(otherwise={"agreed_to": False})
@example(otherwise={"names_request": False})
@example(otherwise={"agreed_key": False})
def test_no_evidence_goes_to_an_authority_without_all_that_it_takes(
    kept: EvidenceDesk, ravi: Person, lena: Person, otherwise: dict[str, Any]
):
    it: dict[str, Any] = {**GOOD, **otherwise}
    case, now = case_of(kept), kept.clock.now
    with transaction.atomic():
        kept.upload("other", account="max")
        refs = ("a",) if it["names_it"] else ("other",)
        earlier = ask(kept, ravi, Asks.PRESERVE, *refs).pk if it["asks"] in (Asks.EXTEND, Asks.LIFT) else None
        more = {"earlier_id": earlier} if earlier else {}
        number = asked(kept, ravi, *(ravi, lena)[: it["checks"]], refs=refs, asks=it["asks"], **more)
        if it["refused"]:
            commands.refuse_request(number, person_id=lena.pk, unfit=Unfit.FALSE, reason="x", now=now)
        for name in ("Ministry", "Police"):
            commands.add_recipient(name, (key := recipient_of(new_identity())), person_id=ravi.pk, now=now)
            commands.verify_recipient(name, key, person_id=lena.pk, now=now)
        to = "Police" if it["agreed_key"] else "Ministry"
        for_them = {"request_id": number, "recipient": to} if it["names_request"] else {}
        commands.ask_evidence(case, person_id=ravi.pk, purpose=it["purpose"], now=now, **for_them)
        if it["agreed_to"]:
            commands.answer_evidence(case, person_id=lena.pk, agreed=True, now=now)
        if not it["verified_key"]:  # since then another key was named so, and nobody verified it yet
            commands.end_recipient("Police", person_id=ravi.pk, now=now)
            commands.add_recipient("Police", recipient_of(new_identity()), person_id=ravi.pk, now=now)
        good = {
            **GOOD,
            "asks": {Asks.DISCLOSE, Asks.EMERGENCY},
            "purpose": {OpenedFor.COURT, OpenedFor.AUTHORITY},
        }
        may = all(it[k] in want if isinstance(want, set) else it[k] == want for k, want in good.items())
        try:
            commands.evidence_handed_out(
                case,
                number,
                person_id=ravi.pk,
                recipient="Police",
                item_ids=[kept.item("a").pk],
                manifest_sha256="0" * 64,
                objects=3,
                now=now,
            )
        except (Refused, AlreadyDone):
            assert not may
        else:
            assert may
        assert RequestEvidence.objects.exists() == may
        transaction.set_rollback(True)


def test_evidence_goes_to_the_key_to_which_the_other_custodian_agreed_and_to_no_other(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person, tmp_path: Path
):
    case, now = case_of(kept), kept.clock.now

    def named(name: str) -> str:
        secret = new_identity()
        commands.add_recipient(name, recipient_of(secret), person_id=ravi.pk, now=now)
        commands.verify_recipient(name, recipient_of(secret), person_id=lena.pk, now=now)
        return secret

    named("Ministry of another state")
    number = asked(kept, ravi, ravi, lena)
    for half in ({"request_id": number}, {"recipient": "Police"}):
        with pytest.raises(Refused, match="name both"):
            commands.ask_evidence(case, person_id=ravi.pk, purpose=OpenedFor.COURT, now=now, **half)
    agreed(kept, ravi, lena, number)
    to = {"person": ravi, "request_id": number}
    with pytest.raises(Refused, match="another recipient's key"):
        export.export(case, tmp_path / "a.tar", recipient="Ministry of another state", **to)
    commands.end_recipient("Police", person_id=ravi.pk, now=now)
    police = named("Police")
    with pytest.raises(Refused, match="another recipient's key"):
        export.export(case, tmp_path / "a.tar", recipient="Police", **to)
    assert not AuditEntry.objects.filter(kind="evidence_read").exists()  # nothing was opened for it
    agreed(kept, ravi, lena, number)
    export.export(case, tmp_path / "a.tar", recipient="Police", **to)
    picture = f"objects/{kept.capture_of('a').media_sha256}.age"
    assert decrypted(members(tmp_path / "a.tar")[picture], police) == PICTURE
    answers = AuditEntry.objects.filter(kind="evidence_answered").order_by("pk")
    assert (event_of(answers.last()) or {})["recipient"] == EvidenceRecipient.objects.get(
        ended_at=None, name="Police"
    ).pk


def test_who_agrees_answers_what_they_read(kept: EvidenceDesk, police: str, ravi: Person, lena: Person):
    case, now = case_of(kept), kept.clock.now
    ask_for = {"person_id": ravi.pk, "purpose": OpenedFor.COURT, "now": now}
    commands.ask_evidence(case, **ask_for)
    read = Obligation.objects.get(kind="agree_evidence").pk
    commands.ask_evidence(case, request_id=asked(kept, ravi, ravi, lena), recipient="Police", **ask_for)
    with pytest.raises(AlreadyDone, match="anew"):
        commands.answer_evidence(case, person_id=lena.pk, agreed=True, asked_id=read, now=now)
    read = Obligation.objects.get(kind="agree_evidence", state="owed").pk
    commands.answer_evidence(case, person_id=lena.pk, agreed=True, asked_id=read, now=now)
    assert Obligation.objects.get(kind="open_evidence").state == "owed"


def test_the_database_hands_out_nothing_that_two_did_not_verify_or_that_is_not_named(
    kept: EvidenceDesk, police: str, ravi: Person, lena: Person
):
    kept.post("b", b"a hill")

    def given_for(number: int, to: str = "Police") -> RequestEvidence:
        with transaction.atomic():
            return RequestEvidence.objects.create(
                request_id=number,
                recipient=EvidenceRecipient.objects.get(name=to),
                case_id=case_of(kept),
                manifest_sha256="0" * 64,
                count=1,
                at=kept.clock.now,
                by=ravi,
                second=lena,
            )

    once, kept_only = asked(kept, ravi, ravi), asked(kept, ravi, ravi, lena, asks=Asks.PRESERVE)
    for number in (once, kept_only):
        agreed(kept, ravi, lena, number)
        with pytest.raises(DatabaseError, match="two different people"):
            given_for(number)
    commands.add_recipient(
        "Ministry", (key := recipient_of(new_identity())), person_id=ravi.pk, now=kept.clock.now
    )
    commands.verify_recipient("Ministry", key, person_id=lena.pk, now=kept.clock.now)
    good, other = asked(kept, ravi, ravi, lena), asked(kept, ravi, ravi, lena)
    agreed(kept, ravi, lena, good)
    for number, to in ((other, "Police"), (good, "Ministry")):
        with pytest.raises(DatabaseError, match="to which another custodian agreed"):
            given_for(number, to)
    given = given_for(good)
    with pytest.raises(DatabaseError, match="what the request names"), transaction.atomic():
        given.items.create(item=kept.item("b"))
    with transaction.atomic():
        given.items.create(item=kept.item("a"))
    refused = asked(kept, ravi, ravi, lena)
    now = kept.clock.now
    commands.refuse_request(refused, person_id=lena.pk, unfit=Unfit.FALSE, reason="x", now=now)
    agreed(kept, ravi, lena, refused)
    with pytest.raises(DatabaseError, match="two different people"):
        given_for(refused)
    agreed(kept, ravi, lena, given.request_id)
    commands.end_recipient("Police", person_id=ravi.pk, now=now)
    with pytest.raises(DatabaseError, match="two different people"):
        given_for(given.request_id)


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
