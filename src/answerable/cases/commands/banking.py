"""Fingerprints that come onto or off a hash list which no decision of ours stands behind."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import Listed, Refused
from answerable.cases.models import KnownChange

OWN = "own."


def change_list(hash_list: str, changes: Sequence[Listed], *, actor: str, now: datetime) -> None:
    """Put fingerprints on a list, or take them off: known in every process at its next answer.

    Raises Refused for a list of our own: what stands there follows from reports and decisions alone.
    """
    if hash_list.startswith(OWN):
        raise Refused(f"{hash_list} follows from what people here decide: nothing else is written to it.")
    with transaction.atomic():
        writing = Writing(actor=actor, now=now, cause=f"list:{hash_list}")
        writing.known_changes += [
            KnownChange(
                op=one.op, kind=one.kind, value=one.value, hash_list=hash_list, cause=one.cause, at=now
            )
            for one in changes
        ]
        for op in sorted({one.op for one in changes}):
            count = sum(one.op == op for one in changes)
            writing.record("known_changed", {"op": op, "list": hash_list, "count": count})
        writing.finish()
