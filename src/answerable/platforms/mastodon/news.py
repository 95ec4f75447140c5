"""What Mastodon's entities are to the desk: each file of a post an item, an account's picture one. Pure, no I/O."""

import re
from typing import Final

from answerable.platforms.base import FetchedItem, ItemKind, ItemNotFound, Media, Named, News, ReportThere
from answerable.platforms.mastodon import wire

KINDS: Final = {"image": ItemKind.IMAGE, "video": ItemKind.VIDEO, "gifv": ItemKind.VIDEO}
"""Sounds are no pictures, and of what is `unknown` there is no file here."""
NO_PICTURE: Final = "/missing.png"
_POST = re.compile(r"status/([0-9]{1,20})(?:/media/([0-9]{1,20}))?")
_ACCOUNT = re.compile(r"account/([0-9]{1,20})(?:/picture)?")


def parts_of(ref: str) -> tuple[str, str]:
    """The post of a ref and its file, "" where the post itself is meant. Raises ItemNotFound."""
    parts = _POST.fullmatch(ref)
    if parts is None:
        raise ItemNotFound("no ref of this platform")
    return parts[1], parts[2] or ""


def account_in(ref: str) -> str | None:
    """The account of a ref, if it is about one."""
    parts = _ACCOUNT.fullmatch(ref)
    return parts[1] if parts else None


def picture_ref(account: str) -> str:
    """The ref of an account's picture."""
    return f"account/{account}/picture"


def checked_id(text: str) -> str:
    """A number, before it becomes part of an address. Raises ItemNotFound."""
    if not re.fullmatch(r"[0-9]{1,20}", text):
        raise ItemNotFound("no number of this platform")
    return text


def files_of(status: wire.Status) -> tuple[FetchedItem, ...]:
    """The items of a post: its pictures and videos."""
    return tuple(
        FetchedItem(
            f"status/{status.id}/media/{file.id}",
            KINDS[file.type],
            status.url or "",
            Media(file.url) if file.url else None,
            status.account.id,
            status.created_at,
        )
        for file in status.media_attachments
        if file.type in KINDS
    )


def picture_of(account: wire.Account) -> FetchedItem | None:
    """An account's picture, if it has one of its own."""
    if account.avatar is None or account.avatar.endswith(NO_PICTURE):
        return None
    media = Media(account.avatar)
    return FetchedItem(picture_ref(account.id), ItemKind.PROFILE, account.url or "", media, account.id)


def as_report(report: wire.AdminReport) -> ReportThere:
    """A report there, as one here: about each file of the posts it names, a post without any, or the account."""
    about = []
    for status in report.statuses:
        files = files_of(status)
        about += [Named(one.ref, one.kind) for one in files] or [Named(f"status/{status.id}", ItemKind.TEXT)]
    if not report.statuses:
        about.append(Named(f"account/{report.target_account.id}", ItemKind.ACCOUNT))
    return ReportThere(
        key=report.id,
        about=tuple(about),
        words=report.comment,
        reporter=report.account.id,
        closed=report.action_taken,
    )


def of_report(report: wire.AdminReport, cursor: str) -> News:
    """The report, and the items that it names with all that is known of them."""
    posted = tuple(one for status in report.statuses for one in files_of(status))
    return News(cursor, reports=(as_report(report),), posted=posted)


def of_status(status: wire.Status, *, edited: bool) -> News:
    """A new post, or one that was edited: which edit, its time says."""
    files = files_of(status)
    if not edited:
        return News("", posted=files)
    version = (status.edited_at or status.created_at).isoformat()
    return News("", edited=tuple(_at(one, version) for one in files))


def of_account(account: wire.Account) -> News:
    """An account that was made or changed: its picture, whose address changes with it."""
    picture = picture_of(account)
    return News("", edited=(_at(picture, account.avatar or ""),)) if picture is not None else News("")


def _at(item: FetchedItem, version: str) -> FetchedItem:
    return FetchedItem(item.ref, item.kind, item.url, item.media, item.account, item.posted_at, None, version)
