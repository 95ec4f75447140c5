"""A list as the desk keeps it, in plain Python: pages applied with their checkpoint, and kills in between."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from answerable.matching.lists.base import Bad, Checkpoint, Gone, Page, Record, Source
from answerable.matching.lists.http import Waiting

NOW = datetime(2026, 11, 27, 12, 0, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


@dataclass
class Kept:
    """What is stored: records, what could not be read, and where to go on, as JSON."""

    records: dict[str, Record] = field(default_factory=dict)
    bad: list[Bad] = field(default_factory=list)
    checkpoint: Checkpoint = field(default_factory=dict)
    pages: list[Page] = field(default_factory=list)

    def fetch(self, source: Source, now: datetime = NOW, kill_after: int | None = None) -> None:
        """Fetch to the end, or be killed after storing so many pages."""
        for number, page in enumerate(source.pages(self.checkpoint, now=now)):
            if number == kill_after:
                return
            for change in page.changes:
                if isinstance(change, Record):
                    self.records[change.key] = change
                elif isinstance(change, Gone):
                    self.records.pop(change.key, None)
                else:
                    self.bad.append(change)
            self.checkpoint = json.loads(json.dumps(page.checkpoint))
            self.pages.append(page)
        assert self.pages[-1].is_last


@dataclass
class Waits:
    """Every wait between tries, none of them slept."""

    seconds: list[float] = field(default_factory=list)

    def waiting(self) -> Waiting:
        return Waiting(self.seconds.append, lambda: 0.5)


def digest(kind: str, number: object) -> str:
    """A made-up hash in hex."""
    size = {"md5": 16, "sha1": 20, "sha256": 32, "pdq": 32}[kind]
    return hashlib.sha512(f"{kind} {number}".encode()).hexdigest()[: 2 * size]
