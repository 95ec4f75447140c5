"""`python -m bench.growing ITEMS ENTRIES`: how fast what comes onto a list is searched for among so many items.

On the desk of ANSWERABLE_DATA, which must be empty. Random hashes: nothing matches, as nearly always.
"""

import json
import os
import sys
import time

SEED = 11


def fill(items: int, entries: int) -> None:
    """Register so many contents (of one item: a search doesn't ask whose they are), and put so many fingerprints on a
    list: half of them PDQ, the rest by file."""
    import numpy as np
    from django.db import transaction

    from answerable import clock
    from answerable.cases.models import Item, ItemContent, KnownChange
    from answerable.db.rows import insert

    now = clock.now()
    random = np.random.default_rng(SEED)
    with transaction.atomic():
        item = Item.objects.create(platform="bench", ref="all", registered_at=now)
    for start in range(0, items, 10_000):
        count = min(10_000, items - start)
        hashes = random.integers(0, 256, (count, 3, 32), dtype=np.uint8)
        with transaction.atomic():
            insert(
                *(
                    ItemContent(
                        item=item,
                        sha256=row[0].tobytes().hex(),
                        md5=row[2].tobytes()[:16].hex(),
                        pdq=row[1].tobytes(),
                        pdq_quality=100,
                        seen_at=now,
                    )
                    for row in hashes
                )
            )
        _move_log()
    kinds = (("pdq", 32), ("md5", 16), ("pdq", 32), ("sha256", 32))
    for start in range(0, entries, 5000):
        with transaction.atomic():
            KnownChange.objects.bulk_create(
                [
                    KnownChange(
                        op="add",
                        kind=kinds[n % 4][0],
                        value=random.bytes(kinds[n % 4][1]),
                        hash_list="bench",
                        cause=f"bench:{start + n}",
                        at=now,
                    )
                    for n in range(min(5000, entries - start))
                ],
                1000,
            )
        _move_log()


def _move_log() -> None:
    """As the worker does."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.checkpoint("TRUNCATE")  # type: ignore[attr-defined]  # our own backend


def measure() -> dict[str, float]:
    """Search for all of it, in the worker's turns."""
    from datetime import timedelta

    from answerable import clock
    from answerable.cases.models import Reached
    from answerable.matching import growing
    from answerable.matching.items import items, keep_items

    def settled() -> "object":
        return clock.now() + timedelta(minutes=1)

    keep_items()
    began = time.perf_counter()
    items().catch_up()
    opened = time.perf_counter()
    turns = []
    cpu = time.process_time()
    while True:
        turn = time.perf_counter()
        if not growing.turn(settled):  # type: ignore[arg-type]
            break
        turns.append(time.perf_counter() - turn)
    seconds = time.perf_counter() - opened
    searched = Reached.objects.get(name="lists").facts["searched"]
    return {
        "items": len(items()),
        "searched": searched,
        "open_seconds": round(opened - began, 2),
        "seconds": round(seconds, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "per_second": round(searched / seconds, 1),
        "longest_turn_seconds": round(max(turns), 2),
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.staff")
    import django

    django.setup()
    fill(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(measure()))
