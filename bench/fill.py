"""`python -m bench.fill FIRST COUNT`: register uploads on the desk of ANSWERABLE_DATA, as its platform does.

Each is a file of its own, with its SHA-256, MD5 and PDQ, registered by the command behind `POST /events`.
"""

import hashlib
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.public")


def register(first: int, count: int, at_once: int = 500) -> None:
    """Register `b<first>` and the following ones."""
    from django.db import transaction

    from answerable import clock
    from answerable.cases import commands
    from answerable.cases.inputs import ItemIn, Prints

    for start in range(first, first + count, at_once):
        with transaction.atomic():
            for number in range(start, min(start + at_once, first + count)):
                digest = hashlib.sha256(b"bench %d" % number).digest()
                prints = Prints(
                    sha256=digest.hex(),
                    md5=digest[:16].hex(),
                    pdq=hashlib.sha256(digest).digest(),
                    pdq_quality=100,
                    media_type="image/jpeg",
                    size=9000,
                )
                item_in = ItemIn(
                    platform="generic",
                    ref=f"b{number}",
                    account_ref=f"a{number}",
                    prints=prints,
                    kind="image",
                )
                commands.register_item(item_in, now=clock.now())


if __name__ == "__main__":
    import django

    django.setup()
    register(int(sys.argv[1]), int(sys.argv[2]))
