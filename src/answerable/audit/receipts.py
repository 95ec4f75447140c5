"""What a reporter keeps: a proof, verified offline, of what was received and when."""

import json
import time
from typing import Any

from django.db import connection

from answerable.audit.errors import NoSuchEntry
from answerable.audit.models import AuditCheckpoint, AuditEntry
from answerable.audit.proofs import inclusion_proof
from answerable.audit.verify import RECEIPT_VERSION

POLL_SECONDS = 0.02


def receipt(entry_id: int, wait_seconds: float = 1.0) -> dict[str, Any]:
    """The receipt of one entry: JSON values that `audit.verify` verifies with the public key alone.

    The worker places an entry soon after its commit; this waits for it. When that takes longer, `checkpoint`,
    `proof` and `leaf_index` are None, and verifying says to download the receipt again. It needs no private
    key. Raises NoSuchEntry.
    """
    entry = _entry(entry_id)
    checkpoint = _checkpoint(entry)
    give_up = time.monotonic() + wait_seconds
    # Inside a transaction nothing new would become visible, and on SQLite the sequencer could not write.
    while checkpoint is None and time.monotonic() < give_up and not connection.in_atomic_block:
        time.sleep(POLL_SECONDS)
        entry = _entry(entry_id)
        checkpoint = _checkpoint(entry)
    written: dict[str, Any] = {
        "answerable_receipt": RECEIPT_VERSION,
        "entry": entry.skeleton(),
        "salt": None if entry.salt is None else bytes(entry.salt).hex(),
        "event": None if entry.event is None else json.loads(entry.event),
        "leaf_index": None,
        "proof": None,
        "checkpoint": None,
        "verifier_key": None,
    }
    if checkpoint is not None and entry.leaf_index is not None:
        proof = inclusion_proof(entry.leaf_index, checkpoint.size)
        written |= {
            "leaf_index": entry.leaf_index,
            "proof": [sibling.hex() for sibling in proof],
            "checkpoint": checkpoint.note,
            "verifier_key": checkpoint.verifier_key,
        }
    return written


def _entry(entry_id: int) -> AuditEntry:
    entry = AuditEntry.objects.filter(pk=entry_id).first()
    if entry is None:
        raise NoSuchEntry(f"There is no audit entry {entry_id}.")
    return entry


def _checkpoint(entry: AuditEntry) -> AuditCheckpoint | None:
    """The newest signature over a tree that holds the entry."""
    if entry.leaf_index is None:
        return None
    return AuditCheckpoint.objects.filter(size__gt=entry.leaf_index).order_by("-size").first()
