"""`screen` as a function, without HTTP: on a desk that knows 50,000 files, one thread."""

import argparse
import hashlib
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.public")
from bench import machine
from bench.desk import prepared


def screening(known: int) -> dict[str, Any]:
    """`screen` on a desk that knows `known` files, each by three hashes: SHA-256 alone, and with a PDQ."""
    import django

    django.setup()
    from django.db import transaction

    from answerable import clock
    from answerable.cases.models import KnownChange
    from answerable.matching.screening import screen
    from answerable.media import Fingerprints

    def prints(number: int, *, pdq: bool) -> Fingerprints:
        digest = hashlib.sha256(b"known %d" % number).digest()
        near = hashlib.sha256(digest).digest() if pdq else None
        return Fingerprints(
            sha256=digest.hex(), md5=digest[:16].hex(), pdq=near, pdq_quality=100 if pdq else None
        )

    with transaction.atomic():
        rows = []
        for number in range(known):
            one = prints(number, pdq=True)
            for kind, value in (("sha256", bytes.fromhex(one.sha256)), ("pdq", one.pdq)):
                cause, now = f"bench:{number}", clock.now()
                rows.append(
                    KnownChange(op="add", kind=kind, value=value, hash_list="bench", cause=cause, at=now)
                )
        KnownChange.objects.bulk_create(rows, batch_size=5000)
    begun = time.perf_counter()
    first = screen(prints(1, pdq=False))
    caught_up = time.perf_counter() - begun
    with machine.watched() as around:
        exact = [_timed(lambda n=n: screen(prints(n, pdq=False))) for n in range(300)]
        near = [_timed(lambda n=n: screen(prints(n, pdq=True))) for n in range(60)]
        clear = [_timed(lambda n=n: screen(prints(known + n, pdq=True))) for n in range(60)]
    return {
        "known_files": known,
        "first_verdict": str(first.verdict),
        "caught_up_seconds": round(caught_up, 2),
        "screens_per_second_by_sha256": round(1 / statistics.median(exact), 1),
        "screens_per_second_with_pdq": round(1 / statistics.median(near), 1),
        "screens_per_second_clear": round(1 / statistics.median(clear), 1),
        **around,
    }


def _timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def main() -> None:
    """Screening on SQLite."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--screening", type=int)
    asked = parser.parse_args()
    if asked.screening:
        machine.write("screening", screening(asked.screening))
        return
    with prepared(database="sqlite") as desk:
        print(desk.command("bench.matching", "--screening", "50000"), flush=True)


if __name__ == "__main__":
    main()
