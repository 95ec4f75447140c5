"""Whose the stores are: a note in them names the log that this database has, so that no other one's evidence is swept.

A store outlives its database. A configuration that was copied names the store of another desk, and a database that was
put back is older than what lies there: to both, good evidence looks like what a capture left behind. The note names a
checkpoint of the log; a database that hasn't signed that one, or signed another at that size, is not the store's.
"""

import json
from typing import Final

from answerable.audit.models import AuditCheckpoint
from answerable.evidence import stores
from answerable.evidence.errors import AnotherDesk

PARTS: Final = 3
"""Origin, size and root: a checkpoint's lines before its signatures, which witnesses add to."""


def refuse_another() -> None:
    """Look that the stores are this database's, or nobody's yet. Raises AnotherDesk, NotStored."""
    note = stores.store(stores.WORKING).note()
    if not note:
        return
    try:
        said = json.loads(note)
        log, lines = str(said["log"]), list(said["checkpoint"])
        size = int(lines[1])
    except (ValueError, TypeError, LookupError) as error:
        raise AnotherDesk("the note in it can't be read") from error
    ours = AuditCheckpoint.objects.filter(size=size).first()
    if ours is None or ours.note.split("\n")[:PARTS] != lines:
        raise AnotherDesk(f"{log.rpartition('+')[0]}, whose log had {size} entries")


def mark() -> None:
    """Note the newest checkpoint of this database's log, unless it stands there. Raises NotStored."""
    newest = AuditCheckpoint.objects.order_by("-size").first()
    if newest is None:
        return
    said = {"log": newest.verifier_key, "checkpoint": newest.note.split("\n")[:PARTS]}
    note, store = json.dumps(said, sort_keys=True).encode(), stores.store(stores.WORKING)
    if store.note() != note:
        store.leave_note(note)
