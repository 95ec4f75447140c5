"""What people asked to be erased is gone again after a backup of the database was put back, and nothing else is."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from answerable import audit, clock
from answerable.audit.check import check
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.cases import commands
from answerable.cases.models import Person, Report, ReportedItem
from answerable.cases.queries import words
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from answerable.worker import chores
from answerable.worker.erasures import NAME, Erasures
from tests.cases.desk import TestDesk
from tests.support.desks import Desk, copy_postgresql, copy_sqlite, drop_postgresql


class Restorable:
    """A desk whose database is backed up and put back."""

    def __init__(self, fresh: Desk, folder: Path, desk: TestDesk) -> None:
        self.fresh, self.desk = fresh, desk
        self.backup = folder / "backup.sqlite3"
        self.copy = f"{fresh.database}_backup"

    @property
    def file(self) -> Path:
        """The file of erasures."""
        return self.fresh.data / "keys" / NAME

    def worker(self) -> Erasures:
        """A worker that was just started."""
        return Erasures(self.fresh.data)

    def back_up(self) -> None:
        """Copy the database, and nothing beside it."""
        connections.close_all()
        if connection.vendor == "postgresql":
            copy_postgresql(self.fresh.database, self.copy)
        else:
            copy_sqlite(Path(self.fresh.database), self.backup)

    def restore(self) -> None:
        """Put the copy back."""
        connections.close_all()
        if connection.vendor == "postgresql":
            drop_postgresql(self.fresh.database)
            copy_postgresql(self.copy, self.fresh.database)
            return
        for end in ("", "-wal", "-shm"):
            Path(self.fresh.database + end).unlink(missing_ok=True)
        copy_sqlite(self.backup, Path(self.fresh.database))

    def report(self, ref: str = "a", **facts: Any) -> Report:
        """Dana reports, and writes."""
        self.desk.upload(ref)
        facts.setdefault("statement", "That is me.")
        filed = self.desk.report(ref, contact="dana@example.org", age=Age.ADULT, harm="ncii", **facts)
        return Report.objects.get(pk=filed.report_id)

    def erase(self, report: Report, person: Person) -> None:
        """Dana asks that it is erased; the matter comes to its end, and a person of the desk agrees."""
        commands.ask_erasure(report.pk, now=self.desk.clock.now)
        ref = report.reported_items.get().item.ref
        self.desk.no(person, ref, age=Age.ADULT, clause="ncii.shared")
        for owed in Obligation.objects.filter(kind="read_report", state="owed"):
            commands.mark_kept(owed.pk, person_id=person.pk, reference="read", now=self.desk.clock.now)
        now = self.desk.clock.pass_(days=8)
        commands.end_withdrawn(report.pk, person_id=person.pk, now=now)
        assert commands.answer_erasure(report.pk, person_id=person.pk, now=now)


@pytest.fixture
def restorable(fresh_database: Desk, tmp_path: Path, now: Any, monkeypatch: Any) -> Iterator[Restorable]:
    """A desk whose database is backed up and put back."""
    desk = TestDesk(now)
    monkeypatch.setattr(clock, "now", lambda: desk.clock.now)
    made = Restorable(fresh_database, tmp_path, desk)
    yield made
    if connection.vendor == "postgresql":
        connections.close_all()
        with contextlib.suppress(Exception):
            drop_postgresql(made.copy)


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line.rpartition("\t")[0]) for line in file.read_text().splitlines()]


def test_a_restored_backup_is_erased_again_at_the_workers_start(restorable: Restorable, ravi: Person) -> None:
    worker = restorable.worker()
    report, other = restorable.report("a"), restorable.report("b", statement="Another matter.")
    worker.turn()
    assert lines(restorable.file) == []
    restorable.back_up()
    restorable.erase(report, ravi)
    worker.turn()
    assert not PersonalText.objects.filter(pk=report.statement_id).exists()
    written = restorable.file.read_text()
    assert "dana" not in written
    assert restorable.file.stat().st_mode & 0o077 == 0
    restorable.restore()
    assert PersonalText.objects.filter(pk=report.statement_id).exists()
    assert Report.objects.get(pk=report.pk).code_hash is not None

    assert restorable.worker().turn() > 0
    report.refresh_from_db()
    assert (report.statement_id, report.contact_id, report.code_hash) == (None, None, None)
    assert report.withdrawn_at is not None
    assert words.texts_of(report) == []
    assert not ReportedItem.objects.filter(report=report, link__contains="/p/a").exists()
    other.refresh_from_db()
    assert other.statement is not None
    assert personal.open_text(other.statement) == "Another matter."
    [again] = [
        event_of(one) or {} for one in AuditEntry.objects.filter(kind="text_erased").order_by("-pk")[:1]
    ]
    assert again["ground"] == "erased_again"
    received = AuditEntry.objects.filter(kind="report_received").order_by("pk").first()
    assert received is not None
    assert received.event is None
    while sequence():
        pass
    assert check() == []
    entries = AuditEntry.objects.count()
    assert restorable.worker().turn() == 0
    assert AuditEntry.objects.count() == entries


def test_what_is_erased_costs_no_query_of_its_own_however_often_it_is_looked_for(
    restorable: Restorable, ravi: Person
) -> None:
    restorable.erase(restorable.report("a"), ravi)
    worker = restorable.worker()
    worker.turn()
    erasures = list(worker._read())
    assert any(one.code for one in erasures)
    with CaptureQueriesContext(connection) as queries:
        assert commands.standing_again(erasures * 50) == []
    assert len(queries) <= 4


def test_a_contact_that_went_with_a_withdrawal_goes_again(restorable: Restorable) -> None:
    report = restorable.report()
    restorable.back_up()
    commands.withdraw_report(report.pk, now=restorable.desk.clock.now)
    restorable.worker().turn()
    restorable.restore()
    restorable.worker().turn()
    assert not PersonalText.objects.filter(pk=report.contact_id).exists()
    assert PersonalText.objects.filter(pk=report.statement_id).exists(), "nobody asked for that"


def test_what_came_after_the_restore_and_has_the_number_of_what_was_erased_stays(
    restorable: Restorable, ravi: Person
) -> None:
    restorable.back_up()
    report = restorable.report()
    restorable.erase(report, ravi)
    restorable.worker().turn()
    restorable.restore()
    newer = restorable.report()
    assert newer.pk == report.pk
    assert newer.statement_id == report.statement_id
    assert restorable.worker().turn() == 0
    newer.refresh_from_db()
    assert newer.statement_id is not None
    assert newer.code_erased_at is None
    # and what is erased from now on is written down, whatever its entry's number
    before = len(lines(restorable.file))
    restorable.erase(newer, ravi)
    restorable.worker().turn()
    assert len(lines(restorable.file)) == 2 * before


@pytest.mark.parametrize("left", ["torn", "missing", "changed", "not yet written"])
def test_a_file_that_is_damaged_is_made_good_from_the_log(
    restorable: Restorable, ravi: Person, left: str
) -> None:
    report = restorable.report()
    restorable.back_up()
    if left != "not yet written":
        restorable.worker().turn()
    restorable.erase(report, ravi)
    if left != "not yet written":
        restorable.worker().turn()
        whole = restorable.file.read_bytes()
        if left == "torn":
            restorable.file.write_bytes(whole[:-20])
        elif left == "changed":
            restorable.file.write_bytes(whole.replace(b'"code":true', b'"code":frue'))
        else:
            restorable.file.unlink()
    restorable.worker().turn()
    restorable.restore()
    assert restorable.worker().turn() > 0
    assert Report.objects.get(pk=report.pk).statement_id is None


def test_two_workers_of_one_data_directory_write_each_line_once(restorable: Restorable, ravi: Person) -> None:
    one, two = restorable.worker(), restorable.worker()
    one.turn()
    two.turn()
    report = restorable.report()
    restorable.erase(report, ravi)
    for worker in (one, two, one, restorable.worker()):
        worker.turn()
    keys = [(line["entry"], line["commitment"]) for line in lines(restorable.file)]
    assert len(keys) == len(set(keys)) > 0


def test_what_goes_by_itself_is_not_in_the_file(restorable: Restorable) -> None:
    with transaction.atomic():
        personal.seal("statement", "words", clock.now()).save()
        audit.append(
            "forgotten", actor="worker", now=clock.now(), event={"entries": [], "reason": "schedule"}
        )
    commands.erase_due(clock.now())
    restorable.worker().turn()
    assert lines(restorable.file) == []
    assert os.stat(restorable.file).st_size == 0


def test_the_worker_has_it_among_its_chores() -> None:
    assert "erasures" in [one.name for one in chores.chores(lambda: None)]
