"""Pieces hashed in parallel and given in their order: a position is only reached when all before it is done."""

import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final

from answerable.matching.backfill.hashing import Hashed
from answerable.matching.backfill.pieces import Piece

ASKED_AT_ONCE: Final = 400
"""Pieces of which the desk is asked together whether it knows them."""


@dataclass(frozen=True, slots=True)
class Done:
    """One piece, in order: hashed, or not to be (`why`: known, same_ref, and what a source passes over)."""

    piece: Piece
    hashed: Hashed | None = None
    why: str = ""


class Ahead:
    """Hashes ahead of who takes the results, no further than `window` pieces.

    `niceness`: by how much hashing, in these threads and in the decoders that they start, steps back behind others.
    Whoever takes the results does not: who waits for the processor with the writers' lock in hand stops them all.
    """

    def __init__(
        self,
        hash_piece: Callable[[Piece], Hashed],
        known: Callable[[Collection[str]], Collection[str]],
        *,
        threads: int,
        stop: threading.Event,
        niceness: int = 0,
    ) -> None:
        self._hash = hash_piece
        self._known = known
        self._stop = stop
        self._window = ASKED_AT_ONCE + 8 * threads
        self._threads = ThreadPoolExecutor(
            threads, thread_name_prefix="backfill", initializer=_step_back, initargs=(niceness,)
        )
        self._in_hand: set[str] = set()

    def results(self, pieces: Iterator[Piece]) -> Iterator[Done]:
        """What became of each piece, in order; ends early when stopped. Raises what the source raises."""
        waiting: deque[tuple[Done, Future[Hashed] | None]] = deque()
        failure: Exception | None = None
        is_over = False
        while not self._stop.is_set():
            while not is_over and len(waiting) <= self._window - ASKED_AT_ONCE and not self._stop.is_set():
                asked: list[Piece] = []
                try:
                    for piece in islice(pieces, ASKED_AT_ONCE):
                        asked.append(piece)
                except Exception as error:  # noqa: BLE001 - raised below, when all before it is done
                    failure = error
                is_over = failure is not None or len(asked) < ASKED_AT_ONCE
                waiting.extend(self._begin(asked))
            if not waiting:
                break
            done, future = waiting.popleft()
            yield done if future is None else Done(done.piece, future.result())
        if failure is not None and not waiting:
            raise failure

    def committed(self, refs: Iterable[str]) -> None:
        """These are in the database now: the desk itself will say that it knows them."""
        self._in_hand.difference_update(refs)

    def close(self) -> None:
        """Wait for what is being hashed, and begin nothing more."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _begin(self, pieces: list[Piece]) -> Iterator[tuple[Done, Future[Hashed] | None]]:
        known = set(self._known([one.place.ref for one in pieces if one.place is not None]))
        for piece in pieces:
            if piece.place is None or piece.passed_over:
                yield Done(piece, why=piece.passed_over or "no_ref"), None
            elif piece.place.ref in known:
                yield Done(piece, why="known"), None
            elif piece.place.ref in self._in_hand:
                yield Done(piece, why="same_ref"), None
            else:
                self._in_hand.add(piece.place.ref)
                yield Done(piece), self._threads.submit(self._hash, piece)


def _step_back(niceness: int) -> None:
    if niceness:  # a thread's own, on Linux; its children begin with it
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
