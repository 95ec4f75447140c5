"""The peer's service, where a copy of it is at hand: Meta's hasher-matcher-actioner (HMA), started as its README says.

Nothing of it is part of this repository. Give the folder of a checkout (`hasher-matcher-actioner` of
ThreatExchange) and the Python of an environment where its requirements and gunicorn are installed.
"""

import contextlib
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.desk import free_port

BANK = "BENCH"
WORKERS = {
    # As its Dockerfile starts it: a synchronous worker hangs up after each answer.
    "sync": (),
    # Kept-open connections, which the synchronous worker can't.
    "threads": ("--worker-class", "gthread", "--threads", "4", "--keep-alive", "60"),
}
CONFIG = """
from OpenMediaMatch.storage.postgres.impl import DefaultOMMStore
from threatexchange.content_type.photo import PhotoContent
from threatexchange.content_type.video import VideoContent
from threatexchange.signal_type.md5 import VideoMD5Signal
from threatexchange.signal_type.pdq.signal import PdqSignal

DATABASE_URI = {database!r}
PRODUCTION = True
ROLE_HASHER = ROLE_MATCHER = ROLE_CURATOR = True
UI_ENABLED = False
TASK_FETCHER = False
TASK_INDEXER = {index!r}
TASK_INDEX_CACHE = True
TASK_INDEXER_INTERVAL_SECONDS = 5
TASK_INDEX_CACHE_INTERVAL_SECONDS = 5
STORAGE_IFACE_INSTANCE = DefaultOMMStore(
    signal_types=[PdqSignal, VideoMD5Signal], content_types=[PhotoContent, VideoContent]
)
"""


@dataclass
class Peer:
    """A running service."""

    port: int
    pids: list[int]
    built_seconds: float


@contextlib.contextmanager
def running(
    source: Path, python: Path, hashes: Sequence[bytes], *, worker: str = "threads", index: bool = False
) -> Iterator[Peer]:
    """The service with `hashes` in one bank and its index built. `index`: also rebuild it while it runs."""
    import psycopg

    from answerable.demo import postgres

    with contextlib.ExitStack() as ended:
        cluster = postgres.start()
        ended.callback(cluster.stop)
        with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
            connection.execute("CREATE DATABASE hma")
        config = cluster.folder / "omm_config.py"
        address = f"postgresql+psycopg2://postgres@/hma?host={cluster.folder}"
        config.write_text(CONFIG.format(database=address, index=index))
        environment = {
            **os.environ,
            "OMM_CONFIG": str(config),
            "PYTHONPATH": str(source / "src"),
            "PYTHONWARNINGS": "ignore",
        }
        migrations = str(source / "src" / "OpenMediaMatch" / "migrations")
        migrating = {**environment, "MIGRATION_COMMAND": "1"}
        _flask(python, migrating, "db", "upgrade", "--directory", migrations)
        _fill(cluster.url("hma"), hashes)
        begun = time.perf_counter()
        _flask(python, environment, "build_indices")
        built = time.perf_counter() - begun
        port = free_port()
        log = ended.enter_context((cluster.folder / "gunicorn.log").open("wb"))
        process = subprocess.Popen(
            [str(python), "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *WORKERS[worker],
             "OpenMediaMatch.app:create_app()"],
            env=environment, cwd=cluster.folder, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        ended.callback(_end, process)
        _wait(port, process, cluster.folder / "gunicorn.log")
        yield Peer(port, [process.pid, cluster.process.pid], round(built, 1))


def _flask(python: Path, environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [str(python), "-m", "flask", "--app", "OpenMediaMatch.app", *command],
        env=environment, check=False, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"`flask {' '.join(command)}` of the peer failed:\n{done.stderr[-3000:]}")


def _fill(url: str, hashes: Sequence[bytes]) -> None:
    """One content with one PDQ for each hash, written past its interface, which would take half an hour."""
    import psycopg

    if not hashes:
        return
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO bank (name, enabled_ratio) VALUES (%s, 1.0) RETURNING id", [BANK])
        row = cursor.fetchone()
        assert row is not None
        with cursor.copy("COPY bank_content (id, bank_id, disable_until_ts) FROM STDIN") as copy:
            for number in range(1, len(hashes) + 1):
                copy.write_row((number, row[0], 1))
        with cursor.copy("COPY content_signal (content_id, signal_type, signal_val) FROM STDIN") as copy:
            for number, value in enumerate(hashes, 1):
                copy.write_row((number, "pdq", value.hex()))
        cursor.execute("SELECT setval('bank_content_id_seq', %s)", [len(hashes)])
        cursor.execute("ANALYZE")


def _wait(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    limit = time.monotonic() + 120
    while time.monotonic() < limit and process.poll() is None:
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/status", timeout=5),
        ):
            return  # a status of 503, while it loads its index, is an error here
        time.sleep(0.5)
    raise RuntimeError(f"The peer did not start:\n{log.read_text()[-3000:]}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    process.kill()
    process.wait()


def matches_of(answer: bytes) -> int:
    """How many contents an answer of `/m/lookup` names."""
    return sum(len(found) for found in json.loads(answer).values())
