"""Taking what platforms tell of themselves: reports made in their own clients, uploads, edits, deletions.

Each piece is taken by the commands that the other doors use, then its cursor is stored. A kill between the two takes
a piece twice, which changes nothing; nothing is skipped: what can't be taken is tried again, and people are paged.
"""

import hashlib
import threading
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import (
    LINKS_LIMIT,
    STATEMENT_LIMIT,
    ItemIn,
    Link,
    NotFound,
    Prints,
    Refused,
    ReportIn,
)
from answerable.cases.models import PlatformWatch
from answerable.cases.queries.places import refs_in_cases
from answerable.db import crash
from answerable.db.alone import alone
from answerable.obligations import paging
from answerable.platforms import registry
from answerable.platforms.base import (
    Capability,
    FetchedItem,
    News,
    Platform,
    PlatformError,
    PlatformFailed,
    ReportThere,
)
from answerable.platforms.known import as_told
from answerable.policy.words import Age, Relation

FAILS_FOR: Final = timedelta(minutes=2)
"""Failing for so long, people are paged: what is reported there does not arrive."""
LONGEST_PAUSE_SECONDS: Final = 10.0
LOCKS: Final = 0x77617463 << 24
"""PostgreSQL advisory locks: of several workers, one watches a platform at a time."""

log = structlog.get_logger(__name__)


def watched() -> list[Platform]:
    """The configured platforms that can be watched."""
    return [one for one in registry.platforms().values() if Capability.WATCH in one.capabilities]


def run(stop: threading.Event, target: Platform) -> None:
    """Watch one platform until `stop`: what a thread of the worker does."""
    faults = 0
    try:
        while not stop.is_set():
            try:
                with alone(_lock(target.name)) as mine:
                    if mine:
                        watch(target, stop)
                faults = 0
            except Exception as error:  # noqa: BLE001  whatever it is, it is noted and tried again
                faults += 1
                _failed(target, error)
            stop.wait(min(target.poll_seconds * 2 ** min(faults, 10), LONGEST_PAUSE_SECONDS))
    finally:
        connection.close()


def watch(target: Platform, stop: threading.Event | None = None) -> None:
    """Take what a platform tells now, from the stored cursor on. Raises PlatformError, Refused, DatabaseFault."""
    row = PlatformWatch.objects.filter(platform=target.name).first()
    cursor, quiet = (row.cursor, True) if row is not None else ("", False)
    for news in target.watch(cursor):
        quiet = False
        take(target.name, news)
        if news.failing:
            _failed(target, PlatformFailed(news.failing))
        if stop is not None and stop.is_set():
            return
    if quiet:  # it answered, and that is known of it
        commands.news_taken(target.name, cursor=cursor, now=clock.now())


def take(platform: str, news: News) -> None:
    """Take one piece of news, then store its cursor. Raises Refused where a report can't be taken."""
    _take(platform, news)
    crash.point("watched")
    commands.news_taken(platform, cursor=news.cursor, whole=not news.failing, now=clock.now())


def hear(platform: str, news: News) -> None:
    """Take what a platform sent by itself (`Capability.HEAR`). Up to where it was watched stays as it is."""
    _take(platform, news)
    commands.news_heard(platform, now=clock.now())


def _take(platform: str, news: News) -> None:
    for fetched in news.posted:
        commands.register_item(_item_in(platform, fetched), now=clock.now())
    for fetched in news.edited:
        key = f"{fetched.ref}@{fetched.version}"
        same = (f"edit:{platform}", _digest(key), _digest(key)) if fetched.version else None
        commands.register_item(_item_in(platform, fetched, edited=True), now=clock.now(), idempotency=same)
    for report in news.reports:
        commands.file_report(_report_in(platform, report), now=clock.now())
    for ref in news.deleted:
        with suppress(NotFound):  # never registered: nothing is known of it, and nothing follows
            commands.delete_item(platform, ref, now=clock.now())
    for account, beginning in news.deleted_with:
        for ref in refs_in_cases(platform, account, beginning):
            commands.delete_item(platform, ref, now=clock.now())


def _item_in(platform: str, fetched: FetchedItem, *, edited: bool = False) -> ItemIn:
    return replace(
        as_told(platform, fetched),
        prints=Prints(sha256=fetched.sha256) if fetched.sha256 else None,
        fetch=fetched.media is not None,
        edited=edited,
    )


def _report_in(platform: str, report: ReportThere) -> ReportIn:
    """What somebody said there, as one of its users: unverified, and about somebody whose age nobody knows."""
    entry = next(one for one in settings.CONFIG.platforms if one.name == platform)
    words = report.words.strip()[:STATEMENT_LIMIT]
    about = report.about[:LINKS_LIMIT]
    return ReportIn(
        harm=report.harm or entry.report_harm,
        relation=Relation.PLATFORM_USER,
        age=Age.UNSURE,
        links=tuple(Link(one.ref, platform, one.ref, one.kind.value) for one in about),
        statement=words,
        channel="platform",
        token=f"{platform}:{_pseudonym(platform, report.reporter)}" if report.reporter else "",
        # By its key alone: what it says there may grow or lose an item later, and it is the same report.
        idempotency=(f"watch:{platform}", report.key[:120], _digest(report.key)),
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _pseudonym(platform: str, account: str) -> str:
    """The same for the same account, and of no use without this desk's key: it stands in the audit log (rule 20)."""
    key = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(f"{platform}:{account}".encode(), key=key, digest_size=12).hexdigest()


def _failed(target: Platform, error: Exception) -> None:
    """Note a failure, and page people once it lasts. Never raises."""
    known = isinstance(error, PlatformError | Refused)
    log.warning(
        "a platform could not be watched",
        platform=target.name,
        why=type(error).__name__,
        exc_info=None if known else error,
    )
    try:
        if isinstance(error, DatabaseFault):
            connection.close()
        why = str(error) if known else f"the desk failed: {type(error).__name__}"
        now = clock.now()
        row = commands.watch_failed(target.name, why=why, now=now)
        if row.alarmed_at is None and row.failed_since is not None and now - row.failed_since > FAILS_FOR:
            _page(target.name, now)
    except (DatabaseFault, paging.PagingFailed) as fault:
        log.error("that a platform can't be watched could not be noted", exc_info=fault)
        connection.close()


def _page(name: str, now: datetime) -> None:
    paged = True
    try:
        paging.page(
            f"{settings.CONFIG.desk.name}: reports made on {name} do not arrive",
            "`answerable platform list` says why.",
        )
    except paging.NobodyToPage as error:
        paged = False
        log.error("a platform can't be watched, and nobody is paged", platform=name, why=str(error))
    commands.watch_alarmed(name, paged=paged, now=now)


def _lock(name: str) -> int:
    return LOCKS + zlib.crc32(name.encode()) % (1 << 24)
