"""A running worker, in this process or in its own, and what is owed to it."""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction

from answerable import clock
from answerable.db import crash
from answerable.obligations import Owed, attempts, owe, registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.worker import loop, parties
from tests.support.desks import Desk
from tests.worker import handlers

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 30.0


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until something is so; fail when it never is."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not (found := true()):
        assert time.monotonic() < ends_at, f"never: {what}"
        pause.wait(0.01)
    return found


def owe_now(kind: str, *subjects: str, within_seconds: float = 60, **more: Any) -> list[Obligation]:
    """Owe it as from now, on the real clock."""
    now = clock.now()
    due = now + timedelta(seconds=within_seconds)
    with transaction.atomic():
        return owe(
            [Owed(kind=kind, subject=one, by=By.WORKER, due_at=due, **more) for one in subjects],
            now=now,
            cause="report:1",
        )


def states() -> list[str]:
    """The states of all obligations, by number."""
    return list(Obligation.objects.order_by("pk").values_list("state", flat=True))


def calls(desk: Desk) -> list[str]:
    """What the handlers called outside, in order."""
    path = desk.data / "calls"
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def desk(fresh_database: Desk, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A desk whose worker has the tests' handlers."""
    settings.DATA = fresh_database.data
    monkeypatch.setattr(registry, "_kinds", {})
    handlers.register()
    monkeypatch.setattr(parties, "HANDLERS", ("tests.worker.handlers",))
    monkeypatch.setattr(attempts, "SHORTEST_WAIT_SECONDS", 0.05)
    yield fresh_database
    handlers.HANG.set()


@pytest.fixture
def working(desk: Desk) -> Iterator[threading.Thread]:
    """A worker in this process, for the length of a test."""
    with worker_thread() as thread:
        yield thread


@contextlib.contextmanager
def worker_thread() -> Iterator[threading.Thread]:
    """Run the loop in a thread; a fault of it fails the test."""
    stop, faults = threading.Event(), []

    def run() -> None:
        try:
            loop.run(stop)
        except Exception as error:  # noqa: BLE001  handed to the test below
            faults.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        handlers.HANG.set()
        thread.join(30)
        assert not thread.is_alive()
        assert not faults, faults


@contextlib.contextmanager
def worker_process(desk: Desk, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run the worker as a process of its own; it is killed at the end if it still runs."""
    own = {k: v for k, v in desk.environment.items() if k != "DJANGO_SETTINGS_MODULE"}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.worker.process"],
        env=own | environment,
        cwd=REPOSITORY,
        stderr=(desk.data / "worker.log").open("ab"),
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait(20)


def forked_worker(where: str | None, done: Callable[[], Any]) -> int:
    """Run the loop in a child of this process until `done`, killed at the crash point `where`.

    Gives how it ended: 0, or minus the signal. A fork starts in no time, where a process imports for seconds.
    """
    connections.close_all()
    child = os.fork()
    if child == 0:
        _be_a_worker(where, done)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _be_a_worker(where: str | None, done: Callable[[], Any]) -> None:
    code = 1
    try:
        stop = threading.Event()

        def watch() -> None:
            until(done, "the forked worker is done")
            stop.set()

        threading.Thread(target=watch, daemon=True).start()
        with crash.arm(crash.killing_at(where)) if where else contextlib.nullcontext():
            loop.run(stop)
        code = 0
    finally:
        os._exit(code)
