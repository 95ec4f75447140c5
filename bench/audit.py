"""The audit log by itself: appending, giving 1,000 entries their place, checking 20,000, one receipt."""

import argparse
import os
import statistics
import time
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.public")

from bench import machine
from bench.desk import prepared

ENTRIES = 20_000
AT_ONCE = 1000


def measure() -> dict[str, Any]:
    """On the empty desk of ANSWERABLE_DATA, in this process alone."""
    import django

    django.setup()
    from django.db import transaction

    from answerable import audit, clock
    from answerable.audit.check import check
    from answerable.audit.sequencer import sequence

    def fill(count: int, in_one: int) -> float:
        begun = time.perf_counter()
        for start in range(0, count, in_one):
            with transaction.atomic():
                for number in range(start, start + in_one):
                    audit.append(
                        "item_seen", actor="worker", now=clock.now(), event={"item": number, "seen": "hidden"}
                    )
        return (time.perf_counter() - begun) / count

    with machine.watched() as around:
        alone = fill(300, 1)
        together = fill(ENTRIES - 300, AT_ONCE)
        steps = []
        while True:
            begun = time.perf_counter()
            placed = sequence(AT_ONCE)
            if placed == AT_ONCE:
                steps.append(time.perf_counter() - begun)
            if placed < AT_ONCE:
                break
        begun = time.perf_counter()
        faults = check()
        checked = time.perf_counter() - begun
        begun = time.perf_counter()
        proved = audit.receipt(ENTRIES // 2)
        receipt = time.perf_counter() - begun
    if faults or proved["proof"] is None:
        raise RuntimeError(f"The log is not whole: {faults[:3]}")
    return {
        "append_ms_in_a_transaction_of_its_own": round(alone * 1000, 3),
        "append_ms_among_1000": round(together * 1000, 3),
        "sequence_1000_ms": round(statistics.median(steps) * 1000, 1),
        "entries": ENTRIES,
        "check_seconds": round(checked, 2),
        "receipt_ms": round(receipt * 1000, 2),
        **around,
    }


def main() -> None:
    """On the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--here", action="store_true")
    asked = parser.parse_args()
    if asked.here:
        from django.conf import settings

        database = "postgresql" if settings.CONFIG.database.url != "sqlite" else "sqlite"
        machine.write("audit", {"database": database, **measure()})
        return
    for database in asked.database or ["sqlite", "postgresql"]:
        with prepared(database=database) as desk:
            print(desk.command("bench.audit", "--here"), flush=True)


if __name__ == "__main__":
    main()
