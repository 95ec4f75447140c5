"""The serial of what is wanted, beside one that a platform was given by another desk or another day."""

from datetime import datetime
from typing import Final

from django.db import transaction

from answerable.cases.commands.grouping import locked
from answerable.cases.commands.writing import Writing

LARGEST_SERIAL: Final = 2**53
"""Beyond it a site's JSON may no longer hold a number exactly: no honest serial is so high."""


def serial_passed(item_id: int, *, there: int, now: datetime) -> bool:
    """The platform has carried out a higher serial than the item's: go beyond it, or nothing wanted now is ever done.

    A desk before this one gave it, or this one before its backup was put back. Where the item has a serial as high by
    now, it was this desk's own later wish, and nothing changes. Returns whether the serial grew.
    """
    with transaction.atomic():
        item = locked(item_id)
        if item.wanted_serial >= there or there >= LARGEST_SERIAL:
            return False
        item.wanted_serial = there + 1
        item.save(update_fields=["wanted_serial"])
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        wanted = str(item.wanted)
        writing.record(
            "wanted_changed",
            {"item": item.pk, "from": wanted, "to": wanted, "serial": there + 1, "why": "serial_behind"},
        )
        return True
