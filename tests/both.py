"""The whole suite on SQLite, and what meets a database on PostgreSQL, both at once: `python -m tests.both`.

A Matrix homeserver (marker `synapse`) is started in SQLite's run alone: its tests make a desk of their own.
PostgreSQL's run is seen live, SQLite's is printed after it, so that the last line counts every test; where only
PostgreSQL's fails it is printed once more. Arguments go to both: `python -m tests.both tests/cases -x`.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parent.parent
PASSED, NO_TESTS = 0, 5
WITH_SYNAPSE = ["-m", ""]
"""Overrides the marker expression that leaves them out of a run by hand."""


def start(database: str, arguments: list[str], output: int | IO[bytes]) -> "subprocess.Popen[bytes]":
    """One run. It shares nothing with the other: its desk, its ports, its cluster and its folders are its own."""
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir=.pytest_cache/{database}", *arguments]
    environment = {**os.environ, "ANSWERABLE_TEST_DATABASE": database}
    return subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=output, stderr=subprocess.STDOUT)


def passed(code: int, arguments: list[str]) -> bool:
    """Whether a run went well: of tests that were chosen, none may meet a database."""
    return code == PASSED or (code == NO_TESTS and bool(arguments))


def main(arguments: list[str]) -> int:
    """Run both; 0 when both went well. Ctrl-C reaches both, and each ends in order."""
    with tempfile.TemporaryFile() as log:
        sqlite = start("sqlite", [*WITH_SYNAPSE, *arguments], log)
        postgresql = start("postgresql", arguments, subprocess.PIPE)
        seen: list[bytes] = []
        with contextlib.suppress(KeyboardInterrupt):
            assert postgresql.stdout is not None
            while piece := postgresql.stdout.read1():
                seen.append(piece)
                show(piece)
            show(b"\nSQLite's run, which went on beside it:\n")
        for run in (postgresql, sqlite):
            with contextlib.suppress(KeyboardInterrupt):
                run.wait()
        log.seek(0)
        show(log.read())
    failed = [run for run in (postgresql, sqlite) if not passed(run.wait(), arguments)]
    if failed == [postgresql]:
        show(b"\nPostgreSQL's run failed:\n" + b"".join(seen))
    return 1 if failed else 0


def show(output: bytes) -> None:
    """Print it now."""
    sys.stdout.buffer.write(output)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
