"""What the stages of real platforms share: views that only the replay counts, and waiting for the desk's watch."""

import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from answerable.demo.ledger import Ledger, moment
from answerable.demo.stack import Stack, StackFailed

WATCHED_WITHIN_SECONDS = 60.0
"""It was asked in vain before all of it was there, and is asked again within seconds."""


class CountedViews:
    """Of a platform that counts none: each time that a stranger of the replay got a picture."""

    def __init__(self) -> None:
        self._seen: dict[str, list[datetime]] = defaultdict(list)

    def got(self, ref: str, at: datetime) -> None:
        """A stranger got it."""
        self._seen[ref].append(at)

    def of(self, refs: Sequence[str]) -> int:
        """How often strangers got these."""
        return sum(len(self._seen[ref]) for ref in refs)

    def since_notice(self, refs: Sequence[str], ledger: Ledger) -> int:
        """How often strangers got these after the desk first heard of each."""
        rows = ledger.rows("SELECT ref, first_notice_at FROM cases_item WHERE first_notice_at IS NOT NULL")
        noticed = {ref: moment(at) for ref, at in rows}
        return sum(at > noticed[ref] for ref in refs if ref in noticed for at in self._seen[ref])


class OnDesk:
    """Of a stage: the desk that it plays for, once that is up."""

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._ledger: Ledger | None = None

    @property
    def _desk(self) -> Ledger:
        if self._ledger is None:
            raise StackFailed("The desk is not up yet.")
        return self._ledger

    def _now(self) -> datetime:
        if self._stack is None:
            raise StackFailed("The desk is not up yet.")
        return self._stack.time.now()


def until_watched(ledger: Ledger, platform: str) -> None:
    """Wait until the desk is told of what happens there. Raises StackFailed."""
    limit = time.monotonic() + WATCHED_WITHIN_SECONDS
    watched = "SELECT count(*) FROM cases_platformwatch WHERE platform = ? AND failed_since IS NULL"
    while not ledger.rows(watched, [platform])[0][0]:
        if time.monotonic() > limit:
            raise StackFailed(f"The desk does not watch {platform} after {WATCHED_WITHIN_SECONDS:.0f} s.")
        time.sleep(0.1)
