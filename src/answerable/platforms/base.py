"""The contract between the desk and a platform: what an adapter says, does, and admits it can't do.

An adapter is one folder beside this file with the same file names (`adapter.py`, `wire.py`). Everything
that it does outside is bounded by `asking(...)`: who asks, and how many seconds are left for it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from answerable.policy.words import Visibility


class Capability(StrEnum):
    """What a platform can do. What is missing here is never replaced by anything wider (rule 5)."""

    RESOLVE = "resolve"
    FETCH = "fetch"
    LOOK = "look"
    LIMIT = "limit"
    HIDE = "hide"
    REMOVE = "remove"
    RESTORE = "restore"
    FREEZE = "freeze"
    ERASE = "erase"
    SUSPEND = "suspend"
    NOTIFY = "notify"
    RELEASE_UPLOAD = "release_upload"
    LIST = "list"
    WATCH = "watch"
    HEAR = "hear"
    HAND_OVER = "hand_over"
    SETTLE = "settle"
    ACCOUNT_FACTS = "account_facts"


OWN_TONGUE = frozenset(
    {Capability.WATCH, Capability.HEAR, Capability.HAND_OVER, Capability.SETTLE, Capability.ERASE}
)
"""What takes a platform with reports, moderators and ways of its own, beside the contract of `http`."""


NEEDED_FOR = {
    Visibility.VISIBLE: Capability.RESTORE,
    Visibility.LIMITED: Capability.LIMIT,
    Visibility.HIDDEN: Capability.HIDE,
    Visibility.GONE: Capability.REMOVE,
}
"""The capability that making an item as wanted takes."""


class ItemKind(StrEnum):
    """What an item is. Only `image` and `video` are one piece of media; of a `profile`, its picture."""

    IMAGE = "image"
    VIDEO = "video"
    TEXT = "text"
    PROFILE = "profile"
    ACCOUNT = "account"
    ROOM = "room"
    PAGE = "page"


@dataclass(frozen=True)
class Named:
    """An item that an address names, and what it is as far as the address or the platform tells."""

    ref: str
    kind: ItemKind = ItemKind.IMAGE
    also: tuple["Named", ...] = ()
    """What else stands at that address: a post's other pictures. Who reports the address reports them all."""


@dataclass(frozen=True)
class Media:
    """The media of an item, inline or at an address that the desk alone may use."""

    url: str = ""
    data: bytes | None = field(default=None, repr=False)
    media_type: str = ""


@dataclass(frozen=True)
class FetchedItem:
    """What a platform says of one item. `account` is the ref of its author; times are UTC.

    `sha256` of its bytes, hexadecimal, where the platform knows it and the bytes needn't be fetched for it.
    """

    ref: str
    kind: ItemKind
    url: str = ""
    media: Media | None = None
    account: str = ""
    posted_at: datetime | None = None
    views: int | None = None
    version: str = ""
    """Which edit of it this is, where news tell of one: the same edit told again changes nothing."""
    sha256: str = ""


@dataclass(frozen=True)
class Page:
    """One page of `list_items`. `cursor` is empty on the last one."""

    items: tuple[FetchedItem, ...]
    cursor: str = ""


@dataclass(frozen=True)
class ReportThere:
    """A report that somebody made on the platform itself, in its own client, as its moderators get it.

    `key`: the platform's own identity of the report: the same one again changes nothing. `reporter`: the ref of
    their account there; it only counts (rule 7), and is kept as a keyed hash. `harm`: empty where nothing says it.
    """

    key: str
    about: tuple[Named, ...]
    words: str = field(default="", repr=False)
    harm: str = ""
    reporter: str = field(default="", repr=False)
    closed: bool = False
    """Its moderators (or this desk, `settle`) are done with it there."""


@dataclass(frozen=True)
class News:
    """What a platform has to tell since a cursor, and the cursor after it. Telling it again changes nothing."""

    cursor: str
    reports: tuple[ReportThere, ...] = ()
    posted: tuple[FetchedItem, ...] = ()
    edited: tuple[FetchedItem, ...] = ()
    deleted: tuple[str, ...] = ()
    deleted_with: tuple[tuple[str, str], ...] = ()
    """Account and the beginning of the refs of all that went with something: a post's pictures, an account's all."""
    failing: str = ""
    """What could not be asked, where the rest can: it is noted as a failure, and people are paged once it lasts."""


class Platform(Protocol):
    """What every adapter can be asked. Methods raise `PlatformError`; only `ref_of` does no I/O."""

    name: str
    capabilities: frozenset[Capability]
    poll_seconds: float
    """How long to wait before `watch` is asked again, once it told all."""

    def ref_of(self, url: str) -> Named | None:
        """The item that this (normalised) link names, from its text alone."""

    def resolve(self, url: str) -> Named | None:
        """The item behind a short link or a user's name, asked from the platform; None: it leads nowhere."""

    def fetch(self, ref: str) -> FetchedItem:
        """The item as it is now, with its media, whatever its visibility."""

    def visibility(self, ref: str) -> Visibility:
        """What somebody who is neither the author nor staff gets to see now; an absent item is `gone`."""

    def set_visibility(self, ref: str, wanted: Visibility, serial: int) -> bool:
        """Ask for a visibility. Whether the platform froze the bytes with it, so that nothing more is to be asked.

        Raises SerialBehind when the platform was given a later one.
        """

    def freeze(self, ref: str) -> None:
        """Keep the bytes as they are, against the author's own deletion too."""

    def suspend(self, account: str, suspended: bool = True) -> None:
        """Stop an account from posting, or let it post again."""

    def is_suspended(self, account: str) -> bool:
        """Whether an account is stopped from posting now. Raises CannotDo where the platform doesn't say."""

    def notify(self, account: str, text: str, key: str) -> None:
        """Tell the holder of an account. The same key is delivered once."""

    def release_upload(self, ref: str) -> None:
        """Show an upload that was held for a look, and only if it still is held."""

    def list_items(self, cursor: str = "") -> Page:
        """All items of the platform, oldest first, a page at a time (backfill)."""

    def watch(self, cursor: str) -> Iterator[News]:
        """What has happened since the cursor ("" on the first day: from now on), a piece at a time.

        Ends when there is no more for now, or goes on for as long as a stream stays open; it is asked again with
        the last cursor that was stored. Everything may be told twice, nothing may be left out. Waits for a
        stream no longer than a second at a time, and tells nothing then (a News with the same cursor).
        """


@dataclass(frozen=True)
class Asking:
    """On whose behalf the platform is asked (obligation and attempt), and until when there is time."""

    cause: str
    deadline: float

    def seconds_left(self) -> float:
        """How long outside calls may still take; never below zero."""
        return max(0.0, self.deadline - time.monotonic())


_ASKING: ContextVar[Asking | None] = ContextVar("asking", default=None)
SECONDS_FOR_ALL = 9.0
"""A handler is cut off after 10 s: what it asks outside, in all, takes less."""


@contextmanager
def asking(cause: str, within_seconds: float = SECONDS_FOR_ALL) -> Iterator[Asking]:
    """Everything asked inside is asked for `cause`, such as "42-3", and is over within the time given."""
    token = _ASKING.set(Asking(cause, time.monotonic() + within_seconds))
    try:
        yield current()
    finally:
        _ASKING.reset(token)


def current() -> Asking:
    """The present bound; outside of `asking`, each call has its own full time."""
    return _ASKING.get() or Asking("desk", time.monotonic() + SECONDS_FOR_ALL)


class PlatformError(Exception):
    """The platform could not be asked."""

    retry_helps = False
    """Whether the same request may succeed later without anybody changing anything."""
    retry_after_seconds: float | None = None
    """How long the platform asks to be left alone. The worker waits so long at least, up to its longest wait."""

    def __init__(self, detail: str = "") -> None:
        """`detail` says what was seen; never content, contacts or secrets, because it is kept and shown."""
        self.detail = detail[:200]
        super().__init__(detail)

    def __str__(self) -> str:
        message = " ".join((type(self).__doc__ or "").split())
        advice = "It will be tried again." if self.retry_helps else "Trying again won't help by itself."
        return f"{message} {advice}" + (f" ({self.detail})" if self.detail else "")


class PlatformUnreachable(PlatformError):
    """The platform does not answer: it is down, or the network between is."""

    retry_helps = True


class PlatformTooSlow(PlatformError):
    """The platform did not answer in time."""

    retry_helps = True


class PlatformFailed(PlatformError):
    """The platform answered that it failed, or that it is too busy."""

    retry_helps = True

    def __init__(self, detail: str = "", retry_after_seconds: float | None = None) -> None:
        """`retry_after_seconds`: what it said of when to come again, if it did (RFC 9110, Retry-After)."""
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class PlatformRefused(PlatformError):
    """The platform refused the request: check the shared secret, the clocks and base_url."""


class ItemNotFound(PlatformError):
    """The platform has no item or account of that ref."""


class CannotDo(PlatformError):
    """The platform can't do this. A person has to do it by hand; nothing wider is done instead."""

    def __init__(self, detail: str = "", by_hand: str = "") -> None:
        """`by_hand`: the address of the page where a person does it."""
        super().__init__(detail)
        self.by_hand = by_hand


class AnswerMalformed(PlatformError):
    """The platform's answer does not follow the contract."""


class AnswerTooLarge(PlatformError):
    """The platform's answer is longer than any honest one."""


class AnswerStale(PlatformError):
    """The platform's answer belongs to another request: something in between replays old answers."""

    retry_helps = True


class RedirectRefused(PlatformError):
    """The platform redirects elsewhere; the desk follows no redirects."""


class HostNotConfigured(PlatformError):
    """The address lies outside the hosts that the configuration names; nothing was sent there."""


class SerialBehind(PlatformError):
    """The platform has carried out a later request for this item than the one it was asked for now."""

    retry_helps = True

    def __init__(self, detail: str = "", there: int | None = None) -> None:
        """`there`: the serial of that later request, where the platform says it."""
        super().__init__(detail)
        self.there = there


class NotAsWanted(PlatformError):
    """The platform accepted the request, and a look at it shows something else."""

    retry_helps = True


class SecretUnusable(PlatformError):
    """The secret shared with the platform can't be used: it must be `whsec_` and 24 to 64 bytes in base64."""


class NotSigned(PlatformError):
    """The message doesn't carry the platform's signature: check the secret on both sides."""


class SecretMissing(PlatformError):
    """The file of a password or token for the platform can't be read."""


class OptionsUnusable(PlatformError):
    """The options of this platform in answerable.toml can't be used."""


class UnknownPlatform(PlatformError):
    """No platform of that name is configured."""
