"""What the database refuses about cases when somebody goes round the commands."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction

from answerable import obligations
from answerable.cases import commands
from answerable.cases.evidence_inputs import CaptureIn, ObjectIn
from answerable.cases.filing_inputs import FileDraft, FilingDraft
from answerable.cases.inputs import Link
from answerable.cases.letter_inputs import ItemDraft, LetterDraft
from answerable.cases.models import (
    AuthorityRequest,
    Capture,
    Decision,
    EvidenceHold,
    EvidenceObject,
    EvidenceRecipient,
    Filing,
    Finding,
    HiddenMedia,
    Item,
    KnownChange,
    Person,
    Report,
    Review,
)
from answerable.cases.request_inputs import Asks, Came, RequestIn
from answerable.cases.triggers import KEPT
from answerable.media.frames import Frame
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from tests.cases.desk import TestDesk, prints

pytestmark = pytest.mark.django_db


@pytest.fixture
def full(desk: TestDesk, ravi: Person) -> TestDesk:
    """A desk where every kept table has a row."""
    desk.upload("a")
    desk.upload("b", account="other", prints=replace(prints("b"), frames=(Frame(bytes(32), 90, 0.0),)))
    desk.report("a")
    desk.find_copies("a", b=8)
    desk.yes(ravi, "a")
    finding = Finding.objects.get()
    file = FileDraft(finding.pk, finding.content_id, viewed=False, public=True)
    draft = FilingDraft(purpose="report", account_id=None, document="<report/>", files=(file,))
    owed = Obligation.objects.get(kind="report_authority", regime="us")
    told = {"authority": "ncmec", "environment": "production", "at_once": False}
    commands.draft_filings(owed.pk, [draft], now=desk.clock.now, **told)
    police = Obligation.objects.get(kind="report_authority", regime="eu")
    item = ItemDraft(finding.content_id, Decision.objects.earliest("pk").pk, finding.pk)
    mail = {"address": "a@b.example", "reference": "2345", "message_id": "<1@b.example>", "message": "x"}
    to = {"authority": "eu_police", "environment": "production", "regime": "eu"}
    letter = LetterDraft(**to, **mail, facts="x", items=(item,))
    commands.draft_letter(police.pk, letter, now=desk.clock.now)
    _evidence(finding, ravi, desk)
    return desk


def _evidence(finding: Finding, ravi: Person, desk: TestDesk) -> None:
    at, digest = desk.clock.now, "0" * 64
    lies = ObjectIn("vault", digest, 1, digest, 1, "Ravi")
    commands.captured(CaptureIn(finding.content_id, digest, digest, (lies,), digest, "not whole"), now=at)
    with transaction.atomic():
        HiddenMedia.objects.create(content=finding.content, sha256=digest, at=at, entry_id=1)
        EvidenceHold.objects.create(case=finding.case, why="court", placed_at=at, placed_by=ravi)
        EvidenceRecipient.objects.create(name="Police", key="age1", added_at=at, added_by=ravi)
    _request(finding, ravi, desk)


def _request(finding: Finding, ravi: Person, desk: TestDesk) -> None:
    at = desk.clock.now
    links = (Link("http://127.0.0.1:8402/p/a", "sample", "a"),)
    request_in = RequestIn(
        asks=Asks.DISCLOSE,
        came=Came.MAIL,
        received_at=at,
        regime="us",
        harm="csam",
        authority="Police",
        country="us",
        basis="none named",
        links=links,
        accounts=(("sample", "uri"),),
    )
    number = commands.receive_request(request_in, person_id=ravi.pk, now=at)
    row = AuthorityRequest.objects.get(pk=number)
    with transaction.atomic():
        other = Person.objects.create(pseudonym="Another")
        for person in (ravi, other):
            row.checks.create(person=person, at=at)
        AuthorityRequest.objects.update(verified_at=at)
        row.silences.create(placed_at=at, placed_by=ravi, until=at, ground="x")
        given = {"recipient": EvidenceRecipient.objects.get(), "digest": "0" * 64, "fields": [], "items": []}
        row.packages.create(listed_at=at, listed_by=ravi, **given)
        filing = Filing.objects.get()
        filing.answers.create(
            serial=1, step="submit", status=200, answer_sha256="0" * 64, sent_sha256="0" * 64, at=at
        )
        EvidenceRecipient.objects.update(verified_at=at, verified_by=other)
        to_them = {"request": row.pk, "recipient": given["recipient"].pk}
        owed = Owed(
            kind="open_evidence",
            subject=f"case:{finding.case_id}",
            by=By.PEOPLE,
            due_at=at,
            params={"asked_by": ravi.pk, "agreed_by": other.pk, **to_them},
        )
        obligations.owe([owed], now=at, cause="test", case_id=finding.case_id)
        handed = row.evidence.create(
            recipient=given["recipient"],
            case=finding.case,
            manifest_sha256="0" * 64,
            count=1,
            at=at,
            by=ravi,
            second=other,
        )
        handed.items.create(item=finding.content.item)


def refused(work: Callable[[], object], message: str) -> None:
    with pytest.raises(DatabaseError, match=message), transaction.atomic():
        work()


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.table)
def test_no_row_of_a_kept_table_is_deleted(full: TestDesk, kept: object) -> None:
    table = kept.table  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        assert cursor.fetchone()[0] > 0
        refused(lambda: cursor.execute(f"DELETE FROM {table}"), "never deleted")


@pytest.mark.parametrize("place", [(k.table, c) for k in KEPT for c in k.frozen], ids=".".join)
def test_what_was_said_never_changes(full: TestDesk, place: tuple[str, str]) -> None:
    table, column = place
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1")
        row = cursor.fetchone()
        if column in ("overlap", "fields", "items"):
            new: object = "{}"
        elif row is None:
            new = 1
        elif isinstance(row[0], bool):
            new = not row[0]
        elif isinstance(row[0], int):
            new = row[0] + 77
        elif isinstance(row[0], bytes | memoryview):
            new = b"x" * 32
        elif isinstance(row[0], str) and not re.match(r"\d{4}-", row[0]):
            new = "zz"
        else:
            new = "2020-01-01 00:00:00+00:00"
        refused(lambda: cursor.execute(f"UPDATE {table} SET {column} = %s", [new]), "never changes")


def test_a_refusal_without_two_people_is_refused_by_the_database(desk: TestDesk, ravi: Person) -> None:
    desk.upload("a")
    desk.report("a")
    desk.no(ravi, "a")
    item = desk.item("a")
    facts = {
        "content": item.content,
        "case": item.case,
        "round": item.round,
        "verdict": "not_violating",
        "clause": "csam.depiction",
        "basis": "reviews",
        "at": desk.clock.now,
        "answers_reports_before": desk.clock.now,
    }
    refused(lambda: Decision.objects.create(**facts), "two qualified people")
    facts["basis"] = "exact_match"
    refused(lambda: Decision.objects.create(**facts), "no_machine_clears|two qualified people")


def test_what_is_wanted_changes_only_with_its_serial(full: TestDesk) -> None:
    refused(lambda: Item.objects.filter(ref="a").update(wanted="visible"), "serial")
    refused(lambda: Item.objects.filter(ref="a").update(wanted_serial=0), "serial")


def test_an_overturned_decision_is_never_set_again(full: TestDesk, desk: TestDesk) -> None:
    decision = Decision.objects.get(content__item__ref="a")
    Decision.objects.filter(pk=decision.pk).update(overturned_at=desk.clock.now)
    refused(lambda: Decision.objects.filter(pk=decision.pk).update(overturned_at=None), "never changes")


def test_erasing_a_persons_words_is_allowed(full: TestDesk) -> None:
    assert Review.objects.update(reason=None) == 1
    assert Report.objects.update(statement=None, contact=None) == 1


def test_every_model_with_a_history_is_kept() -> None:
    kept = {k.table for k in KEPT}
    for model in (Report, Review, Decision, Finding, KnownChange, Filing, Capture, EvidenceObject):
        assert model._meta.db_table in kept
