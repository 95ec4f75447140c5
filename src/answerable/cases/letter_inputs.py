"""What is handed to the commands of letters, and what they answer: plain values."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One content that a letter tells of."""

    content_id: int
    decision_id: int
    finding_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterDraft:
    """One mail as it is to be sent, to the byte. `facts`: what its attachment says, for people here."""

    authority: str
    environment: str
    regime: str
    address: str
    reference: str
    message_id: str
    facts: str = field(repr=False)
    message: str = field(repr=False)
    items: tuple[ItemDraft, ...]
    corrects_id: int | None = None


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter that stands on disk as asked: only now may our server be asked to take it."""

    letter_id: int
    address: str
    message: str = field(repr=False)
