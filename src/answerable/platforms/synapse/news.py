"""What a homeserver tells of itself: reports that were made in any client, and media that were posted."""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Final

from pydantic import ValidationError

from answerable.platforms.base import AnswerMalformed, FetchedItem, ItemKind, Media, Named, News, ReportThere
from answerable.platforms.http.wire import Wire
from answerable.platforms.synapse import refs, wire
from answerable.platforms.synapse.homeserver import Homeserver

REMEMBERED: Final = 20_000
LOOK_BACK: Final = 50
"""Numbers are given before they are committed, by several writers: what came late is found among the last ones."""
WHERE: Final = "/_synapse/client/answerable/news"
NUMBERED: Final = ("event", "user", "room", "posted")


class Numbers(Wire):
    """A number of each kind of news."""

    event: int
    user: int
    room: int
    posted: int


class Cursor(Numbers):
    """Up to which number each was told, and after which the watch began."""

    began: Numbers


class Told:
    """What was told since this process began, so that looking back tells nothing twice."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()

    def since(self, text: str, server: Homeserver) -> Iterator[News]:
        """All that came after a cursor, a piece at a time; on the first day, nothing but the cursor."""
        if not text:
            page = server.admin(wire.News, "GET", WHERE)
            began = Numbers(**{name: getattr(page, f"{name}_newest") for name in NUMBERED})
            yield News(Cursor(**began.model_dump(), began=began).model_dump_json())
            return
        cursor = _cursor(text)
        while True:
            asked = "&".join(f"{name}={_from(cursor, name)}" for name in NUMBERED)
            page = server.admin(wire.News, "GET", f"{WHERE}?{asked}")
            news = News(
                self._after(cursor, page),
                reports=self._reports(page),
                posted=self._posted(page),
                edited=self._reported(page),
            )
            if not news.reports and not news.posted and news.cursor == text:
                return
            yield news
            self._remember(page)
            text = news.cursor
            cursor = _cursor(text)

    def _after(self, cursor: Cursor, page: wire.News) -> str:
        newest = {
            name: max([getattr(cursor, name), *(one.id for one in getattr(page, name))])
            for name in ("event", "user", "room")
        }
        newest["posted"] = max(cursor.posted, page.posted_newest)
        return Cursor(**newest, began=cursor.began).model_dump_json()

    def _reports(self, page: wire.News) -> tuple[ReportThere, ...]:
        found = [
            *((f"event:{one.id}", _of_event(one)) for one in page.event),
            *((f"user:{one.id}", _of_user(one)) for one in page.user),
            *((f"room:{one.id}", _of_room(one)) for one in page.room),
        ]
        return tuple(report for key, report in found if key not in self._keys)

    def _reported(self, page: wire.News) -> tuple[FetchedItem, ...]:
        """The events with media that are reported: their bytes are fetched now, to find near copies of them."""
        found = [(f"event:{one.id}", _of_event(one).about) for one in page.event]
        return tuple(
            FetchedItem(about[0].ref, about[0].kind, media=Media())
            for key, about in found
            if key not in self._keys and about and about[0].kind is not ItemKind.TEXT
        )

    def _posted(self, page: wire.News) -> tuple[FetchedItem, ...]:
        new = [_posted(one) for one in page.posted if f"posted:{one.event_id}" not in self._keys]
        return tuple(one for one in new if one is not None)

    def _remember(self, page: wire.News) -> None:
        """Called once the piece was taken: what a failed taking told is told again."""
        keys = [f"{name}:{one.id}" for name in ("event", "user", "room") for one in getattr(page, name)]
        for key in [*keys, *(f"posted:{one.event_id}" for one in page.posted)]:
            self._keys[key] = None
            self._keys.move_to_end(key)
        while len(self._keys) > REMEMBERED:
            self._keys.popitem(last=False)


def _of_event(report: wire.EventReport) -> ReportThere:
    kind = report.event.kind if report.event is not None else ItemKind.TEXT
    return _there(report, "event", Named(refs.event_ref(report.room_id, report.event_id), kind))


def _of_user(report: wire.UserReport) -> ReportThere:
    return _there(report, "user", Named(refs.user_ref(report.target_user_id), ItemKind.ACCOUNT))


def _of_room(report: wire.RoomReport) -> ReportThere:
    return _there(report, "room", Named(refs.room_ref(report.room_id), ItemKind.ROOM))


def _there(report: wire.Report, what: str, named: Named) -> ReportThere:
    return ReportThere(
        key=f"{what}-{report.id}",
        about=(named,) if named.ref else (),
        words=report.reason or "",
        reporter=report.user_id,
    )


def _posted(one: wire.Posted) -> FetchedItem | None:
    """A posted event, known by the bytes that it shows; None where it shows none that can be named."""
    ref = refs.event_ref(one.room_id, one.event_id)
    if not ref or one.event.kind is ItemKind.TEXT:
        return None
    return FetchedItem(
        ref, one.event.kind, account=one.event.sender, posted_at=one.event.posted_at, sha256=one.sha256
    )


def _cursor(text: str) -> Cursor:
    """A cursor as it was stored. Raises AnswerMalformed: going on from anywhere else would leave something out."""
    try:
        return Cursor.model_validate_json(text)
    except ValidationError as error:
        raise AnswerMalformed("the stored cursor can't be read") from error


def _from(cursor: Cursor, name: str) -> int:
    return int(max(getattr(cursor.began, name), getattr(cursor, name) - LOOK_BACK))
