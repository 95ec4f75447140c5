"""Fetching the updates of a privacy group, by ranges of time, and telling its members what was seen here."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from answerable.matching.lists import http
from answerable.matching.lists.base import Checkpoint, NoFeedback, Opinion, Page, SourceError, StartOver
from answerable.matching.lists.threatexchange import wire

LATEST: Final = timedelta(seconds=5)
LINKS_LAST: Final = timedelta(hours=12)
DELETIONS_LAST: Final = timedelta(days=85)
"""The service keeps deletions for 90 days: a desk that comes later can't know what ended."""
PAGE_SIZE: Final = 500
MOST_RESTARTS: Final = 3
_NOT_A_CURSOR: Final = frozenset(
    {"access_token", "appsecret_proof", "start_time", "stop_time", "limit", "types", "fields"}
)
REACTIONS: Final = {Opinion.AFFIRMED: "HELPFUL", Opinion.REFUTED: "DISAGREE_WITH_TAGS"}


class GroupUnusable(SourceError):
    """This privacy group gives no updates to the desk: join it, or ask its owner to enable threat updates."""


class ThreatExchange:
    """One privacy group as a source."""

    def __init__(self, door: http.Door, token: str, group: str) -> None:
        self._door, self._token, self._group = door, token, group
        self._app = token.partition("|")[0]

    def __repr__(self) -> str:
        return f"ThreatExchange({self._group})"

    def pages(self, checkpoint: Checkpoint, *, now: datetime) -> Iterator[Page]:
        """Everything since the checkpoint. See `base.Source`. Raises SourceError."""
        since, end = int(checkpoint.get("since", 0)), int((now - LATEST).timestamp())
        if since and since < (now - DELETIONS_LAST).timestamp():
            raise StartOver
        place = _Place(**{"since": since, "stop": end, "known": end, **checkpoint.get("place", {})})
        if now.timestamp() - place.at >= LINKS_LAST.total_seconds():
            place = _Place(since, end, end)
        if since >= end and not place.cursor:
            yield Page((), {"since": since}, True)
            return
        restarts, seen, number = 0, [place.cursor], 0
        with self._door.open() as talk:
            while True:
                try:
                    answer = self._page(talk, place)
                except http.LinkExpired:
                    restarts += 1
                    if restarts > MOST_RESTARTS:
                        raise
                    place, seen = _Place(since, end, end), [{}]
                    continue
                if not place.cursor and answer.date is not None:
                    # What appears until our time, and bears a time before it, is still to come by their clock.
                    known = max(since, min(place.stop, int((answer.date - LATEST).timestamp())))
                    place = replace(place, known=known)
                said = answer.json()
                updates = said.get("data")
                if not isinstance(updates, list):
                    raise http.AnswerUnusable("without data")
                number += 1
                changes = wire.changes(updates, f"page {number} since {since}", self._app)
                cursor = self._cursor(said)
                if cursor is None:
                    yield Page(changes, {"since": place.known}, True)
                    return
                if cursor in seen:
                    raise http.AnswerUnusable("its link to the next page leads nowhere new")
                seen.append(cursor)
                place = replace(place, cursor=cursor, at=int(now.timestamp()))
                yield Page(changes, {"since": since, "place": place.kept()}, False)

    def check(self) -> str:
        """Ask whether the desk's app is in the group and gets its updates. Raises SourceError."""
        fields = {"fields": "id,name,members_can_see,members_can_use,threat_updates_enabled"}
        with self._door.open() as talk:
            found = talk.get(f"/{self._app}/threat_privacy_groups_member", self._with_token(fields)).json()
        groups = found.get("data")
        for group in groups if isinstance(groups, list) else []:
            if isinstance(group, dict) and str(group.get("id")) == self._group:
                if group.get("threat_updates_enabled") is not True:
                    raise GroupUnusable("threat updates are off", retry=False)
                return f"ThreatExchange takes the token; its app is in the privacy group {self._group}."
        raise GroupUnusable(f"the app is not in {self._group}", retry=False)

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:
        """React to the first opinion that the record came with (`facts["descriptors"]`): the group sees it there.

        Raises SourceError; NoFeedback where the record came with none.
        """
        descriptors = [str(each) for each in facts.get("descriptors", [])]
        if not descriptors:
            raise NoFeedback(f"{key} came with no descriptor to react to")
        body = urlencode(self._with_token({"reactions": REACTIONS[opinion]})).encode()
        with self._door.brief().open() as talk:
            talk.send("POST", f"/{descriptors[0]}", body, "application/x-www-form-urlencoded")

    def _page(self, talk: http.Conversation, place: "_Place") -> http.Answer:
        asked = {
            "start_time": str(place.since),
            "stop_time": str(place.stop),
            "limit": str(PAGE_SIZE),
            "types": ",".join(wire.TYPES),
            "fields": wire.FIELDS,
        }
        path, is_link = f"/{self._group}/threat_updates/", bool(place.cursor)
        return talk.get(path, self._with_token({**place.cursor, **asked}), is_link=is_link)

    def _with_token(self, asked: dict[str, str]) -> dict[str, str]:
        return {**asked, "access_token": self._token}

    def _cursor(self, said: dict[str, Any]) -> dict[str, str] | None:
        """Where the next page is: what its link says beside what was asked, never the link, which holds the token."""
        paging = said.get("paging")
        link = paging.get("next") if isinstance(paging, dict) else None
        if link is None:
            return None
        if not isinstance(link, str) or not link.startswith(("http://", "https://")):
            raise http.AnswerUnusable("its link to the next page is no address")
        url = self._door.address(link)
        if not url.path.rstrip("/").endswith(f"/{self._group}/threat_updates"):
            raise http.AnswerUnusable("its link to the next page leads elsewhere")
        return {name: value for name, value in url.params.items() if name not in _NOT_A_CURSOR}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a fetch is. Everything before `since` is known; `stop` is what was asked for, `known` what will be known.

    Seconds since 1970. `cursor` leads to the next page of exactly this range, and was given `at`.
    """

    since: int
    stop: int
    known: int = 0
    cursor: dict[str, str] = field(default_factory=dict)
    at: int = 2**62

    def kept(self) -> Checkpoint:
        return {"stop": self.stop, "known": self.known, "cursor": self.cursor, "at": self.at}
