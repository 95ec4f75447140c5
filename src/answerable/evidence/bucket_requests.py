"""Requests to the bucket of the evidence: each again a moment later where that helps, and none where it can't.

A bucket that refuses the desk isn't asked to take anything for a minute, and one that failed is asked a small question
before bytes are fetched for it: else a large file would be fetched again and again for a bucket that takes nothing.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NoReturn

from answerable.db import deadline
from answerable.evidence.errors import BucketFailed, BucketRefused
from answerable.platforms import base
from answerable.platforms.http import client
from answerable.platforms.s3.store import Store
from answerable.settings.config import Bucket

REQUEST_SECONDS: Final = 60.0
TRIES: Final = 3
PAUSE_SECONDS: Final = 0.2
REFUSED_SECONDS: Final = 60.0

_troubles: dict[str, tuple[float, str]] = {}
"""By bucket: until when it isn't asked to take anything (monotonic), and why."""


def forget_troubles() -> None:
    """Ask every bucket again, as a process that was just started does."""
    _troubles.clear()


class Requests:
    """What is asked of one configured bucket."""

    def __init__(self, entry: Bucket, data: Path) -> None:
        """`data`: the data directory, in which the file of its credentials lies."""
        self._entry, self._data = entry, data
        self._store: Store | None = None

    def takes_objects(self, prefix: str) -> None:
        """Ask a bucket that failed whether it answers again. Raises NotStored."""
        until, why = _troubles.get(self._place, (0.0, ""))
        if time.monotonic() < until:
            raise BucketRefused(why)
        if why:
            self.writing("GET", "", query={"list-type": "2", "max-keys": "1", "prefix": prefix})
            _troubles.pop(self._place, None)

    def writing(self, method: str, key: str, *, destroying: bool = False, **about: Any) -> client.Response:
        """A request of which nothing is read. Raises NotStored."""
        try:
            return self.ask(method, key, **about)
        except base.PlatformError as error:
            self._explain(error, destroying=destroying)

    def _explain(self, error: base.PlatformError, *, destroying: bool) -> NoReturn:
        detail = error.detail or type(error).__name__
        if error.retry_helps:
            _troubles[self._place] = (0.0, detail)
            raise BucketFailed(detail) from error
        if destroying:
            raise BucketRefused(f"{detail}; an object lock, a legal hold or a policy may keep it") from error
        _troubles[self._place] = (time.monotonic() + REFUSED_SECONDS, detail)
        raise BucketRefused(detail) from error

    def ask(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        absent: tuple[int, ...] = (),
        most_bytes: int = 4_000_000,
        tries: int = TRIES,
    ) -> client.Response:
        """One request, again a moment later where that may help: each may be made twice. Raises PlatformError."""
        if self._store is None:
            self._store = Store(self._entry, self._data)
        query = dict(sorted(query.items())) if query else None
        while True:
            tries -= 1
            with base.asking("evidence", deadline.remaining_seconds(REQUEST_SECONDS)):
                try:
                    return self._store.ask(
                        method,
                        self._entry.name,
                        key,
                        query=query,
                        headers=headers,
                        body=body,
                        absent=absent,
                        most_bytes=most_bytes,
                    )
                except base.PlatformError as error:
                    if not (error.retry_helps and tries):
                        raise
                    wait = min(error.retry_after_seconds or PAUSE_SECONDS, 2.0)
            time.sleep(deadline.remaining_seconds(wait))

    @property
    def _place(self) -> str:
        return f"{self._entry.endpoint} {self._entry.name}"
