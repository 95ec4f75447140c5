"""Searching everything that was ever registered: who asked and how much was found is in the log (rule 21)."""

from datetime import datetime

from django.db import transaction

from answerable import audit


def copies_searched(*, actor: str, by: str, query_digest: str, found: int, now: datetime) -> None:
    """Record a search for copies. Call it before the answer is given.

    `by` is what was searched for: `item`, `file` or `hashes`. `query_digest` (64 hexadecimal digits) stands for the
    fingerprints, so that the log itself holds none that could be searched for.
    """
    event = {"for": "copies", "by": by, "query": query_digest, "found": found}
    with transaction.atomic():
        audit.append("searched", actor=actor, now=now, event=event)
