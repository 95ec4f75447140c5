"""What a data server and its Ozone tell: uploads from the stream, reports from Ozone's history."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from pydantic import AwareDatetime, ValidationError

from answerable import clock
from answerable.platforms import base
from answerable.platforms.atproto import stream, wire
from answerable.platforms.atproto.listing import Listing
from answerable.platforms.atproto.refs import RefTooLong
from answerable.platforms.atproto.reports import AGAIN, Reports
from answerable.platforms.atproto.stream import CursorLost, Happened, Stream
from answerable.platforms.atproto.xrpc import SaidNo, Xrpc
from answerable.platforms.base import FetchedItem, News, ReportThere, asking

AT_ONCE: Final = 50
"""Messages of the stream, or listed items, that are told together."""
REPORTS_EVERY_SECONDS: Final = 0.5
REPORTS_WITHIN_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 30.0
OVERLAP: Final = timedelta(minutes=1)

log = structlog.get_logger(__name__)


class Cursor(wire.Wire):
    """Up to where all was taken: the stream's number and its time, and the time of Ozone's newest report."""

    seq: int | None = None
    time: AwareDatetime
    reports: AwareDatetime


class Watch:
    """One watch of a platform, from a stored cursor ("" on the first day) for as long as the stream stays open."""

    def __init__(self, xrpc: Xrpc, listing: Listing, reports: Callable[[], Reports], cursor: str) -> None:
        self._xrpc = xrpc
        self._listing = listing
        self._resumes = bool(cursor)
        self._at = _read(cursor)
        self._reports = reports() if xrpc.options.ozone else None
        self._ask_next = 0.0
        self._pause = REPORTS_EVERY_SECONDS
        self._failing = ""

    def news(self) -> Iterator[News]:
        """Everything since the cursor. Raises PlatformError.

        While Ozone fails, uploads go on and each piece says what fails; without the stream nothing goes on.
        """
        try:
            yield from self._from(self._at.seq)
        except CursorLost as lost:
            log.warning("the stream lost what came after the cursor: it is read anew", why=str(lost))
            yield from self._from(None)
        except SaidNo as error:
            raise base.PlatformRefused(str(error)) from error

    def _from(self, seq: int | None) -> Iterator[News]:
        with stream.opened(self._xrpc.pds, seq) as opened:
            if (
                seq is None and self._resumes
            ):  # before its first message the stream says nothing of what was missed
                yield from self._missed()
            while True:
                try:
                    yield from self._next(opened)
                except base.AnswerMalformed as error:
                    log.warning(
                        "a message of the stream can't be read: what changed is read anew", why=error.detail
                    )
                    yield from self._missed()

    def _next(self, opened: Stream) -> Iterator[News]:
        """What happened within a second, and the new reports."""
        posted: list[FetchedItem] = []
        gone: list[tuple[str, str]] = []
        happened = opened.next(min(1.0, max(0.0, self._ask_next - time.monotonic())))
        taken = 0
        while happened is not None:
            if happened.again:  # what is read anew comes under the cursor before it
                yield self._news(posted, gone)
                posted, gone = [], []
                yield from self._read_again(happened.again)
            self._take(happened, posted, gone)
            taken += 1
            happened = opened.next(0) if taken < AT_ONCE else None
        yield self._news(posted, gone, self._reports_now())

    def _take(self, happened: Happened, posted: list[FetchedItem], gone: list[tuple[str, str]]) -> None:
        for written in happened.written:
            ref = written.ref
            if written.record is None:
                with suppress(RefTooLong):  # then nothing of it is an item
                    gone.append((ref.did, str(ref)))
                continue
            posted.extend(self._listing.media(ref, stream.media_of(written), _moment(happened.at)))
        if happened.deleted_account:
            gone.append((happened.deleted_account, f"{happened.deleted_account}!"))
        seq = max(happened.seq, self._at.seq or 0) or None
        self._at = self._at.model_copy(update={"seq": seq, "time": _moment(happened.at) or self._at.time})

    def _news(
        self, posted: list[FetchedItem], gone: list[tuple[str, str]], reports: tuple[ReportThere, ...] = ()
    ) -> News:
        return News(
            self._at.model_dump_json(),
            reports,
            tuple(posted),
            deleted_with=tuple(gone),
            failing=self._failing,
        )

    def _missed(self) -> Iterator[News]:
        """Read all accounts anew that changed since the cursor's time. Its cursor stays until that is done."""
        for did in self._listing.changed_since(self._at.time - OVERLAP):
            yield from self._read_again(did)

    def _read_again(self, did: str) -> Iterator[News]:
        posted: list[FetchedItem] = []
        for item in self._listing.of_account(did):
            posted.append(item)
            if len(posted) >= AT_ONCE:
                yield self._news(posted, [])
                posted = []
        yield self._news(posted, [])

    def _reports_now(self) -> tuple[ReportThere, ...]:
        """New reports, if it is time to ask. A failure is told with the news, and it is asked again later."""
        if self._reports is None or time.monotonic() < self._ask_next:
            return ()
        new: list[ReportThere] = []
        newest = self._at.reports
        try:
            with asking("watch", REPORTS_WITHIN_SECONDS):
                for at, report in self._reports.since(self._at.reports):
                    newest = max(newest, at)
                    if report is not None:
                        new.append(report)
            self._failing, self._pause = "", REPORTS_EVERY_SECONDS
        except (SaidNo, base.PlatformError) as error:
            self._failing = f"Reports made there do not arrive. {error}"
            self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)
        self._ask_next = time.monotonic() + self._pause
        self._at = self._at.model_copy(update={"reports": newest})
        return tuple(new)


def _read(cursor: str) -> Cursor:
    if not cursor:
        now = clock.system_now()
        return Cursor(time=now, reports=now + AGAIN)  # from now on, and not from before
    try:
        return Cursor.model_validate_json(cursor)
    except ValidationError as error:
        raise base.AnswerMalformed("the stored cursor is none of this adapter's") from error


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
