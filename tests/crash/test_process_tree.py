"""`kill -9` at random in the real process tree of `answerable serve`, while a client files reports over HTTP.

What counts is the client's journal: everything that was acknowledged is there afterwards, once, and what the
worker owes for it is kept after the last restart.
"""

import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import connections

from answerable import clock
from answerable.api.keys import create_key
from answerable.audit.check import check
from answerable.audit.models import AuditEntry
from answerable.cases import codes
from answerable.cases.models import Item, Report
from answerable.obligations.models import Obligation
from answerable.settings.config import CONFIG_NAME
from tests.serve.test_desk import children_of, free_ports
from tests.serve.test_supervisor import is_alive
from tests.support.desks import Desk

SEED = int(os.environ.get("ANSWERABLE_SEED", "2026"))
KILLS = int(os.environ.get("ANSWERABLE_SOAK_TREE_KILLS", "20"))
READY_WITHIN_SECONDS = 90.0
SETTLED_WITHIN_SECONDS = 120.0
PICTURES = 12
"""Pictures of the sample site that are reported in turn."""
PARTS = (
    "worker",
    "granian",
    "worker",
    "granian",
    "sample",
    "granian",
    "worker",
    "granian",
    "public",
    "serve",
)
"""What is killed, in a random order of each ten: `granian` is a web process below a door, `serve` is all of it."""


@dataclass
class Tree:
    """`answerable serve --sample` on a desk of this test's own; started again when all of it was killed."""

    desk: Desk
    ports: list[int]
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        environment = {k: v for k, v in self.desk.environment.items() if k != "DJANGO_SETTINGS_MODULE"}
        with (self.desk.data / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "answerable.cli", "serve", "--sample", "--demo-data"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def pids(self, name: str) -> list[int]:
        """The processes of that name that live now."""
        assert self.process is not None
        if name == "serve":
            return [self.process.pid]
        doors = [pid for pid in children_of(self.process.pid) if _is(pid, "public") or _is(pid, "staff")]
        if name == "granian":
            return [pid for door in doors if not _is(door, "staff") for pid in children_of(door)]
        return [pid for pid in children_of(self.process.pid) if _is(pid, name)]

    def kill(self, name: str, chance: random.Random) -> bool:
        """Kill one process; whether there was one to kill."""
        try:
            found = self.pids(name)
        except (FileNotFoundError, ProcessLookupError):
            return False
        if not found:
            return False
        below = children_of(found[0]) if name == "serve" else []
        with suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)
        if name == "serve" and self.process is not None:
            self.process.wait(20)
            # Its parts end with it, a moment later; until then they hold their ports.
            _until(lambda: not any(map(is_alive, below)), 20, "all parts end with what started them")
        return True

    def wait_until_ready(self) -> None:
        def ready() -> bool:
            log = (self.desk.data / "serve.log").read_text()
            assert self.process is not None
            assert self.process.poll() is None, f"serve ended:\n{log[-2000:]}"
            return all(_ready(port) for port in self.ports)

        _until(ready, READY_WITHIN_SECONDS, "the desk is ready")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(40)


def _is(pid: int, name: str) -> bool:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().split(b"\0")
        return (
            b"answerable.serve.child" in words and words[-2 if name != "sample" else 4 :][0] == name.encode()
        )
    return False


def _ready(port: int) -> bool:
    try:
        return _ask(port, "GET", "/ready")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def _ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("localhost", port, timeout=10)
    try:
        raw = json.dumps(body) if body is not None else None
        connection.request(method, path, raw, {"content-type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text.decode()
    finally:
        connection.close()


def _until(true: Any, within_seconds: float, what: str) -> None:
    ends_at = time.monotonic() + within_seconds
    pause = threading.Event()
    while not true():
        assert time.monotonic() < ends_at, f"never: {what}"
        pause.wait(0.1)


@dataclass
class Client(threading.Thread):
    """Files reports one after another, each until it is acknowledged, and journals the acknowledgements."""

    port: int
    key: str
    links: list[str]
    stop: threading.Event = field(default_factory=threading.Event)
    journal: list[dict[str, Any]] = field(default_factory=list)
    tries: int = 0

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self._file(number)
            self.stop.wait(0.02)

    def wait_for_another(self, seconds: float) -> None:
        """Let it be served in between; a kill while the desk comes up again is as good as any."""
        seen = len(self.journal)
        with suppress(AssertionError):
            _until(lambda: len(self.journal) > seen, seconds, "another acknowledgement")

    def _file(self, number: int) -> None:
        body = {
            "harm": "csam",
            "relation": "depicted",
            "age": "child",
            "links": [self.links[number % len(self.links)]],
            "statement": f"report number {number}",
        }
        headers = {"Authorization": f"Bearer {self.key}", "Idempotency-Key": f"report-{number}"}
        while True:
            self.tries += 1
            try:
                status, answer = _ask(self.port, "POST", "/api/v1/reports", body, **headers)
            except (OSError, http.client.HTTPException, ValueError):
                status, answer = 0, None
            if status in (200, 201):
                self.journal.append(answer)
                return
            assert status in (0, 500, 502, 503), (status, answer)
            if self.stop.wait(0.1):
                return


@pytest.fixture
def tree(fresh_database: Desk, settings: Any) -> Iterator[Tree]:
    settings.DATA = fresh_database.data
    ports = free_ports(3)
    path = fresh_database.data / CONFIG_NAME
    text = path.read_text()
    for old, new in zip(("8400", "8401", "8402"), ports, strict=True):
        text = text.replace(old, str(new))
    path.write_text(text.replace("[web]\n", "[web]\nprocesses = 2\n"))  # one is killed, the other serves on
    running = Tree(fresh_database, ports)
    running.start()
    yield running
    running.stop()


def test_random_kills_of_the_real_process_tree_lose_nothing_that_was_acknowledged(tree: Tree) -> None:
    print(f"seed {SEED}: ANSWERABLE_SEED={SEED} chooses the same processes again")
    chance = random.Random(SEED)
    tree.wait_until_ready()
    key = create_key("client", ["reports:write"], now=clock.now())
    client = Client(tree.ports[0], key, _pictures(tree.ports[2]))
    client.start()
    begun_at = time.monotonic()
    pause, kills, order = threading.Event(), 0, list[str]()
    while kills < KILLS:
        order = order or chance.sample(PARTS, len(PARTS))
        pause.wait(chance.uniform(0.1, 0.6))
        client.wait_for_another(2.5)
        part = order.pop()
        if tree.kill(part, chance):
            kills += 1
            if part == "serve":
                tree.start()
                tree.wait_until_ready()  # a part that falls before the desk is ready ends its start, and says so
    killed_at = time.monotonic()
    tree.wait_until_ready()
    _until(lambda: len(client.journal) > KILLS, SETTLED_WITHIN_SECONDS, "the client is served again")
    client.stop.set()
    client.join(30)
    _until(_settled, SETTLED_WITHIN_SECONDS, "all that the worker owes is kept")
    tree.stop()
    connections.close_all()
    print(f"{killed_at - begun_at:.0f} s of kills, {time.monotonic() - killed_at:.0f} s until all was kept")
    print(f"{kills} kills, {len(client.journal)} acknowledgements of {client.tries} tries")
    assert_all_there(client)


def _pictures(port: int) -> list[str]:
    _status, page = _ask(port, "GET", "/")
    found = sorted(set(re.findall(r'href="(/p/[^"/?#]+)"', page)))[:PICTURES]
    assert found, "the sample site has pictures"
    return [f"http://localhost:{port}{path}" for path in found]


def _settled() -> bool:
    connections.close_all()
    return (
        not Obligation.objects.filter(state="owed", by="worker", due_at__lte=clock.now()).exists()
        and not Obligation.objects.filter(state="owed", by="worker", kind__in=["hide", "fetch_item"]).exists()
        and not AuditEntry.objects.filter(leaf_index=None).exists()
    )


def assert_all_there(client: Client) -> None:
    assert check() == []
    assert len({answer["report"] for answer in client.journal}) == len(client.journal)
    filed = Report.objects.in_bulk([answer["report"] for answer in client.journal])
    for answer in client.journal:
        report = filed[answer["report"]]
        assert report.code_hash == codes.code_hash(answer["code"])
        causes = Obligation.objects.filter(cause=f"report:{report.pk}", kind="acknowledge", state="kept")
        assert causes.count() == 1
    entries = AuditEntry.objects.filter(kind="report_received").count()
    assert entries == Report.objects.count(), "one entry for each report"
    assert 0 <= Report.objects.count() - len(client.journal) <= 1, "at most the last one missed its answer"
    assert set(Item.objects.filter(case__isnull=False).values_list("seen", flat=True)) == {"hidden"}
