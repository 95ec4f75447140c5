"""A reviewer's decision to a finished report at NCMEC, evidence captured and the item gone from the platform.

The desk files with the drill's CyberTipline, over HTTP on this machine, which answers at once: what is counted is the
desk's own time, from the command that the console calls to the answer of `finish`. Custodians are configured.
"""

import argparse
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

from answerable.authorities.ncmec.drill.server import LOGIN, Server
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.settings.create import write_private
from bench import load, machine
from bench.desk import Desk, prepared, start

CUSTODIANS = 'custodians = [{{name = "Ravi", key = "{ravi}"}}, {{name = "Lena", key = "{lena}"}}]'
CONFIGURED = """
[authorities.ncmec]
base_url = "{base}"
environment = "production"
login_file = "ncmec.login"
send = "at_once"

[authorities.ncmec.reporter]
email = "reports@photos.example"

[authorities.ncmec.platforms.generic]
name = "Bench"
public = true
"""
WITHIN_SECONDS = 120.0


def configure(desk: Desk, base: str) -> None:
    """Two custodians, and NCMEC at that address."""
    write_private(desk.data / "ncmec.login", LOGIN.encode())
    ravi, lena = (recipient_of(new_identity()) for _ in range(2))
    path = desk.data / "answerable.toml"
    text = path.read_text().replace("custodians = []", CUSTODIANS.format(ravi=ravi, lena=lena), 1)
    path.write_text(text + CONFIGURED.format(base=base))


def measure(desk: Desk, number: int, per_second: float) -> dict[str, Any]:
    """Decide about reported uploads at a quiet rate; for each, when its report was finished and it was gone."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.blocked", "--reviewer"],
        env={**desk.environment, "DJANGO_SETTINGS_MODULE": "answerable.settings.staff"},
        cwd=machine.REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    begun: dict[str, float] = {}
    assert process.stdin is not None
    assert process.stdout is not None
    with machine.watched(desk.serve.pid if desk.serve else None) as around:
        for which in range(number):
            process.stdin.write(f"{which}\n")
            process.stdin.flush()
            begun[f"b{which}"] = float(process.stdout.readline())
            time.sleep(1 / per_second)
        process.stdin.close()
        process.wait(30)
        limit = time.monotonic() + WITHIN_SECONDS
        while len(finished := _finished(desk)) < number or len(gone := _gone(desk)) < number:
            if time.monotonic() > limit:
                raise RuntimeError(f"{len(finished)} of {number} were filed after {WITHIN_SECONDS:.0f} s")
            time.sleep(0.2)
    filed = [finished[ref] - at for ref, at in begun.items()]
    removed = machine.spread([gone[ref] - at for ref, at in begun.items()])
    return {"filed": number, **machine.spread(filed), "gone": removed, **around}


def _fetched(desk: Desk, number: int) -> None:
    """Wait until the bytes of all were seen."""
    limit = time.monotonic() + WITHIN_SECONDS
    while desk.query("SELECT count(*) FROM cases_item WHERE content_id IS NOT NULL")[0][0] < number:
        if time.monotonic() > limit:
            raise RuntimeError(f"not all were fetched after {WITHIN_SECONDS:.0f} s")
        time.sleep(0.2)
    desk.drained()


def _finished(desk: Desk) -> dict[str, float]:
    return _moments(
        desk,
        "SELECT i.ref, f.finished_at FROM cases_filing f JOIN cases_filingfile e ON e.filing_id = f.id "
        "JOIN cases_itemcontent c ON c.id = e.content_id JOIN cases_item i ON i.id = c.item_id "
        "WHERE f.finished_at IS NOT NULL",
    )


def _gone(desk: Desk) -> dict[str, float]:
    return _moments(
        desk,
        "SELECT ref, seen_at FROM cases_item WHERE wanted = 'gone' AND seen = 'gone' AND asked_at IS NOT NULL",
    )


def _moments(desk: Desk, statement: str) -> dict[str, float]:
    found = {}
    for ref, at in desk.query(statement):
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        found[ref] = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()
    return found


def main() -> None:
    """Forty decisions, on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--decisions", type=int, default=40)
    parser.add_argument("--rate", type=float, default=1.0)
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.staff")
    for database in asked.database or ["sqlite", "postgresql"]:
        with Server() as ncmec, prepared(database=database) as desk:
            configure(desk, ncmec.base)
            start(desk)
            reports = load.api_report(desk)
            load.run(load.at_rate(desk, reports, per_second=4, seconds=asked.decisions / 4, first=0))
            _fetched(desk, asked.decisions)
            figures = measure(desk, asked.decisions, asked.rate)
            machine.write("filing", {"database": database, **figures})


if __name__ == "__main__":
    main()
