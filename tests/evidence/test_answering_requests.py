"""The package for an authority: of what it named, the fields that were chosen, to its key, after two and by two."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.db import DatabaseError, connections, transaction

from answerable import clock
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import AuthorityRequest, EvidenceRecipient, Item, Person, RequestPackage
from answerable.cases.queries import requests
from answerable.cases.request_inputs import Asks, Unfit
from answerable.evidence import answering
from answerable.evidence.sealing import new_identity, recipient_of
from tests.cases.desk import TestDesk
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import check, verify
from tests.support.kills import killed_until_done

AMES = new_identity()
UNIT = "Police, unit 5"


def key_of(desk: TestDesk, adds: Person, verifies: Person, name: str = UNIT) -> None:
    commands.add_recipient(name, recipient_of(AMES), person_id=adds.pk, now=desk.clock.now)
    commands.verify_recipient(name, recipient_of(AMES), person_id=verifies.pk, now=desk.clock.now)


def listed(
    desk: TestDesk, row: AuthorityRequest, person: Person, *fields: str, items: Any = None
) -> RequestPackage:
    chosen = requests.items_of(row) if items is None else items
    fields = fields or ("place", "hashes")
    text = answering.document(row, chosen, fields, desk.clock.now)
    number = commands.list_package(
        row.pk,
        person_id=person.pk,
        recipient=UNIT,
        document=text,
        item_ids=[one.pk for one in chosen],
        fields=fields,
        now=desk.clock.now,
    )
    return RequestPackage.objects.get(pk=number)


def agree(
    desk: TestDesk, package: RequestPackage, person: Person, *, agreed: bool = True, digest: str = ""
) -> None:
    commands.answer_package(
        package.pk, person_id=person.pk, digest=digest or package.digest, agreed=agreed, now=desk.clock.now
    )


def opened(path: Path) -> dict[str, Any]:
    return dict(json.loads(pyrage.decrypt(path.read_bytes(), [pyrage.x25519.Identity.from_str(AMES)])))


@pytest.fixture
def asked(desk: TestDesk, ravi: Person, tmp_path: Path, settings: Any, monkeypatch: Any) -> AuthorityRequest:
    """Agent Ames asks for facts about what Uri posted."""
    monkeypatch.setattr(clock, "now", lambda: desk.clock.now)
    desk.upload("a", account="uri")
    desk.upload("b", account="max")
    desk.report("a")
    return ask(desk, ravi, Asks.DISCLOSE, "a")


def test_the_least_that_was_named_leaves_encrypted_after_two_and_by_two(
    asked: AuthorityRequest, desk: TestDesk, lena: Person, petra: Person, tmp_path: Path
) -> None:
    key_of(desk, lena, petra)
    with pytest.raises(Refused, match="Two people"):
        listed(desk, asked, lena)
    check(desk, asked, lena)
    with pytest.raises(Refused, match="Two people"):
        listed(desk, asked, lena)
    check(desk, asked, petra)
    asked.refresh_from_db()
    with pytest.raises(Refused, match="of what the request names"):
        listed(desk, asked, lena, items=list(Item.objects.filter(ref="b")))
    package = listed(desk, asked, lena)
    target = tmp_path / "answer.age"
    with pytest.raises(Refused, match="agree to this package first"):
        answering.give(package.pk, target, person=lena)
    with pytest.raises(Refused, match="doesn't agree"):
        agree(desk, package, lena)
    with pytest.raises(Refused, match="not what was listed"):
        agree(desk, package, petra, digest="0" * 64)
    shown = commands.open_package(package.pk, person_id=petra.pk, now=desk.clock.now)
    assert hashlib.sha256(shown.encode()).hexdigest() == package.digest
    agree(desk, package, petra)
    desk.clock.pass_(minutes=30)
    size = answering.give(package.pk, target, person=lena)
    assert target.stat().st_size == size
    said = opened(target)
    assert json.dumps(said, sort_keys=True, separators=(",", ":")) == shown
    assert [set(one) for one in said["items"]] == [{"number", "place", "hashes"}]
    assert said["items"][0]["place"]["ref"] == "a"
    assert "uri" not in shown
    assert b"uri" not in target.read_bytes()
    given = [event_of(one) or {} for one in AuditEntry.objects.filter(kind="package_given").order_by("pk")]
    assert given[0]["sealed_sha256"] == hashlib.sha256(target.read_bytes()).hexdigest()
    assert given[0]["digest"] == package.digest
    assert [one.get("item") for one in given] == [None, desk.item("a").pk]
    asked.refresh_from_db()
    assert asked.outcome == "granted"
    commands.request_answered(asked.pk, person_id=petra.pk, reference="sent", now=desk.clock.now)
    answered = event_of(AuditEntry.objects.get(kind="request_answered")) or {}
    assert answered["seconds"] == 35 * 60
    # who lost the file takes it again, and that is logged again
    answering.give(package.pk, tmp_path / "again.age", person=petra)
    assert AuditEntry.objects.filter(kind="package_given").count() == 4
    with pytest.raises(FileExistsError):
        answering.give(package.pk, target, person=petra)


def test_of_who_reported_and_who_judged_nothing_leaves(
    asked: AuthorityRequest, desk: TestDesk, ravi: Person, lena: Person, petra: Person
) -> None:
    desk.yes(ravi, "a")
    key_of(desk, lena, petra)
    verify(desk, asked, lena, petra)
    package = listed(desk, asked, lena, *answering.FIELDS)
    shown = json.loads(commands.open_package(package.pk, person_id=petra.pk, now=desk.clock.now))
    assert shown["items"][0]["account"] == {"platform": "sample", "ref": "uri"}
    assert shown["items"][0]["decision"]["verdict"] == "violating"
    words = json.dumps(shown)
    assert not any(word in words for word in ("report", "review", "person", "Ravi", "depicted"))
    with pytest.raises(ValueError, match="no field"):
        answering.document(asked, [], ["contact"], desk.clock.now)


def test_who_declines_whose_key_ended_and_what_was_refused(
    asked: AuthorityRequest, desk: TestDesk, lena: Person, petra: Person, tmp_path: Path
) -> None:
    verify(desk, asked, lena, petra)
    with pytest.raises(NotFound):
        listed(desk, asked, lena)
    commands.add_recipient(UNIT, recipient_of(AMES), person_id=lena.pk, now=desk.clock.now)
    with pytest.raises(Refused, match="verified this key"):
        listed(desk, asked, lena)
    commands.verify_recipient(UNIT, recipient_of(AMES), person_id=petra.pk, now=desk.clock.now)
    first = listed(desk, asked, lena)
    agree(desk, first, petra, agreed=False)
    with pytest.raises(Refused, match="agree to this package first"):
        answering.give(first.pk, tmp_path / "x", person=lena)
    second = listed(desk, asked, lena)
    third = listed(desk, asked, petra)
    with pytest.raises(AlreadyDone):
        agree(desk, second, petra)
    agree(desk, third, lena)
    commands.end_recipient(UNIT, person_id=lena.pk, now=desk.clock.now)
    with pytest.raises(Refused, match="no longer"):
        answering.give(third.pk, tmp_path / "x", person=lena)
    commands.refuse_request(
        asked.pk, person_id=lena.pk, unfit=Unfit.TAKEN_BACK, reason="They say so.", now=desk.clock.now
    )
    with pytest.raises(AlreadyDone):
        answering.give(third.pk, tmp_path / "x", person=lena)
    assert not list(tmp_path.glob("*x*"))
    assert not AuditEntry.objects.filter(kind="package_given").exists()


def test_the_database_lists_nothing_that_two_did_not_verify(
    asked: AuthorityRequest, desk: TestDesk, lena: Person, petra: Person
) -> None:
    key_of(desk, lena, petra)
    check(desk, asked, lena)
    recipient = EvidenceRecipient.objects.get()
    with pytest.raises(DatabaseError, match="two different people"), transaction.atomic():
        asked.packages.create(
            recipient=recipient,
            digest="0" * 64,
            fields=[],
            items=[],
            listed_at=desk.clock.now,
            listed_by=lena,
        )


def test_killed_anywhere_no_file_leaves_without_its_entry(
    fresh_database: Any,
    committed: Any,
    ravi: Person,
    lena: Person,
    petra: Person,
    tmp_path: Path,
    monkeypatch: Any,
) -> None:
    monkeypatch.setattr(clock, "now", lambda: committed.clock.now)
    committed.upload("a")
    row = ask(committed, ravi, Asks.DISCLOSE, "a")
    key_of(committed, lena, petra)
    verify(committed, row, lena, petra)
    package = listed(committed, row, lena)
    agree(committed, package, petra)
    target = tmp_path / "answer.age"

    def turn() -> bool:
        answering.give(package.pk, target, person=lena)
        return False

    kills = killed_until_done(turn, latest=6, most=40)
    connections.close_all()
    assert kills >= 4
    assert sorted(one.name for one in tmp_path.iterdir() if "answer" in one.name) == ["answer.age"]
    sealed = hashlib.sha256(target.read_bytes()).hexdigest()
    logged = [event_of(one) or {} for one in AuditEntry.objects.filter(kind="package_given")]
    assert sealed in [one.get("sealed_sha256") for one in logged]
    assert opened(target)["request"] == row.pk
    assert AuthorityRequest.objects.get().outcome == "granted"
