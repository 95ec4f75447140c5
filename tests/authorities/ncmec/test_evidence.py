"""What NCMEC was sent and what it answered is evidence: byte by byte, proven by the log, erased with the report."""

import base64
import hashlib
import json
import tarfile
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyrage
import pytest

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities.ncmec.answers import Raw
from answerable.authorities.ncmec.wire import Door
from answerable.cases import commands
from answerable.cases.evidence_inputs import HeldFor, OpenedFor
from answerable.cases.models import Filing, FilingAnswer, Person
from answerable.cases.request_inputs import Asks
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.evidence import export, verify
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.settings.evidence import Custodian, Evidence
from tests.authorities.ncmec.conftest import FilingDesk
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import verify as two_verify

pytestmark = pytest.mark.django_db
RAVI, LENA, AMES = new_identity(), new_identity(), new_identity()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Raw]:
    """Every answer as it came over the wire."""
    came: list[Raw] = []
    asked = Door.ask

    def listening(self: Door, *words: Any, **named: Any) -> Raw:
        came.append(asked(self, *words, **named))
        return came[-1]

    monkeypatch.setattr(Door, "ask", listening)
    return came


@pytest.fixture
def filed(
    desk: FilingDesk, heard: list[Raw], ravi: Person, settings: Any, tmp_path: Path, monkeypatch: Any
) -> FilingDesk:
    """A desk with custodians that filed a report about `a`, and another about `b` of somebody else."""
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()
    custodians = (
        Custodian(name="Ravi", key=recipient_of(RAVI)),
        Custodian(name="Lena", key=recipient_of(LENA)),
    )
    settings.CONFIG = settings.CONFIG.model_copy(update={"evidence": Evidence(custodians=custodians)})
    from answerable.cases.commands import writing

    monkeypatch.setattr(writing, "config", lambda: settings.CONFIG)
    desk.post("a")
    desk.post("b", account="max")
    desk.report("a", "b")
    for ref in "ab":
        desk.yes(ravi, ref)
    desk.work()
    return desk


def filing_about(desk: FilingDesk, ref: str) -> Filing:
    return Filing.objects.get(files__content__item=desk.item(ref))


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {one.name: archive.extractfile(one).read() for one in archive}  # type: ignore[union-attr]


def test_every_answer_is_kept_as_it_came_and_the_log_has_its_digest(filed: FilingDesk, heard: list[Raw]):
    filing = filing_about(filed, "a")
    assert filing.state == "finished"
    answers = list(filing.answers.order_by("pk"))
    assert [one.step for one in answers] == ["submit", "upload:1", "details:1", "finish"]
    bodies = {hashlib.sha256(raw.body).hexdigest(): raw for raw in heard}
    events = {}
    for entry in AuditEntry.objects.filter(kind="filing_answered", case_id=filing.case_id):
        event = event_of(entry) or {}
        if event["filing"] == filing.pk:
            events[event["step"]] = event
    for answer in answers:
        assert answer.text is not None
        said = json.loads(personal.open_text(answer.text))
        raw = bodies[answer.answer_sha256]
        assert (base64.b64decode(said["answer"]), said["status"]) == (raw.body, raw.status)
        assert events[answer.step]["answer"] == answer.answer_sha256
        assert raw.body not in bytes(answer.text.ciphertext)
    submitted = base64.b64decode(json.loads(personal.open_text(answers[0].text))["answer"])
    assert ElementTree.fromstring(submitted).findtext("reportId") == str(filing.report_id)
    details = base64.b64decode(json.loads(personal.open_text(answers[2].text))["sent"])
    assert ElementTree.fromstring(details).tag == "fileDetails"
    assert events["details:1"]["sent"] == hashlib.sha256(details).hexdigest()


def test_what_was_answered_is_erased_with_the_report(filed: FilingDesk):
    filing, ravi = filing_about(filed, "a"), Person.objects.get(pseudonym="Ravi")
    texts = [filing.document_id, *filing.answers.values_list("text_id", flat=True)]
    ends = set(PersonalText.objects.filter(pk__in=texts).values_list("erase_after", flat=True))
    assert filing.finished_at is not None
    assert ends == {filing.finished_at + timedelta(days=395)}
    later, lena = filed.clock.now + timedelta(days=500), Person.objects.create(pseudonym="Lena")
    hold = commands.hold_evidence(filing.case_id, person_id=ravi.pk, why=HeldFor.COURT, now=filed.clock.now)
    commands.erase_due(later)
    assert PersonalText.objects.filter(pk__in=texts).count() == 5
    commands.release_hold(hold, person_id=lena.pk, now=later)
    commands.erase_due(later)
    assert not PersonalText.objects.filter(pk__in=texts).exists()
    assert FilingAnswer.objects.filter(filing=filing).count() == 4


def test_a_refusal_is_kept_too_and_goes_with_the_draft(
    desk: FilingDesk, heard: list[Raw], ravi: Person, tmp_path: Path
):
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    desk.post("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    (filing,), (raw, *_) = Filing.objects.all(), heard
    answer = FilingAnswer.objects.get()
    assert (filing.state, answer.status, raw.status) == ("by_hand", 401, 401)
    assert answer.answer_sha256 == hashlib.sha256(raw.body).hexdigest()
    event = event_of(AuditEntry.objects.get(kind="filing_answered")) or {}
    assert (event["outcome"], event["answer"]) == ("refused", answer.answer_sha256)
    commands.redraft_filing(filing.pk, person_id=ravi.pk, now=desk.clock.now)
    answer.refresh_from_db()
    assert answer.text is None


def test_the_authority_gets_the_report_about_what_it_named_and_the_log_proves_it(
    filed: FilingDesk, ravi: Person, lena: Person, tmp_path: Path
):
    filing, other, now = filing_about(filed, "a"), filing_about(filed, "b"), filed.clock.now
    case = filing.case_id
    commands.add_recipient("Police", recipient_of(AMES), person_id=ravi.pk, now=now)
    commands.verify_recipient("Police", recipient_of(AMES), person_id=lena.pk, now=now)
    request = ask(filed, ravi, Asks.DISCLOSE, "a")
    two_verify(filed, request, ravi, lena)
    for target, how in (
        ("to.tar", {"recipient": "Police", "request_id": request.pk}),
        ("opened.tar", {"opened": True}),
        ("digests.tar", {}),
    ):
        if how:
            to = {name: how[name] for name in ("request_id", "recipient") if name in how}
            commands.ask_evidence(case, person_id=ravi.pk, purpose=OpenedFor.COURT, now=now, **to)
            commands.answer_evidence(case, person_id=lena.pk, agreed=True, now=now)
        export.export(case, tmp_path / target, person=ravi, **how)
        assert verify.verify(tmp_path / target).case == case
    there = members(tmp_path / "to.tar")
    (sent,) = json.loads(there["filings.json"])["filings"]
    assert (sent["filing"], sent["report"]) == (filing.pk, str(filing.report_id))
    assert [one["part"] for one in sent["parts"]] == ["report", *["answer"] * 2, "sent", "answer", "answer"]
    for one in sent["parts"]:
        plain = pyrage.decrypt(there[one["file"]], [pyrage.x25519.Identity.from_str(AMES)])
        assert hashlib.sha256(plain).hexdigest() == one["sha256"]
    report = pyrage.decrypt(there[f"objects/{filing.digest}.age"], [pyrage.x25519.Identity.from_str(AMES)])
    assert ElementTree.fromstring(report).tag == "report"
    custody = [one["event"] or {} for one in json.loads(there["custody.json"])["receipts"]]
    proven = {event[key] for event in custody for key in ("digest", "answer", "sent") if key in event}
    assert {one["sha256"] for one in sent["parts"]} <= proven
    assert not any(event.get("filing") == other.pk for event in custody)
    assert other.digest not in there["filings.json"].decode()
    opened = members(tmp_path / "opened.tar")
    assert len(json.loads(opened["filings.json"])["filings"]) == 2
    pyrage.decrypt(opened[f"objects/{other.digest}.age"], [pyrage.x25519.Identity.from_str(LENA)])
    digests = members(tmp_path / "digests.tar")
    assert not [name for name in digests if name.startswith("objects/")]
    listed = json.loads(digests["filings.json"])["filings"]
    assert {one["file"] for said in listed for one in said["parts"]} == {None}
    given = event_of(AuditEntry.objects.filter(kind="evidence_exported").order_by("pk")[0]) or {}
    assert given["filings"] == [filing.pk]
