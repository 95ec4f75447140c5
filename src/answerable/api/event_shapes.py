"""What a platform tells of its items at `POST /events`."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from answerable.api.shapes import BATCH_LIMIT, Account, HashesIn, In, MediaIn, Ref


class ViewedIn(In):
    """An item's total of views."""

    ref: Ref
    views: int = Field(ge=0, le=2**53)


class RegisteredIn(In):
    """An upload, new or edited."""

    ref: Ref
    kind: Literal["image", "video", "text", "profile", "account", "room", "page"] | None = Field(
        None, description="an image where a new item names none; an edit that names none leaves it as it is"
    )
    url: str = Field("", max_length=2000)
    account: Account = ""
    posted_at: datetime | None = None
    views: int = Field(0, ge=0, le=2**53)
    media: MediaIn | None = None
    hashes: HashesIn | None = None
    held: bool = Field(False, description="the platform keeps it back until it is released")
    screened: Literal["", "clear", "hold", "block"] = ""


class DeletedIn(In):
    """An item that its author deleted."""

    ref: Ref
    deleted_at: datetime | None = None


class ViewsIn(In):
    """Many items' views at once."""

    items: list[ViewedIn] = Field(min_length=1, max_length=BATCH_LIMIT)


class RegisteredEvent(In):
    """An upload was made or edited."""

    type: Literal["item.registered", "item.edited"]
    timestamp: datetime
    data: RegisteredIn


class DeletedEvent(In):
    """An item was deleted."""

    type: Literal["item.deleted"]
    timestamp: datetime
    data: DeletedIn


class ViewedEvent(In):
    """Items were viewed."""

    type: Literal["item.viewed"]
    timestamp: datetime
    data: ViewsIn


EventIn = Annotated[RegisteredEvent | DeletedEvent | ViewedEvent, Field(discriminator="type")]


class TakenOut(Schema):
    """An event was taken. `wanted` is what the desk wants of a registered item now."""

    taken: int
    unknown: int = 0
    wanted: str | None = None
