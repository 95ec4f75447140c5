"""A desk of a benchmark's own: `answerable serve` as an operator runs it, in a temporary directory."""

import contextlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from answerable.settings.config import DATA_VARIABLE
from answerable.settings.create import create, webhook_secret, write_private
from bench import machine

SECRET = "generic.secret"
SCOPES = ("reports:write", "reports:read", "events:write", "screen")
BACKLOG = """
SELECT count(*) FROM obligations_obligation
WHERE state = 'owed' AND by = 'worker' AND next_attempt_at <= {now}
"""
CLOSED = """
SELECT count(*) FROM obligations_obligation WHERE by = 'worker' AND attempt > 0 AND state IN ('kept', 'kept_late')
"""
PLATFORM = """
[[platforms]]
name = "generic"
base_url = "http://127.0.0.1:{port}/answerable"
secret_file = "{secret}"
hosts = ["127.0.0.1:{port}"]
media_hosts = ["127.0.0.1:{port}"]
item_paths = ["/p/{{ref}}"]
"""


def free_port() -> int:
    """A port of this machine on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Desk:
    """A running desk with one platform. `database`: "sqlite" or a PostgreSQL address."""

    data: Path
    public_port: int
    site_port: int
    database: str = "sqlite"
    api_key: str = ""
    database_pid: int = 0
    serve: "subprocess.Popen[bytes] | None" = None
    site: "subprocess.Popen[bytes] | None" = None
    _reader: Any = field(default=None, repr=False)
    _one_at_a_time: Any = field(default_factory=threading.Lock, repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, DATA_VARIABLE: str(self.data)}

    @property
    def pids(self) -> list[int]:
        running = [process.pid for process in (self.serve, self.site) if process is not None]
        return [*running, self.database_pid] if self.database_pid else running

    def command(self, module: str, *arguments: str) -> str:
        """Run one command on this desk; what it prints."""
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            env=self.environment,
            cwd=machine.REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout.strip()

    def link(self, number: int) -> str:
        """The address of an upload."""
        return f"http://127.0.0.1:{self.site_port}/p/b{number}"

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Read from the desk's database, on a connection of the benchmark's own."""
        with self._one_at_a_time:
            return self._query(statement)

    def _query(self, statement: str) -> list[tuple[Any, ...]]:
        if self._reader is None:
            if self.database == "sqlite":
                path = self.data / "answerable.sqlite3"
                self._reader = sqlite3.connect(
                    f"file:{path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
                )
            else:
                import psycopg

                self._reader = psycopg.connect(self.database, autocommit=True)
        return list(self._reader.execute(statement).fetchall())

    def backlog(self) -> int:
        """Obligations of the worker that could be attempted now, those in hand included."""
        now = f"'{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}'"
        now = now if self.database == "sqlite" else f"{now}::timestamp AT TIME ZONE 'UTC'"
        return int(self.query(BACKLOG.format(now=now))[0][0])

    def closed(self) -> int:
        """Obligations that the worker kept so far."""
        return int(self.query(CLOSED)[0][0])

    def retried(self) -> int:
        """Obligations that took more than one attempt."""
        return int(self.query("SELECT count(*) FROM obligations_obligation WHERE attempt > 1")[0][0])

    def gather_statistics(self) -> None:
        """What PostgreSQL's autovacuum does within the first minute; until then it plans for empty tables."""
        if self.database != "sqlite":
            self.query("SELECT 1")
            self._reader.execute("ANALYZE")

    def drained(self, seconds: float = 60.0) -> bool:
        """Wait until the worker has nothing due. Whether that came in time."""
        limit = time.monotonic() + seconds
        while self.backlog() and time.monotonic() < limit:
            time.sleep(0.1)
        return not self.backlog()

    def seconds_by_part(self) -> dict[str, float]:
        """Processor time that each part used so far."""
        found: dict[str, float] = {}
        for root in self.pids:
            for pid, line in machine.processes_under(root).items():
                part = "postgresql" if root == self.database_pid else _part(line)
                found[part] = found.get(part, 0.0) + machine.seconds_used(pid)
        return found

    def close(self) -> None:
        """End all processes."""
        if self._reader is not None:
            self._reader.close()
        for process in (self.serve, self.site):
            if process is not None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(15)
                process.kill()
                process.wait()


def _part(line: str) -> str:
    """Which part of a desk a command line is."""
    if "bench.site" in line:
        return "site"
    if "media.decoder" in line or "media.child" in line:
        return "decoder"
    return next((name for name in ("public", "staff", "worker") if name in line.split()[3:6]), "supervisor")


def _prepare(desk: Desk, options: str) -> None:
    """Configuration, keys, tables, policy: what `serve` would make at its first start."""
    path = create(
        desk.data,
        sample=False,
        name="Bench",
        public_port=desk.public_port,
        staff_port=free_port(),
        database=desk.database,
    )
    write_private(desk.data / SECRET, webhook_secret())
    platform = PLATFORM.format(port=desk.site_port, secret=SECRET)
    path.write_text(path.read_text().replace("[database]", f"{options}\n[database]") + platform)
    desk.command("bench.prepare")


def start(desk: Desk, uploads: int = 0) -> None:
    """Start a prepared desk with a platform and `uploads` registered items, and wait until it is ready."""
    desk.site = subprocess.Popen(
        [sys.executable, "-m", "bench.site", str(desk.site_port), str(desk.data / SECRET), str(os.getpid())],
        cwd=machine.REPOSITORY,
    )
    if uploads:
        desk.command("bench.fill", "0", str(uploads))
    scopes = [word for scope in SCOPES for word in ("--scope", scope)]
    desk.api_key = desk.command("answerable.cli", "key", "add", "bench", "--platform", "generic", *scopes)
    serve(desk)


def serve(desk: Desk) -> None:
    """Start both doors and the worker of a prepared desk, and wait until they are ready."""
    path = desk.data / "serve.log"
    with path.open("wb") as log:
        desk.serve = subprocess.Popen(
            [sys.executable, "-m", "answerable.cli", "serve", "--demo-data"],
            env=desk.environment,
            cwd=desk.data,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    limit = time.monotonic() + 90
    while "Ctrl-C stops everything." not in path.read_text():
        if desk.serve.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(path.read_text()[-3000:])
        time.sleep(0.1)


@contextlib.contextmanager
def prepared(*, database: str = "sqlite", options: str = "") -> Iterator[Desk]:
    """A desk that isn't started; `options`: more lines for [web] in its configuration."""
    data, database_pid = Path(tempfile.mkdtemp(prefix="answerable-bench-")), 0
    with contextlib.ExitStack() as ended:
        ended.callback(shutil.rmtree, data, ignore_errors=True)
        if database == "postgresql":
            cluster = ended.enter_context(_postgresql())
            database, database_pid = cluster.url("answerable"), cluster.process.pid
        desk = Desk(data, free_port(), free_port(), database, database_pid=database_pid)
        ended.callback(desk.close)
        _prepare(desk, options)
        yield desk


@contextlib.contextmanager
def running(*, database: str = "sqlite", uploads: int = 0, options: str = "") -> Iterator[Desk]:
    """A desk as an operator starts it, with a platform and `uploads` registered items b0, b1, …"""
    with prepared(database=database, options=options) as desk:
        start(desk, uploads)
        yield desk


@contextlib.contextmanager
def _postgresql() -> Iterator[Any]:
    """A cluster of our own that really waits for the disk."""
    import psycopg

    from answerable.demo import postgres

    durable = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
    cluster = postgres.start({**postgres.SPEED, **durable})
    try:
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE answerable")
        yield cluster
    finally:
        cluster.stop()
