"""First report to verified hidden, at a quiet rate and under load: the platform was looked at, and it is hidden.

Counted from the moment that a reporter's form (or machine) sends, to the moment of the worker's look that no
longer found the item (`hidden_at`). Both are of one machine's clock.
"""

import argparse
import asyncio
from datetime import UTC, datetime
from typing import Any

from bench import load, machine
from bench.desk import Desk, running


def measure(desk: Desk, *, per_second: float, seconds: float, first: int) -> dict[str, Any]:
    """Reports through the form at a rate; for each, when its item was seen hidden."""
    say = load.form_report(desk, asyncio.run(load.nonce_of_form(desk)))
    with machine.watched(desk.serve.pid if desk.serve else None) as around:
        run = load.run(load.at_rate(desk, say, per_second=per_second, seconds=seconds, first=first))
        desk.drained()
    times = dict(desk.query("SELECT ref, hidden_at FROM cases_item WHERE hidden_at IS NOT NULL"))
    taken, never = [], 0
    for number, sent_at in run.sent_at.items():
        hidden_at = times.get(f"b{number}")
        if hidden_at is None:
            never += 1
            continue
        at = datetime.fromisoformat(hidden_at) if isinstance(hidden_at, str) else hidden_at
        taken.append(at.replace(tzinfo=at.tzinfo or UTC).timestamp() - sent_at)
    return {
        "per_second": per_second,
        "reports": run.accepted(),
        "hidden": len(taken),
        "never_hidden": never,
        **machine.spread(taken),
        "acknowledged": machine.spread(run.seconds),
        **around,
    }


def main() -> None:
    """A quiet rate, then some load, on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--rate", type=float, action="append")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument(
        "--unregistered", action="store_true", help="items that the platform never registered"
    )
    asked = parser.parse_args()
    rates = asked.rate or [2.0, 10.0]
    for database in asked.database or ["sqlite", "postgresql"]:
        with running(
            database=database, uploads=0 if asked.unregistered else int(sum(rates) * asked.seconds) + 50
        ) as desk:
            first = 0
            for rate in rates:
                figures = measure(desk, per_second=rate, seconds=asked.seconds, first=first)
                first += int(rate * asked.seconds) + 10
                machine.write(
                    "hidden", {"database": database, "registered": not asked.unregistered, **figures}
                )


if __name__ == "__main__":
    main()
