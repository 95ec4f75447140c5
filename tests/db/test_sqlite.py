"""SQLite with several writing processes: a fair queue, freed by death, safe on disk."""

import contextlib
import errno
import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError

from answerable.db import personal
from answerable.db.models import PersonalText
from tests.support.desks import Desk

HOLD = """
from answerable.settings.start import prepare
prepare()
from django.db import transaction
from answerable.db import personal
with transaction.atomic():
    personal.seal("message", "never committed").save()
    print("holding", flush=True)
    input()
"""
WRITE_MANY = """
import time
from answerable.settings.start import prepare
prepare()
from django.db import transaction
from answerable.db import personal
input()
waited = []
for number in range(40):
    row = personal.seal("message", str(number))
    began = time.monotonic()
    with transaction.atomic():
        row.save()
    waited.append(time.monotonic() - began)
print(max(waited), flush=True)
"""


@pytest.fixture(autouse=True)
def sqlite_only(fresh_database: Desk) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own backend")


def start(desk: Desk, code: str) -> "subprocess.Popen[str]":
    environment = {k: v for k, v in desk.environment.items() if k != "DJANGO_SETTINGS_MODULE"}
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def process(desk: Desk, code: str) -> Iterator["subprocess.Popen[str]"]:
    child = start(desk, code)
    try:
        yield child
    finally:
        child.kill()
        child.communicate(timeout=20)


def save(text: str = "words") -> None:
    with transaction.atomic():
        personal.seal("message", text).save()


def lock_is_free(desk: Desk) -> bool:
    with open(f"{desk.database}.lock") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def pragma(name: str) -> Any:
    with connection.cursor() as cursor:
        return cursor.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    path, before = tmp_path / "new.sqlite3", os.umask(0o022)
    copy = connection.copy()
    copy.settings_dict = {**connection.settings_dict, "NAME": str(path)}
    try:
        copy.ensure_connection()
        copy.connection.execute("CREATE TABLE some (thing)")
        modes = {one.name: one.stat().st_mode & 0o077 for one in tmp_path.iterdir()}
    finally:
        os.umask(before)
        copy.close()
    assert {"new.sqlite3", "new.sqlite3-wal"} <= set(modes)
    assert not any(modes.values())


def test_what_is_acknowledged_survives_a_power_loss(
    fresh_database: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []

    def sync(descriptor: int) -> None:
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), lock_is_free(fresh_database)))

    monkeypatch.setattr(os, "fdatasync", sync)
    with transaction.atomic():
        save()
        assert synced == []
    log = os.path.realpath(f"{fresh_database.database}-wal")
    assert synced == [(log, True)], "the log, once, while the next writer may already write"


def test_what_the_disk_did_not_take_is_not_acknowledged(
    fresh_database: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", full)
    with pytest.raises(OperationalError, match="No space left"), transaction.atomic():
        save()
    assert lock_is_free(fresh_database)


def test_what_is_erased_is_overwritten_and_deleting_fires_triggers() -> None:
    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 1, "NORMAL: the disk is waited for outside the lock"
    assert pragma("wal_autocheckpoint") == 0
    assert pragma("secure_delete") == 1
    assert pragma("recursive_triggers") == 1
    assert pragma("foreign_keys") == 1


def test_the_lock_is_held_for_the_transaction_and_no_longer(fresh_database: Desk) -> None:
    with transaction.atomic():
        assert not lock_is_free(fresh_database)
        with transaction.atomic():
            save()
        assert not lock_is_free(fresh_database), "a savepoint's end is not the transaction's"
    assert lock_is_free(fresh_database)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        raise ZeroDivisionError
    assert lock_is_free(fresh_database)


def test_closing_within_a_transaction_lets_go(fresh_database: Desk) -> None:
    with contextlib.suppress(DatabaseError), transaction.atomic():
        connection.close()
        assert lock_is_free(fresh_database)
    save()


def test_a_transaction_that_can_not_begin_lets_go(fresh_database: Desk) -> None:
    connection.ensure_connection()
    connection.connection.execute("PRAGMA busy_timeout = 10")
    with contextlib.closing(sqlite3.connect(fresh_database.database, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseError, match="locked"):
            save()
        assert lock_is_free(fresh_database)
    save()


def test_reading_outside_a_transaction_waits_for_nobody(fresh_database: Desk) -> None:
    save("before")
    with process(fresh_database, HOLD) as holder:
        assert holder.stdout.readline() == "holding\n"
        assert PersonalText.objects.count() == 1


def test_a_killed_writer_frees_the_lock_and_leaves_nothing(fresh_database: Desk) -> None:
    with process(fresh_database, HOLD) as holder:
        assert holder.stdout.readline() == "holding\n"
        assert not lock_is_free(fresh_database)
        written = threading.Event()

        def write() -> None:
            save("after")
            connection.close()
            written.set()

        waiting = threading.Thread(target=write)
        waiting.start()
        assert not written.wait(0.2), "it waits for the other process"
        holder.send_signal(signal.SIGKILL)
        assert written.wait(10)
        waiting.join()
    assert [personal.open_text(row) for row in PersonalText.objects.all()] == ["after"]


def test_several_processes_write_all_and_none_starves(fresh_database: Desk) -> None:
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(process(fresh_database, WRITE_MANY)) for _ in range(3)]
        for writer in writers:
            writer.stdin.write("\n")
            writer.stdin.flush()
        longest = [float(writer.stdout.readline()) for writer in writers]
    assert PersonalText.objects.count() == 3 * 40
    assert max(longest) < 2.0


def test_threads_queue_like_processes(committing: Callable[[list[Callable[[], Any]]], list[Any]]) -> None:
    def read_and_add() -> None:
        for _ in range(10):
            with transaction.atomic():
                number = PersonalText.objects.count()
                personal.seal("message", str(number)).save()

    assert committing([read_and_add] * 4) == [None] * 4
    texts = sorted(int(personal.open_text(row)) for row in PersonalText.objects.all())
    assert texts == list(range(40)), "each saw all that was written before"


class TestCheckpoint:
    def test_it_moves_the_log_into_the_database(self, fresh_database: Desk) -> None:
        connection.checkpoint()
        save()
        pages, moved = connection.checkpoint()
        assert pages == moved > 0

    def test_it_shrinks_the_file_when_asked(self, fresh_database: Desk) -> None:
        save()
        connection.checkpoint("TRUNCATE")
        assert os.path.getsize(f"{fresh_database.database}-wal") == 0

    def test_nothing_else_moves_it(self, fresh_database: Desk) -> None:
        connection.checkpoint("TRUNCATE")
        for _ in range(30):
            with transaction.atomic():
                personal.seal("message", "x" * 200_000).save()
        assert os.path.getsize(f"{fresh_database.database}-wal") > 30 * 200_000

    def test_it_is_refused_inside_a_transaction(self) -> None:
        with transaction.atomic(), pytest.raises(TransactionManagementError):
            connection.checkpoint()

    def test_another_mode_is_refused(self) -> None:
        with pytest.raises(ValueError, match="'FULL; DROP'"):
            connection.checkpoint("FULL; DROP")
