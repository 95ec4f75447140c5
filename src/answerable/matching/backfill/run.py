"""One backfill from where it was left to the end of its source: pieces become batches, and batches are registered."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from answerable.matching.backfill.ahead import Ahead, Done
from answerable.matching.backfill.hashing import Budget, Hashed, hashed
from answerable.matching.backfill.pieces import Piece, Source, SourceFailed
from answerable.matching.backfill.registrar import Desk, Ready
from answerable.matching.backfill.tally import Tally
from answerable.media import Fault, Fingerprints

BATCH: Final = 100
"""Items of one transaction, or frames of videos: some ten milliseconds of the writers' lock."""
ROWS_OF_AN_ITEM: Final = 4
"""So many frames of a video take as long to write as an item."""
MOST_PASSED_OVER: Final = 5_000
MOST_SECONDS: Final = 10.0
"""A batch is handed over after that, so that a kill loses no more of a slow source."""
MOST_FAILURES: Final = 30
"""So many pieces in a row that can't be had now: it is the source that fails."""
MEMORY_BYTES: Final = 512 << 20


class TooManyHeld(Exception):
    """So many items match what is known that people should look at them first: look at the queue, then run the same
    command again. It goes on where it stopped."""

    def __str__(self) -> str:
        return " ".join((self.__doc__ or "").split())


class Shown(Protocol):
    """Where progress is shown."""

    def update(self, tally: Tally) -> None:
        """After each piece."""

    def problem(self, name: str, why: str) -> None:
        """A piece that can't be read."""


@dataclass
class _Batch:
    """What is not handed over yet, in order."""

    ready: list[Ready] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    pieces: int = 0
    position: str = ""
    since: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        rows = sum(1 + len(one.prints.frames) // ROWS_OF_AN_ITEM for one in self.ready)
        full = rows >= BATCH or self.pieces >= MOST_PASSED_OVER
        return full or (self.pieces > 0 and time.monotonic() - self.since >= MOST_SECONDS)


class Run:
    """Reads a source to its end. `held_at_most`: stop, when more than so many wait for a look (0: never)."""

    def __init__(
        self,
        source: Source,
        desk: Desk,
        shown: Shown,
        tally: Tally,
        *,
        threads: int,
        stop: threading.Event,
        held_at_most: int = 0,
        niceness: int = 0,
        hash_piece: Callable[[Piece, Budget], Hashed] = hashed,
    ) -> None:
        self._source = source
        self._desk = desk
        self._shown = shown
        self._tally = tally
        self._stop = stop
        self._held_at_most = held_at_most
        self._held_before = tally.held
        self._batch = _Batch()
        self._failed: list[Done] = []
        budget = Budget(MEMORY_BYTES)
        self._ahead = Ahead(
            lambda piece: hash_piece(piece, budget), desk.known, threads=threads, stop=stop, niceness=niceness
        )

    def to_the_end(self, after: str) -> bool:
        """Go on after that position. Whether the end was reached; else it was stopped, and all that was read is kept.

        Raises SourceFailed, TooManyHeld, DecoderUnavailable, and what the desk raises. What came before is kept.
        """
        self._batch.position = after
        try:
            try:
                for done in self._ahead.results(self._source.pieces(after)):
                    self._take(done)
            except SourceFailed:
                self._hand_over()
                raise
            is_end = not self._stop.is_set()
            if is_end:
                self._give_up_failed()
            self._hand_over()
            return is_end
        finally:
            self._ahead.close()

    def _take(self, done: Done) -> None:
        if done.hashed is not None and done.hashed.passing:
            # Not counted yet: when nothing after it can be had either, a later run begins with it.
            self._failed.append(done)
            if len(self._failed) >= MOST_FAILURES:
                why = f"{MOST_FAILURES} in a row could not be read, the last because: {done.hashed.problem}."
                raise SourceFailed(why)
            return
        self._give_up_failed()
        self._count(done)
        self._shown.update(self._tally)
        if self._batch.is_due():
            self._hand_over()

    def _give_up_failed(self) -> None:
        failed, self._failed = self._failed, []
        for done in failed:
            self._count(done)

    def _count(self, done: Done) -> None:
        batch, place = self._batch, done.piece.place
        batch.pieces += 1
        batch.position = done.piece.position
        if done.hashed is None or place is None:
            self._tally.passed_over(done)
            return
        self._tally.seen += 1
        batch.refs.append(place.ref)
        prints = done.hashed.prints
        if prints is None or prints.fault is Fault.EMPTY:
            self._tally.unread += 1
            self._shown.problem(done.piece.name, done.hashed.problem or "it is empty")
            return
        self._tally.size += prints.size or 0
        if not (done.piece.is_item or _is_media(prints)):
            self._tally.no_media += 1
            return
        if prints.unreadable:
            self._tally.unreadable += 1
            self._shown.problem(done.piece.name, str(prints.fault))
        elif prints.pdq is None and not prints.frames:
            self._tally.exact_only += 1
        batch.ready.append(Ready(place, prints))

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, _Batch(position=self._batch.position)
        if not batch.pieces:
            return
        self._desk.take(batch.ready, position=batch.position, tally=self._tally)
        self._ahead.committed(batch.refs)
        self._shown.update(self._tally)
        if 0 < self._held_at_most <= self._tally.held - self._held_before:
            raise TooManyHeld


def _is_media(prints: Fingerprints) -> bool:
    return prints.media_type.startswith(("image/", "video/"))
