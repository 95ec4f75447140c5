"""Reports accepted per second over HTTP while the worker keeps up, and what the worker does meanwhile."""

import argparse
import asyncio
import os
from typing import Any

from bench import load, machine
from bench.desk import Desk, running

MOST_BACKLOG = 60
AT_ONCE = 4
WARM_UP_SECONDS, FOR_WARM_UP = 5.0, 1000


def measure(desk: Desk, door: str, *, seconds: float, first: int, per_second: float = 0.0) -> dict[str, Any]:
    """One run through one door ("form" or "api"): as much as is kept, or at a rate."""
    say = (
        load.api_report(desk)
        if door == "api"
        else load.form_report(desk, asyncio.run(load.nonce_of_form(desk)))
    )
    used, kept, retried = desk.seconds_by_part(), desk.closed(), desk.retried()
    own = machine.seconds_used(os.getpid())
    with machine.watched(desk.serve.pid if desk.serve else None) as around:
        if per_second:
            run = load.run(load.at_rate(desk, say, per_second=per_second, seconds=seconds, first=first))
        else:
            run = load.run(
                load.as_much_as_is_kept(
                    desk, say, at_once=AT_ONCE, seconds=seconds, first=first, most_backlog=MOST_BACKLOG
                )
            )
        kept_at_end = desk.closed() - kept
        generator = machine.seconds_used(os.getpid()) - own
    accepted = max(1, run.accepted())
    spent = {part: value - used.get(part, 0.0) for part, value in desk.seconds_by_part().items()}
    spent["generator"] = generator
    return {
        "door": door,
        "offered_per_second": per_second or None,
        "reports": accepted,
        "reports_per_second": round(accepted / run.lasted, 1),
        **machine.spread(run.seconds),
        "statuses": {str(status): count for status, count in run.statuses.items()},
        "obligations_per_second": round(kept_at_end / run.lasted, 1),
        "backlog_longest": max(run.backlogs, default=0),
        "backlog_at_end": run.backlogs[-1] if run.backlogs else 0,
        "retried": desk.retried() - retried,
        "cpu_ms_per_report": {part: round(value * 1000 / accepted, 2) for part, value in spent.items()},
        "two_free_cores_could": round(capacity(spent, accepted), 1),
        **around,
    }


def capacity(spent: dict[str, float], accepted: int) -> float:
    """Reports a second by processor time alone: two cores for all parts, and one for each process of Python.

    Computed, not measured: what the figures of a machine that others use too say about one that is free.
    """
    alone = max(spent["public"], spent["worker"])
    return accepted / max(sum(spent.values()) / 2, alone, 1e-9)


def main() -> None:
    """Both doors, on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--door", choices=["api", "form"], action="append")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument(
        "--unregistered", action="store_true", help="items that the platform never registered"
    )
    asked = parser.parse_args()
    uploads = int(asked.seconds * 100 * asked.repeat * len(asked.door or "12"))
    for database in asked.database or ["sqlite", "postgresql"]:
        registered = 0 if asked.unregistered else uploads + FOR_WARM_UP
        with running(database=database, uploads=registered) as desk:
            measure(
                desk, "api", seconds=WARM_UP_SECONDS, first=max(0, registered - FOR_WARM_UP) or 10_000_000
            )
            desk.drained()
            desk.gather_statistics()
            first = 0
            for _ in range(asked.repeat):
                for door in asked.door or ["api", "form"]:
                    figures = measure(desk, door, seconds=asked.seconds, first=first, per_second=asked.rate)
                    first += figures["reports"] + 100
                    drained = desk.drained()
                    about = {"database": database, "registered": not asked.unregistered, "drained": drained}
                    machine.write(
                        "reports", {**about, **figures, "fsync_ms": machine.fsync_milliseconds(desk.data)}
                    )


if __name__ == "__main__":
    main()
