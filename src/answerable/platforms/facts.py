"""What a platform knows of an account and of what it posted: told for a report to an authority, and for nothing else.

The desk asks when such a report is owed, never before, and keeps the answer encrypted for as long as the report
waits. The same shapes go over the wire (`account.facts`) and into that record.
"""

from collections.abc import Collection
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, IPvAnyAddress

MOST: int = 100
"""So many of each there may be: addresses, sightings, recipients, items."""

MOST_KEPT: int = 5000
"""So many items of one account are kept, as they were asked about."""

Event = Literal["login", "registration", "purchase", "upload", "other", "unknown"]
Words = Annotated[str, Field(max_length=300)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^https?://")]
Moment = Annotated[AwareDatetime | None, Field(strict=False)]


class Known(BaseModel):
    """Anything that a platform tells. What it doesn't know is left out; members that nobody here knows are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


class Contact(Known):
    """An e-mail address or a telephone number, and whether the platform checked that it is theirs."""

    value: str = Field(min_length=1, max_length=250, repr=False)
    verified: bool | None = None
    verified_at: Moment = None


class Sighting(Known):
    """From which address, with which device, the account was used, when, and for what. Times carry a zone."""

    ip: IPvAnyAddress | None = Field(None, repr=False)
    port: int | None = Field(None, ge=1, le=65535)
    proxy: bool | None = None
    device_type: str = Field("", max_length=100)
    device_id: str = Field("", max_length=1000, repr=False)
    at: Moment = None
    event: Event = "unknown"


class ItemFacts(Known):
    """What is known of one item besides its content: its file's name, where it came from, to whom, in which room."""

    ref: Annotated[str, Field(min_length=1, max_length=300)]
    file_name: str = Field("", max_length=2000, repr=False)
    sent_from: Sighting | None = None
    room: str = Field("", max_length=255, repr=False)
    recipients: tuple["Recipient", ...] = Field((), max_length=MOST, strict=False)


class Recipient(Known):
    """An account that something was sent to."""

    account: Annotated[str, Field(min_length=1, max_length=300)]
    screen_name: Words = ""


class AccountFacts(Known):
    """One account, as its platform knows it."""

    account: Annotated[str, Field(min_length=1, max_length=300)]
    screen_name: Words = Field("", repr=False)
    display_names: tuple[Words, ...] = Field((), max_length=MOST, strict=False, repr=False)
    profile_urls: tuple[Address, ...] = Field((), max_length=MOST, strict=False)
    bio: str = Field("", max_length=5000, repr=False)
    emails: tuple[Contact, ...] = Field((), max_length=MOST, strict=False)
    phones: tuple[Contact, ...] = Field((), max_length=MOST, strict=False)
    registered_at: Moment = None
    suspended_at: Moment = None
    seen: tuple[Sighting, ...] = Field((), max_length=MOST, strict=False)
    items: tuple[ItemFacts, ...] = Field((), max_length=MOST_KEPT, strict=False)
    asked: tuple[str, ...] = Field((), max_length=MOST_KEPT, strict=False)
    """The desk's own note: about which items it asked. A platform that says it isn't believed."""

    def besides(self, earlier: "AccountFacts | None", refs: Collection[str]) -> "AccountFacts":
        """This answer, to a question about these items, with what was told of other items before."""
        before = [] if earlier is None else [one for one in earlier.items if one.ref not in refs]
        asked = [] if earlier is None else [ref for ref in earlier.asked if ref not in refs]
        told = [one for one in self.items if one.ref in refs]
        changes = {"items": (*told, *before)[:MOST_KEPT], "asked": (*refs, *asked)[:MOST_KEPT]}
        return self.model_copy(update=changes)

    def item(self, ref: str) -> ItemFacts | None:
        """What is known of that item."""
        return next((one for one in self.items if one.ref == ref), None)
