"""The AT Protocol's own programs, started on free ports of this machine alone: directory, data server, AppView, Ozone.

`scripts/atproto` installs them. 0.5 GB of memory, with the PostgreSQL and the Redis that they need.
"""

import json
import os
import shutil
import socket
import subprocess
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from answerable.demo import postgres
from answerable.demo.stack import StackFailed, free_ports
from answerable.demo.stage import PlatformMissing
from answerable.lineage import die_with_parent

HERE = Path(__file__).resolve().parent
FOLDER_VARIABLE = "ANSWERABLE_ATPROTO"
PROGRAMS = ("network.mjs", "loopback.cjs")
ADMIN_PASSWORD = "admin-pass"  # noqa: S105  dev-env's, of a network on this machine alone
MODERATOR = ("mod-authority.test", "hunter2")
READY_WITHIN_SECONDS = 120.0
STOP_WITHIN_SECONDS = 10.0


class NetworkFailed(StackFailed):
    """The network could not be started. Its messages follow."""


def installed() -> Path:
    """Where `scripts/atproto` put the programs. Raises PlatformMissing."""
    named = os.environ.get(FOLDER_VARIABLE)
    path = Path(named) if named else HERE.parents[3] / ".platforms" / "atproto"
    missing = [] if (path / "stamp").exists() else [str(path / "stamp")]
    missing += [] if shutil.which("redis-server") else ["redis-server"]
    try:
        postgres.programs()
    except postgres.PostgreSQLMissing:
        missing.append("initdb of PostgreSQL")
    if missing:
        raise PlatformMissing(
            "The AT Protocol's programs are not installed for this: run scripts/atproto "
            f"(missing: {', '.join(missing)})."
        )
    return path


class Network:
    """One network in a folder of its own. A context manager; it ends with this process at the latest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.images = folder / "images"
        """The AppView's cache of pictures, which serves what it has for a year."""
        self.pds = self.appview = self.ozone = self.ozone_did = ""
        self.megabytes = 0
        self._ends = ExitStack()
        self._process: subprocess.Popen[str] | None = None
        self._told = threading.Lock()

    def __enter__(self) -> "Network":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start all of it and wait until it answers. Raises PlatformMissing, NetworkFailed."""
        programs = installed()
        self.images.mkdir(parents=True)
        for name in PROGRAMS:
            shutil.copy(HERE / name, self.folder)
        (self.folder / "node_modules").symlink_to(programs / "node_modules")
        try:
            self._start(programs)
        except BaseException:
            self.stop()
            raise

    def _start(self, programs: Path) -> None:
        cluster = postgres.start()
        self._ends.callback(cluster.stop)
        [redis_port] = free_ports(1)
        self._run(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(redis_port), "--save", "", "--appendonly", "no",
             "--dir", str(self.folder)]
        )  # fmt: skip
        node = (programs / "bin" / "node").resolve()
        environment = {
            **os.environ,
            "BASE_PORT": str(_four_in_a_row()),
            "IMAGES": str(self.images),
            "TMPDIR": str(self.folder),
            "DB_POSTGRES_URL": cluster.url("postgres"),
            "DB_POSTGRES_SCHEMA": "network",
            "REDIS_HOST": f"127.0.0.1:{redis_port}",
            "LOG_ENABLED": os.environ.get("LOG_ENABLED", "false"),
            "NODE_NO_WARNINGS": "1",
        }
        self._process = self._run([str(node), "-r", "./loopback.cjs", "network.mjs"], environment)
        told = self._line()
        self.pds, self.appview = told["pds"], told["appview"]
        self.ozone, self.ozone_did = told["ozone"], told["ozone_did"]
        self.megabytes = told["megabytes"]

    def _run(self, command: list[str], environment: dict[str, str] | None = None) -> "subprocess.Popen[str]":
        parent = os.getpid()
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603  programs that were installed for it
                command,
                cwd=self.folder,
                env=environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if environment else log,
                stderr=log,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  nothing else runs in between
            )
        self._ends.callback(_end, process)
        return process

    def stop(self) -> None:
        """End all of it, started or not."""
        self._ends.close()
        self._process = None

    def order(self, order: str, **more: Any) -> Any:
        """Have the network do something, such as `restart_pds`. Raises NetworkFailed."""
        process = self._running()
        with self._told:
            if process.stdin is not None:
                process.stdin.write(json.dumps({"order": order, **more}) + "\n")
                process.stdin.flush()
            answer = self._line()
        if "failed" in answer:
            raise NetworkFailed(answer["failed"])
        return answer["done"]

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            raise NetworkFailed("The network is not up.")
        return self._process

    def _line(self) -> dict[str, Any]:
        """The next answer; what else the programs print is passed over. Raises NetworkFailed when they end."""
        process = self._running()
        timer = threading.Timer(READY_WITHIN_SECONDS, process.kill)
        timer.start()
        try:
            for line in process.stdout or ():
                if line.startswith("{"):
                    return dict(json.loads(line))
        finally:
            timer.cancel()
        raise NetworkFailed(f"{self.folder / 'log'}:\n{(self.folder / 'log').read_text()[-3000:]}")


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _four_in_a_row() -> int:
    """The first of four neighbouring ports on which nothing listens. Raises NetworkFailed."""
    for _ in range(50):
        [first] = free_ports(1)
        with ExitStack() as held:
            try:
                for port in range(first, first + 4):
                    held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except (OSError, OverflowError):
                continue
        return first
    raise NetworkFailed("No four free ports in a row.")
