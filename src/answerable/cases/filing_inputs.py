"""What is handed to the commands of filings, and what they answer: plain values."""

from dataclasses import dataclass, field

from answerable.cases.rules.filing import Next


@dataclass(frozen=True, slots=True)
class FileDraft:
    """One file that a report is to hold, and what is said of it."""

    finding_id: int
    content_id: int
    viewed: bool
    public: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDraft:
    """One report as it is to be sent. `by_hand`: why this software can't write it, and people must."""

    purpose: str
    account_id: int | None
    document: str = field(default="", repr=False)
    files: tuple[FileDraft, ...] = ()
    corrects_id: int | None = None
    by_hand: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """A step that stands on disk as asked: only now may it be asked. `serial` goes back with what came of it."""

    filing_id: int
    serial: int
    next: Next
    report_id: int | None


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back for a step, byte by byte. `sent`: the document that went with it; of a report its own is kept."""

    status: int
    answer: bytes = field(repr=False)
    sent: bytes = field(default=b"", repr=False)
