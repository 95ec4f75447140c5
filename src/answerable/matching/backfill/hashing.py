"""One piece's fingerprints: read within bounds, decoded in a child process like everything from outside."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from answerable import media
from answerable.matching.backfill.pieces import CantRead, Opened, Piece
from answerable.media import Fault, Fingerprints
from answerable.media.fetch import MAX_BYTES
from answerable.media.fingerprint import media_type_of

CHUNK_BYTES: Final = 1 << 20
UNKNOWN_BYTES: Final = 16 << 20
"""What a piece of unknown size is taken to hold."""
WITHIN_SECONDS: Final = 60.0
"""Waiting for a free decoder included; what one file may take is limited by the decoder itself."""


class Budget:
    """So many bytes of files in memory at a time, over all threads. A larger file goes alone."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._free = most_bytes
        self._changed = threading.Condition()

    @contextmanager
    def of(self, size: int | None) -> Iterator[None]:
        """Hold that many bytes."""
        wanted = min(UNKNOWN_BYTES if size is None else size, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Hashed:
    """What became of one piece: its fingerprints, or why it could not be read."""

    piece: Piece
    prints: Fingerprints | None = None
    problem: str = ""
    passing: bool = False


def hashed(piece: Piece, budget: Budget) -> Hashed:
    """Read and fingerprint a piece. Raises DecoderUnavailable when no decoder works."""
    try:
        with piece.open() as opened, budget.of(opened.size):
            return Hashed(piece, _fingerprints(opened))
    except CantRead as error:
        return Hashed(piece, problem=str(error), passing=error.passing)


def _fingerprints(opened: Opened) -> Fingerprints:
    data = bytearray()
    while chunk := opened.file.read(CHUNK_BYTES):
        data += chunk
        if len(data) > MAX_BYTES:
            return _of_large(opened, data)
    if opened.size is not None and len(data) != opened.size:
        raise CantRead("it ended early, or changed while it was read", passing=True)
    return media.fingerprint(bytes(data), within_seconds=WITHIN_SECONDS)


def _of_large(opened: Opened, begun: bytearray) -> Fingerprints:
    """Only the exact hashes, without having it in memory."""
    sha256, md5 = hashlib.sha256(begun), hashlib.md5(begun, usedforsecurity=False)
    size, media_type = len(begun), media_type_of(bytes(begun[:64]))
    begun.clear()
    while chunk := opened.file.read(CHUNK_BYTES):
        sha256.update(chunk)
        md5.update(chunk)
        size += len(chunk)
    return Fingerprints(
        sha256=sha256.hexdigest(),
        md5=md5.hexdigest(),
        media_type=media_type,
        size=size,
        fault=Fault.TOO_LARGE,
    )
