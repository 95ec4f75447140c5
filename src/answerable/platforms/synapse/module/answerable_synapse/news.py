"""What the desk asks Synapse for and Synapse's admin API doesn't have, for a server administrator's token alone."""

import abc
import json
from typing import Any

from synapse.module_api import (
    DirectServeJsonResource,
    LoggingTransaction,
    ModuleApi,
    SynapseRequest,
    parse_json_object_from_request,
)
from synapse.module_api.errors import Codes, SynapseError

REPORTS_AT_A_TIME = 300
LONGEST_WORDS, LONGEST_NAME = 20_000, 1000
EVENTS_AT_A_TIME = 2000
MEDIA_AT_A_TIME = 200
REPORTS = {
    "event": ("id", "received_ts", "user_id", "room_id", "event_id", "content"),
    "user": ("id", "received_ts", "user_id", "target_user_id", "reason"),
    "room": ("id", "received_ts", "user_id", "room_id", "reason"),
}


class _ForAdministrators(DirectServeJsonResource):
    """What only a server administrator is told."""

    isLeaf = True

    def __init__(self, api: ModuleApi) -> None:
        super().__init__()
        self._api = api

    async def _check(self, request: SynapseRequest) -> None:
        """Raise SynapseError for anybody but a server administrator."""
        requester = await self._api.get_user_by_req(request)
        if not await self._api.is_user_admin(requester.user.to_string()):
            raise SynapseError(403, "You are not a server admin", Codes.FORBIDDEN)


class _Found(_ForAdministrators):
    """What is read from the database."""

    async def _async_render_GET(self, request: SynapseRequest) -> tuple[int, Any]:
        await self._check(request)
        return 200, await self._api.run_db_interaction("answerable_news", self._found, request)

    @abc.abstractmethod
    def _found(self, transaction: LoggingTransaction, request: SynapseRequest) -> Any:
        """What is asked for, read in one transaction."""


class News(_Found):
    """`GET …/news?event=&user=&room=&posted=`: what came after these numbers, and the numbers that there are by now.

    Read from the database by number: the lists of the admin API leave out reports whose room has no statistics yet,
    go by the clock, and by a place that moves when a report is deleted.
    """

    def _found(self, transaction: LoggingTransaction, request: SynapseRequest) -> Any:
        found: dict[str, Any] = {"server_name": self._api.server_name}
        for kind, columns in REPORTS.items():
            after = _number(request, kind)
            transaction.execute(f"SELECT coalesce(max(id), 0) FROM {kind}_reports")  # noqa: S608  names of our own
            found[f"{kind}_newest"] = _one(transaction)
            found[kind] = []
            if after is not None:
                transaction.execute(
                    f"SELECT {', '.join(columns)} FROM {kind}_reports WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608
                    (after, REPORTS_AT_A_TIME),
                )
                found[kind] = [dict(zip(columns, row, strict=True)) for row in transaction.fetchall()]
        for report in found["event"]:
            report["reason"] = _content(report).get("reason")
            report["event"] = _event(transaction, report["room_id"], report["event_id"])
        for report in [*found["event"], *found["user"], *found["room"]]:
            report["reason"] = _short(report["reason"], LONGEST_WORDS) or ""
        transaction.execute("SELECT coalesce(max(stream_ordering), 0) FROM events")
        newest, after = _one(transaction), _number(request, "posted")
        found["posted_newest"] = newest if after is None else min(newest, max(after, 0) + EVENTS_AT_A_TIME)
        found["posted"] = [] if after is None else self._posted(transaction, after, found["posted_newest"])
        return found

    def _posted(self, transaction: LoggingTransaction, after: int, until: int) -> list[dict[str, Any]]:
        """The events with media that were posted, each with the SHA-256 of its media if they are this server's."""
        transaction.execute(
            "SELECT e.room_id, e.event_id, j.json FROM events AS e "
            "JOIN event_json AS j ON j.event_id = e.event_id AND j.room_id = e.room_id "
            "WHERE e.stream_ordering > ? AND e.stream_ordering <= ? AND e.contains_url = ? AND e.outlier = ? "
            "ORDER BY e.stream_ordering",
            (after, until, True, False),
        )
        posted = [
            {"room_id": room_id, "event_id": event_id, "event": _seen(json.loads(text))}
            for room_id, event_id, text in transaction.fetchall()
        ]
        mine = f"mxc://{self._api.server_name}/"
        for one in posted:
            url = one["event"]["content"].get("url")
            one["sha256"] = ""
            if isinstance(url, str) and url.startswith(mine):
                transaction.execute(
                    "SELECT sha256 FROM local_media_repository WHERE media_id = ?", (url[len(mine) :],)
                )
                row = transaction.fetchone()
                one["sha256"] = (row[0] or "") if row else ""
        return posted


class Redact(_ForAdministrators):
    """`POST …/redact` `{room_id, event_id}`: redact one event as its sender, as Synapse's admin API does for all."""

    async def _async_render_POST(self, request: SynapseRequest) -> tuple[int, Any]:
        await self._check(request)
        asked = parse_json_object_from_request(request)
        room_id, event_id = asked.get("room_id"), asked.get("event_id")
        if not isinstance(room_id, str) or not isinstance(event_id, str):
            raise SynapseError(400, "room_id and event_id are missing", Codes.MISSING_PARAM)
        event = await self._api.run_db_interaction("answerable_event", _event, room_id, event_id)
        if event is None:
            raise SynapseError(404, "There is no such event", Codes.NOT_FOUND)
        redaction = {
            "type": "m.room.redaction",
            "room_id": room_id,
            "sender": event["sender"],
            "redacts": event_id,
            "content": {"redacts": event_id},
        }
        if not self._api.is_mine(event["sender"]):
            return 200, {"redacted": False, "why": "its sender is of another server"}
        try:
            await self._api.create_and_send_event_into_room(redaction)
        except SynapseError as error:
            return 200, {"redacted": False, "why": f"{error.code} {error.errcode}"}
        return 200, {"redacted": True}


class AllMedia(_Found):
    """`GET …/media?after=&after_id=`: every upload there is, oldest first, a page at a time."""

    def _found(self, transaction: LoggingTransaction, request: SynapseRequest) -> Any:
        transaction.execute(
            "SELECT media_id, user_id, media_type, created_ts, sha256 FROM local_media_repository "
            "WHERE (created_ts, media_id) > (?, ?) AND media_length IS NOT NULL AND url_cache IS NULL "
            "ORDER BY created_ts, media_id LIMIT ?",
            (_number(request, "after") or 0, _text(request, "after_id"), MEDIA_AT_A_TIME),
        )
        names = ("media_id", "user_id", "media_type", "created_ts", "sha256")
        rows = [dict(zip(names, row, strict=True)) for row in transaction.fetchall()]
        return {"server_name": self._api.server_name, "media": rows, "more": len(rows) == MEDIA_AT_A_TIME}


def _event(transaction: LoggingTransaction, room_id: str, event_id: str) -> dict[str, Any] | None:
    transaction.execute("SELECT json FROM event_json WHERE event_id = ? AND room_id = ?", (event_id, room_id))
    row = transaction.fetchone()
    return _seen(json.loads(row[0])) if row else None


def _seen(event: dict[str, Any]) -> dict[str, Any]:
    """Of an event what tells what it is: never its words."""
    content = event["content"] if isinstance(event.get("content"), dict) else {}
    info = content["info"] if isinstance(content.get("info"), dict) else {}
    return {
        "type": event.get("type"),
        "sender": event.get("sender"),
        "origin_server_ts": event.get("origin_server_ts"),
        "content": {
            "msgtype": _short(content.get("msgtype"), LONGEST_NAME),
            "url": _short(content.get("url"), LONGEST_NAME),
            "info": {"mimetype": _short(info.get("mimetype"), LONGEST_NAME)},
        },
    }


def _content(report: dict[str, Any]) -> dict[str, Any]:
    """What a reporter sent with a report of an event; it may be anything."""
    content = json.loads(report.pop("content") or "{}")
    return content if isinstance(content, dict) else {}


def _short(value: object, most: int) -> str | None:
    """A text, cut where nobody honest gets to: one member must not make an answer too long to be read."""
    return value[:most] if isinstance(value, str) else None


def _one(transaction: LoggingTransaction) -> int:
    row = transaction.fetchone()
    return int(row[0]) if row else 0


def _text(request: SynapseRequest, name: str) -> str:
    values = request.args.get(name.encode())
    return values[0].decode("utf-8", "replace") if values else ""


def _number(request: SynapseRequest, name: str) -> int | None:
    """The number that was asked from; None where none was given. Raises SynapseError (400)."""
    text = _text(request, name)
    if not text:
        return None
    if not text.isdecimal() or len(text) > 18:
        raise SynapseError(400, f"{name} is no number", Codes.INVALID_PARAM)
    return int(text)
