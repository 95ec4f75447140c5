"""What goes over the wire between desk and site: signed requests, checked answers. No I/O here.

docs/platform-contract.md describes the same for people who implement a site's side.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from standardwebhooks.webhooks import Webhook

from answerable.platforms.base import AnswerMalformed, AnswerStale, ItemKind, SecretUnusable
from answerable.platforms.facts import AccountFacts
from answerable.policy.words import Visibility

LARGEST_INLINE_BYTES = 12_000_000
"""Media larger than this are given by address, not inline."""
LARGEST_ANSWER_BYTES = 2 * LARGEST_INLINE_BYTES
MEDIA_TYPE = r"^[a-z]+/[a-z0-9.+-]{1,80}$"


class Wire(BaseModel):
    """Anything on the wire. Unknown members are ignored, so that both sides can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, hide_input_in_errors=True)


def _is_base64(value: str) -> str:
    base64.b64decode(value, validate=True)
    return value


Ref = Annotated[str, Field(min_length=1, max_length=200)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^https?://")]


class Answer(Wire):
    """What every answer begins with: `re`, the webhook-id of the request that it answers."""

    re: str = Field(max_length=200)


class Refusal(Answer):
    """A request that was not carried out, and why."""

    error: str = Field(max_length=60)
    detail: str = Field("", max_length=500)


class Done(Answer):
    """The request was carried out."""

    done: Literal[True]


class VisibilitySet(Done):
    """A visibility was set, or ignored because a later request came first: the last serial carried out.

    `frozen`: the bytes stay now, against the author's own deletion too.
    """

    serial: int = Field(ge=0)
    frozen: bool = False


class Resolved(Answer):
    """The item behind a link or a name, and what it is; null where it leads nowhere."""

    ref: Ref | None
    kind: ItemKind = Field(ItemKind.PAGE, strict=False)


class Look(Wire):
    """Where the item can be looked at with the eyes of its audience, without signing in."""

    page: Address | None = None
    media: tuple[Address, ...] = Field((), max_length=10, strict=False)


class VisibilityAnswer(Answer):
    """What the audience gets to see, the last serial that was carried out, and where to look."""

    ref: Ref
    visibility: Visibility = Field(strict=False)
    serial: int = Field(ge=0)
    look: Look = Look()


class MediaAnswer(Wire):
    """The media of an item: `inline` in base64, or at an address that the desk may fetch them from."""

    url: Address | None = None
    inline: Annotated[str, AfterValidator(_is_base64)] | None = Field(
        None, max_length=LARGEST_INLINE_BYTES * 4 // 3 + 4, repr=False
    )
    media_type: str = Field("", pattern=rf"^$|{MEDIA_TYPE}")


class ItemAnswer(Answer):
    """One item."""

    ref: Ref
    kind: ItemKind = Field(strict=False)
    url: Address | None = None
    account: Ref | None = None
    posted_at: AwareDatetime | None = Field(None, strict=False)
    views: int | None = Field(None, ge=0, lt=2**62)
    media: MediaAnswer | None = None


class AccountAnswer(Answer):
    """One account, as far as the desk asks: whether it is stopped from posting."""

    account: Ref
    suspended: bool


class FactsAnswer(AccountFacts, Answer):
    """What the site knows of an account and of some of its items."""


class ListedItem(ItemAnswer):
    """One item of a list: as `item.get` gives it, without the echo."""

    re: str = ""


class ListAnswer(Answer):
    """One page of all items, oldest first; an empty cursor ends it."""

    items: tuple[ListedItem, ...] = Field(max_length=500, strict=False)
    cursor: str = Field("", max_length=500)


A = TypeVar("A", bound=Answer)


def parse(kind: type[A], body: bytes, request_id: str) -> A:
    """Check an answer. Raises AnswerMalformed, naming the member, or AnswerStale."""
    try:
        answer = kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise AnswerMalformed(f"{place}: {first['msg']}") from error
    if answer.re != request_id:
        raise AnswerStale("member `re` is not the webhook-id of this request")
    return answer


def read_secret(text: str) -> Webhook:
    """The signer of a secret as it stands in its file. Raises SecretUnusable."""
    bare = text.strip()
    try:
        key = base64.b64decode(bare.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise SecretUnusable("it is not base64") from error
    if not bare.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise SecretUnusable(f"{len(key)} bytes")
    return Webhook(key)


def signed_headers(signer: Webhook, request_id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """Standard Webhooks headers. `now` is the machine's time in UTC: the receiver compares it to its own."""
    return {
        "content-type": "application/json",
        "webhook-id": request_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": signer.sign(request_id, now, body.decode()),
    }
