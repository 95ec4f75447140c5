"""What a library is made of, whatever it lies on: pieces, each with a position, a name for people, and its bytes."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol


class SourceFailed(Exception):
    """The library can't be read on. What was done stays done: put it right, and run the same command again."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)

    def __str__(self) -> str:
        return f"{self.why} {self.__doc__}"


class CantRead(Exception):
    """One piece could not be read; the message says why, in a few words without its name.

    `passing`: it may be readable later, and so may everything else be unreadable now.
    """

    def __init__(self, why: str, *, passing: bool = False) -> None:
        self.passing = passing
        super().__init__(why)


@dataclass(frozen=True, slots=True)
class Place:
    """Which item a piece is, as far as the source says. An empty kind: by what the bytes are."""

    ref: str
    url: str = ""
    account: str = ""
    kind: str = ""
    posted_at: datetime | None = None
    views: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """A piece's bytes, and how many there are (None: not known before they are read)."""

    file: BinaryIO
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One file of a library.

    position: where a later run goes on after it, in the source's own notation.
    place: the item that it is; None: it is none, and `passed_over` says why (`no_ref`, `not_a_file`, `no_media`).
    is_item: the source says that it is an item, whatever its bytes are. Else only images and videos are.
    open: gives the bytes; raises CantRead. Called in a thread of its own.
    """

    position: str
    name: str
    place: Place | None
    open: Callable[[], AbstractContextManager[Opened]]
    is_item: bool = False
    passed_over: str = ""


class Source(Protocol):
    """A library."""

    def pieces(self, after: str) -> Iterator[Piece]:
        """Every piece after that position (empty: from the start), always in the same order. Raises SourceFailed."""

    def count(self, stop: threading.Event) -> int | None:
        """How many pieces there are, for the display; None where nobody can say. May take long: ends on `stop`."""

    def close(self) -> None:
        """Let go of what is open."""


class Rate:
    """So many a second and no more, over all threads. `pause` waits that many seconds; 0: without a limit."""

    def __init__(self, per_second: float, pause: Callable[[float], object] = time.sleep) -> None:
        self._between = 1 / per_second if per_second > 0 else 0.0
        self._pause = pause
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        """Wait for one's turn."""
        if not self._between:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._between
        if turn > now:
            self._pause(turn - now)


def printable(name: str) -> str:
    """A name as it may stand on a terminal: files are named by strangers."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in name)
