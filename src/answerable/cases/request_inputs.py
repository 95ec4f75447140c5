"""What the doors hand to commands about an authority's request, as plain values."""

from dataclasses import dataclass
from datetime import datetime

from answerable.cases.inputs import Link
from answerable.cases.rules.requests import Asks, Came, Unfit
from answerable.policy.words import Age

__all__ = ["Asks", "Came", "RequestIn", "Unfit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestIn:
    """One request as a person of the desk types it in: what it says of itself is a claim, as any reporter's."""

    asks: Asks
    came: Came
    received_at: datetime
    regime: str
    harm: str
    authority: str
    """Who says to be asking, as written."""
    country: str
    """Two letters."""
    basis: str
    """The law that it names."""
    law: str = ""
    """The same as one of those that the pack names for orders to remove, by its short name: the holder reads it."""
    reference: str = ""
    contacts: str = ""
    """All contacts that stand in it: nobody may verify it by one of these."""
    words: str = ""
    """What it says, as far as needed."""
    age: Age = Age.UNSURE
    links: tuple[Link, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    """(platform, reference of the account)."""
    case_id: int | None = None
    report_id: int | None = None
    """The report by which it came: its items are named, and its time is when it was received."""
    earlier_id: int | None = None
    """The request that it extends or lifts."""
    deadline: datetime | None = None
    """The time that it names; the earlier of this and the policy pack's counts."""
