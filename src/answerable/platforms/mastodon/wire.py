"""What Mastodon says, as its reference writes it (entities Account, Status, Report, Admin::Report): hostile until read.

Only what the desk uses is named; what is more is ignored, because every version adds members.
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from answerable.platforms.base import AnswerMalformed, NotSigned, SecretUnusable

LARGEST_ANSWER_BYTES: Final = 8_000_000
SHORTEST_SECRET: Final = 12
"""Mastodon refuses shorter secrets for its webhooks."""
SIGNATURE: Final = "x-hub-signature"


class Wire(BaseModel):
    """Anything that Mastodon says."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$", strict=True)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^https?://")]


class Account(Wire):
    """An account, with its picture."""

    id: Id
    acct: str = Field("", max_length=400)
    url: Address | None = None
    avatar: Address | None = None
    suspended: bool = False


class Attachment(Wire):
    """One attachment of a post. `url` is null while it is processed, and for some remote ones."""

    id: Id
    type: str = Field(max_length=20)
    url: Address | None = None
    preview_url: Address | None = None


class Status(Wire):
    """A post."""

    id: Id
    created_at: AwareDatetime
    edited_at: AwareDatetime | None = None
    url: Address | None = None
    account: Account
    media_attachments: tuple[Attachment, ...] = Field((), max_length=64)


class AdminAccount(Wire):
    """An account as moderators see it. Its e-mail and addresses are not even read: see AdminAccountFacts."""

    id: Id
    domain: str | None = None
    suspended: bool = False
    account: Account | None = None


class SeenFrom(Wire):
    """An address from which an account was used."""

    ip: str = Field(max_length=100, repr=False)
    used_at: Annotated[AwareDatetime | None, Field(strict=False)] = None


class ShownAs(Account):
    """An account as strangers see it, read whole."""

    display_name: str = Field("", max_length=300, repr=False)
    note: str = Field("", max_length=20_000, repr=False)


class AdminAccountFacts(Wire):
    """An account as moderators see it, read whole: for a report to an authority."""

    id: Id
    username: str = Field("", max_length=300)
    email: str | None = Field(None, max_length=250, repr=False)
    confirmed: bool = False
    created_at: Annotated[AwareDatetime | None, Field(strict=False)] = None
    ips: tuple[SeenFrom, ...] = Field((), max_length=10_000, strict=False, repr=False)
    account: ShownAs | None = None


class AdminReport(Wire):
    """A report as moderators see it."""

    id: Id
    action_taken: bool
    category: str = Field("other", max_length=40)
    comment: str = Field("", max_length=20_000, repr=False)
    updated_at: datetime | None = None
    account: AdminAccount
    target_account: AdminAccount
    statuses: tuple[Status, ...] = Field((), max_length=2000)


class Made(Wire):
    """What was made or changed: only its number counts."""

    id: Id


class Event(Wire):
    """What a webhook carries."""

    event: str = Field(max_length=60)
    created_at: AwareDatetime
    object: dict[str, Any]


W = TypeVar("W", bound=Wire)


def read(kind: type[W], body: bytes) -> W:
    """One thing. Raises AnswerMalformed, naming the member."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _malformed(error) from None


def read_list(kind: type[W], body: bytes) -> list[W]:
    """A list of them. Raises AnswerMalformed."""
    try:
        return TypeAdapter(list[kind]).validate_json(body)  # type: ignore[valid-type]
    except ValidationError as error:
        raise _malformed(error) from None


def read_object(kind: type[W], event: Event) -> W:
    """What a webhook's event is about. Raises AnswerMalformed."""
    try:
        return kind.model_validate(event.object)
    except ValidationError as error:
        raise _malformed(error, "object.") from None


def read_secret(text: str) -> bytes:
    """A webhook's secret as it stands in its file. Raises SecretUnusable."""
    secret = text.strip().encode()
    if len(secret) < SHORTEST_SECRET:
        raise SecretUnusable(f"a webhook's secret has at least {SHORTEST_SECRET} characters")
    return secret


def check_signature(headers: Mapping[str, str], body: bytes, secret: bytes) -> None:
    """That somebody who knows the secret sent exactly these bytes. Raises NotSigned."""
    given = headers.get(SIGNATURE, "")
    right = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode("utf-8", "replace"), right.encode()):
        raise NotSigned(f"{SIGNATURE} doesn't fit" if given else f"no {SIGNATURE}")


def _malformed(error: ValidationError, before: str = "") -> AnswerMalformed:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    return AnswerMalformed(f"{before}{place}: {first['msg']}")
