"""What every source of a hash list gives, whatever its format: pages of changes, each with where to go on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

KINDS: Final = {"sha256": 32, "sha1": 20, "md5": 16, "pdq": 32}
"""The kinds of fingerprints that are kept, and their bytes. Others (PhotoDNA and the like) are counted, not kept."""

NOT_KEPT: Final = "not kept here"
"""How a reason begins where nothing is wrong with a record but that nothing here is searched by it."""

Checkpoint = dict[str, Any]
"""Where a fetch goes on: plain JSON values that only the source understands. Empty at first."""


class BadRecord(ValueError):
    """A record of a hash list can't be read, and is passed over; the rest is kept."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a list as its source holds it now; it replaces what was known under the same `key`.

    key: the source's own identity of the record, such as `member/entry`.
    fingerprints: pairs of a kind and its bytes, at least one.
    label: the source's class (`A1`, `Active`, a tag), as it says it; empty where it gives none.
    facts: what else is kept of it, plain JSON values; no personal data.
    """

    key: str
    fingerprints: tuple[tuple[str, bytes], ...]
    label: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.key or not self.fingerprints:
            raise BadRecord("a record has an identity and at least one fingerprint")
        for kind, value in self.fingerprints:
            if kind not in KINDS or len(value) != KINDS[kind]:
                raise BadRecord(f"{kind} with {len(value)} bytes is no fingerprint that is kept here")


@dataclass(frozen=True, slots=True)
class Gone:
    """A record that its source deleted or withdrew: it ends at once."""

    key: str


@dataclass(frozen=True, slots=True)
class Bad:
    """A record that could not be read: where it stood (line, page, identity), and why."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some changes, in order, and the checkpoint once they are stored. `is_last`: nothing more for now."""

    changes: tuple[Record | Gone | Bad, ...]
    checkpoint: Checkpoint
    is_last: bool


class Opinion(StrEnum):
    """What people here found about an item that matched a record."""

    AFFIRMED = "affirmed"
    REFUTED = "refuted"


class SourceError(Exception):
    """A hash list could not be fetched. What was stored stays, and it is tried again."""

    def __init__(self, detail: str = "", *, retry: bool = True) -> None:
        self.detail, self.retry = detail, retry
        super().__init__(detail)

    def __str__(self) -> str:
        sentence = (type(self).__doc__ or "").split("\n", maxsplit=1)[0]
        return f"{sentence} ({self.detail})" if self.detail else sentence


class StartOver(SourceError):
    """A hash list was not fetched for so long that withdrawals may be missing: it is read anew, whole."""


class NoFeedback(Exception):
    """This source takes no feedback on that record: nothing was sent."""

    def __init__(self, why: str = "") -> None:
        self.why = why
        super().__init__(why)

    def __str__(self) -> str:
        return f"{self.__doc__} ({self.why})" if self.why else str(self.__doc__)


class Source(Protocol):
    """One place that a list comes from. Holds its credentials; says nothing about them."""

    def pages(self, checkpoint: Checkpoint, *, now: datetime) -> Iterator[Page]:
        """Everything since the checkpoint, page by page. A page's checkpoint is good once its changes are stored, and
        not before; where a source's own checkpoint only counts after all pages, earlier ones repeat the old one
        with what is needed to resume.

        Raises SourceError; StartOver where the checkpoint is so old that all must be read anew.
        """

    def check(self) -> str:
        """Ask whether the credentials are good; a sentence for the operator. Raises SourceError."""

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:
        """Tell the source what people here found about its record; asked once, never retried by itself.

        Raises SourceError; NoFeedback where a source takes none.
        """
