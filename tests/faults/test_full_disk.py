"""No room to write: whoever sends is told to send it again, nothing is half-written, and it goes on by itself.

On SQLite the disk is full for the desk's own processes (they may not write beyond the present end of the
write-ahead log). PostgreSQL writes elsewhere and refuses when it can't: there, the database lets nobody in.
"""

import json
import os
import re
import resource
import signal
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from answerable import clock
from answerable.api.keys import create_key
from answerable.audit.check import check
from answerable.audit.models import AuditEntry
from answerable.audit.sequencer import sequence
from answerable.cases.models import IdempotencyKey, Report
from answerable.db.models import PersonalText
from answerable.obligations.models import Obligation
from answerable.policy import load_named, store
from answerable.worker import loop
from tests.faults.conftest import code_in
from tests.intake.serving import public_door
from tests.serve.test_desk import children_of
from tests.support.desks import Desk, _administrator
from tests.worker.conftest import desk, owe_now, states, until

__all__ = ["desk"]
STATEMENT = "All of this is still here."


@contextmanager
def no_room(database: Desk, pid: int) -> Iterator[None]:
    """While this lasts, that process can store nothing."""
    connections.close_all()
    if connection.vendor == "sqlite":
        size = Path(f"{database.database}-wal").stat().st_size
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        return
    _let_in(database, allowed=False)
    try:
        yield
    finally:
        _let_in(database, allowed=True)


def _let_in(database: Desk, *, allowed: bool) -> None:
    with _administrator() as cursor:
        cursor.execute(f'ALTER DATABASE "{database.database}" ALLOW_CONNECTIONS {str(allowed).lower()}')
        if not allowed:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [database.database],
            )


def send(address: str, body: bytes, **headers: str) -> tuple[int, str]:
    """Status and text of an answer, whatever it is."""
    request = urllib.request.Request(address, body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def everything() -> list[int]:
    """How many rows there are of all that a report writes."""
    connections.close_all()
    return [table.objects.count() for table in (Report, Obligation, AuditEntry, PersonalText, IdempotencyKey)]


@pytest.fixture
def door(fresh_database: Desk, settings: Any) -> Iterator[tuple[str, int]]:
    """A real public door in its own process: address and process number."""
    settings.DATA = fresh_database.data
    with transaction.atomic():
        store.activate(load_named("baseline"), clock.now())
    with public_door(fresh_database) as address:
        [pid] = [pid for pid in children_of(os.getpid()) if b"public_wsgi" in _command(pid)]
        yield address, pid


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def form(address: str) -> bytes:
    """A filled report form, as a browser sends it."""
    with urllib.request.urlopen(f"{address}/en/report", timeout=60) as answer:
        nonce = re.search(r'name="nonce" value="([^"]+)"', answer.read().decode())
    assert nonce
    fields = {"nonce": nonce[1], "what": "me_child", "links": "http://localhost:8402/p/1", "danger": "none"}
    return urllib.parse.urlencode({**fields, "statement": STATEMENT}).encode()


def test_a_report_by_form_is_refused_kept_in_the_form_and_taken_once_there_is_room(
    door: tuple[str, int], fresh_database: Desk
) -> None:
    address, pid = door
    filled = form(address)
    before = everything()
    with no_room(fresh_database, pid):
        status, page = send(f"{address}/en/report", filled)
        assert status == 503
        if connection.vendor == "sqlite":
            assert "please send it again" in page
            assert STATEMENT in page
        else:
            assert "go back and try again in a minute" in page, "the form stands in the browser"
    assert everything() == before, "nothing is half-written"
    status, page = send(f"{address}/en/report", filled)
    assert (status, len(code_in(page))) == (200, 16), "the very same form is taken"
    assert_sound()


def test_a_report_by_machine_is_told_to_be_sent_again(door: tuple[str, int], fresh_database: Desk) -> None:
    address, pid = door
    key = create_key("button", ["reports:write"], now=clock.now())
    body = json.dumps(
        {"harm": "csam", "relation": "depicted", "links": ["http://localhost:8402/p/1"]}
    ).encode()
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "1", "Content-Type": "application/json"}
    assert send(f"{address}/api/v1/reports", body, **headers)[0] == 201
    before = everything()
    with no_room(fresh_database, pid):
        for _ in range(3):
            status, text = send(f"{address}/api/v1/reports", body, **{**headers, "Idempotency-Key": "2"})
            assert status == 503
            assert "Nothing was stored: send the same request again" in json.loads(text)["detail"]
    assert everything() == before
    assert send(f"{address}/api/v1/reports", body, **{**headers, "Idempotency-Key": "2"})[0] == 201
    assert_sound()


def assert_sound() -> None:
    """The database is whole, and so is the log."""
    connections.close_all()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            assert cursor.fetchone() == ("ok",)
    while sequence():
        pass
    assert check() == []


@pytest.fixture
def worker_child(desk: Desk) -> Iterator[int]:
    """The worker's loop in a child of this process: its number."""
    connections.close_all()
    child = os.fork()
    if child == 0:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  log lines go to a pipe, say: no file that may not grow
        try:
            loop.run(threading.Event())
        finally:
            os._exit(1)
    yield child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_worker_without_room_delays_what_is_owed_and_goes_on_by_itself(
    worker_child: int, desk: Desk
) -> None:
    owe_now("hide", "item:1")
    until(lambda: states() == ["kept"], "the worker works")
    if connection.vendor == "sqlite":
        with no_room(desk, worker_child):
            owe_now("hide", "item:2", "item:3")
            _live_a_little(lambda: states()[1:] == ["owed", "owed"])
    else:
        owe_now("hide", "item:2", "item:3")
        with no_room(desk, worker_child):
            _live_a_little(lambda: True)
    assert os.waitpid(worker_child, os.WNOHANG) == (0, 0), "it lives"
    until(lambda: states() == ["kept"] * 3, "it goes on once there is room")
    assert_sound()


def _live_a_little(stays: Callable[[], bool]) -> None:
    """Longer than the loop waits after a fault of the database."""
    for _ in range(15):
        assert stays()
        threading.Event().wait(0.1)
