"""What the evidence stores hand to commands, as plain values."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class ObjectIn:
    """One object as it lies in a store. `key`: the month of the working key, or the custodians' names."""

    store: str
    sha256: str
    size: int
    sealed_sha256: str
    sealed_size: int
    key: str


@dataclass(frozen=True, slots=True)
class CaptureIn:
    """What was captured of one content. `media_sha256` empty: none; `missing` says why where it was owed."""

    content_id: int
    facts_sha256: str
    manifest_sha256: str
    objects: tuple[ObjectIn, ...]
    media_sha256: str = ""
    missing: str = ""


class ReadFor(StrEnum):
    """What the working store is read for. A word of these: it stands in the log, which nobody erases."""

    FILING = "filing"
    EXPORT = "export"
    ROTATION = "rotation"
    REVIEW = "review"
    VAULT = "vault"


class HeldFor(StrEnum):
    """Why evidence is kept longer than the law asks. A word of these, as above."""

    COURT = "court"
    AUTHORITY = "authority"
    REQUEST = "request"
    INVESTIGATION = "investigation"
    LONGER = "longer"


class OpenedFor(StrEnum):
    """What evidence is opened for. A word of these, as above."""

    AUTHORITY = "authority"
    COURT = "court"
    APPEAL = "appeal"
    AUDIT = "audit"
    RESTORE = "restore"
