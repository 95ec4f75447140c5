"""Decoders kept ready: child processes that read hostile files under hard limits (see `media.decoder`).

Spawned when first needed, per process (a forked server starts its own), shared by its threads, replaced when
one dies, is too slow, ran out of memory, or has read its share of files.
"""

import atexit
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from answerable.media import limits
from answerable.media.child import Decoder
from answerable.media.errors import DecoderUnavailable, Fault, Undecodable


class Pool:
    """Lends decoders of one kind (`images` or `video`) to threads, at most `size` at a time."""

    def __init__(self, size: int, kind: str = "images") -> None:
        self._kind = kind
        self._slots = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[Decoder] = []

    def ask(
        self,
        facts: dict[str, Any],
        data: bytes,
        within_seconds: float | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """One file's answer within that time, waiting for a free decoder included.

        `meanwhile` is called while the decoder works, to use a second core; perhaps not when that fails.
        Raises Undecodable, or DecoderUnavailable when no decoder is to be had.
        """
        seconds = limits.DEADLINE_SECONDS if within_seconds is None else within_seconds
        deadline = time.monotonic() + seconds
        with self._decoder(deadline) as decoder:
            was_used = decoder.asked > 0
            try:
                return decoder.ask(facts, data, deadline, meanwhile)
            except Undecodable as error:
                if error.fault is not Fault.CRASHED or not was_used:
                    raise
        # It had read other files before: only one that dies of this file alone says something about it.
        with self._decoder(deadline, fresh=True) as decoder:
            return decoder.ask(facts, data, deadline)

    def warm(self) -> None:
        """Have one decoder ready, so that the first file does not wait for its start. Raises DecoderUnavailable."""
        with self._decoder(time.monotonic() + limits.START_SECONDS):
            pass

    @contextmanager
    def _decoder(self, deadline: float, fresh: bool = False) -> Iterator[Decoder]:
        if not self._slots.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise DecoderUnavailable("all were busy")
        try:
            decoder = Decoder(self._kind) if fresh else self._take()
            try:
                yield decoder
            finally:
                self._put_back(decoder)
        finally:
            self._slots.release()

    def _put_back(self, decoder: Decoder) -> None:
        if decoder.is_spent:
            decoder.kill()
            return
        with self._lock:
            self._idle.append(decoder)

    def _take(self) -> Decoder:
        while True:
            with self._lock:
                decoder = self._idle.pop() if self._idle else None
            if decoder is None:
                return Decoder(self._kind)
            if decoder.is_alive():
                return decoder
            decoder.kill()

    def close(self) -> None:
        """End all idle decoders."""
        with self._lock:
            idle, self._idle = self._idle, []
        for decoder in idle:
            decoder.kill()

    def forget(self) -> None:
        """After a fork: these children are the parent's. Let go of the pipes, touch nothing else."""
        for decoder in self._idle:
            decoder.close()
        self._idle = []


_pools: dict[str, Pool] = {}
_pool_lock = threading.Lock()


def pool(kind: str = "images") -> Pool:
    """This process's decoders of that kind."""
    with _pool_lock:
        if kind not in _pools:
            _pools[kind] = Pool(max(1, min(limits.of(kind).decoders, os.cpu_count() or 1)), kind)
        return _pools[kind]


def use(size: int) -> None:
    """Have up to so many decoders in this process: for work that may take all cores."""
    with _pool_lock:
        old = [_pools.pop(kind) for kind in list(_pools)]
        _pools.update({kind: Pool(size, kind) for kind in ("images", "video")})
    for one in old:
        one.close()


def _after_fork() -> None:
    global _pool_lock  # noqa: PLW0603
    for one in _pools.values():
        one.forget()
    _pools.clear()
    _pool_lock = threading.Lock()


def _at_exit() -> None:
    for one in _pools.values():
        one.close()


os.register_at_fork(after_in_child=_after_fork)
atexit.register(_at_exit)
