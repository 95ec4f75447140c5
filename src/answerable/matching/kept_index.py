"""An index that follows a table: kept in a folder by one process, opened there as it is by others.

The folder only saves time. What it holds is believed as far as its note says which row it follows up to, and that row
is still there; otherwise, or when a file is damaged, it is built anew from the table.
"""

from pathlib import Path
from typing import Any

import structlog

from answerable.matching.index import Index
from answerable.matching.index_store import IndexDamaged, IndexLocked

log = structlog.get_logger(__name__)


def open_kept(folder: Path | None, *, keeps: bool) -> tuple[Index, dict[str, Any]]:
    """The index in the folder and its note; an empty one, in memory for who only reads, where nothing can be used.

    `keeps`: this process writes to the folder. Where another one on this machine already does, it only reads.
    """
    if folder is None:
        return Index(), {}
    try:
        return _opened(folder, keeps=keeps)
    except FileNotFoundError:  # nobody has kept one yet
        return Index(), {}
    except IndexDamaged as error:
        log.error("an index is damaged and is built anew from the database", file=error.file, why=error.why)
        if not keeps:
            return Index(), {}
    index = Index.open(folder, quarantine=True)
    index.clear()
    return index, {}


def _opened(folder: Path, *, keeps: bool) -> tuple[Index, dict[str, Any]]:
    try:
        index = Index.open(folder, writable=keeps)
    except IndexLocked:
        index = Index.open(folder, writable=False)
    damaged = index.verify() if index.is_writable else []
    if damaged:
        index.close()
        raise IndexDamaged(damaged[0], "its checksum is wrong")
    return index, index.note
