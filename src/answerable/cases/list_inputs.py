"""What is handed to the commands about hash lists, and what they answer: plain values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

LIST_NAME: Final = re.compile(r"^(?!own\b)[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$")
LIST_NAME_LIMIT: Final = 30
LABEL_LIMIT: Final = 28


@dataclass(frozen=True, slots=True)
class EntryIn:
    """A record as its source holds it now: it replaces what stood under its key."""

    key: str
    prints: tuple[tuple[str, bytes], ...]
    label: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoneIn:
    """A record that its source withdrew."""

    key: str


@dataclass(frozen=True, slots=True)
class FaultIn:
    """A record that could not be read: where it stood and why, never what stood there."""

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class ListPageIn:
    """Some changes of a list, in their order, and where to go on once they are stored.

    follows: the checkpoint that it was fetched from; a page that follows another one than is stored is refused, as
    somebody else fetched meanwhile.
    """

    changes: tuple[EntryIn | GoneIn | FaultIn, ...]
    follows: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    is_last: bool
    whole_since: datetime | None = None
    """With the last page of a list that was read whole: when that began. Faults from before it are of the past."""


@dataclass(frozen=True, slots=True)
class PageStored:
    """How many fingerprints came and went with a page, and how many records could not be read."""

    added: int = 0
    removed: int = 0
    faults: int = 0

    def __add__(self, other: "PageStored") -> "PageStored":
        return PageStored(self.added + other.added, self.removed + other.removed, self.faults + other.faults)


@dataclass(frozen=True, slots=True)
class ListHitIn:
    """A content that was registered before a fingerprint came onto a list, and matches it, `distance` bits apart."""

    content_id: int
    hash_list: str
    kind: str
    value: bytes
    distance: int = 0


def class_of(label: str) -> str:
    """A source's class as it may stand in the name of a list: letters, digits and `_`."""
    return re.sub(r"[^A-Za-z0-9_]+", "_", label.strip())[:LABEL_LIMIT].strip("_")
