"""`python -m bench.known COUNT`: put COUNT random PDQ hashes on a list of the desk of ANSWERABLE_DATA."""

import os
import sys

LIST = "bench"
SEED = 7


def hashes(count: int) -> list[bytes]:
    """The same `count` hashes each time."""
    import numpy as np

    return [
        row.tobytes() for row in np.random.default_rng(SEED).integers(0, 256, (count, 32), dtype=np.uint8)
    ]


def fill(count: int) -> None:
    """Write them as the worker writes a list that it fetched."""
    from django.db import transaction

    from answerable import clock
    from answerable.cases.models import KnownChange

    now = clock.now()
    with transaction.atomic():
        KnownChange.objects.bulk_create(
            [
                KnownChange(op="add", kind="pdq", value=one, hash_list=LIST, cause=f"bench:{number}", at=now)
                for number, one in enumerate(hashes(count))
            ],
            batch_size=5000,
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.public")
    import django

    django.setup()
    fill(int(sys.argv[1]))
