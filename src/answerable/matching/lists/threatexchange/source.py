"""Fetching the updates of a privacy group, by ranges of time, and telling its members what was seen here."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from answerable.matching.lists import http
from answerable.matching.lists.base import Checkpoint, Opinion, Page, SourceError
from answerable.matching.lists.threatexchange import wire

LATEST: Final = timedelta(seconds=5)
LINKS_LAST: Final = timedelta(hours=12)
DELETIONS_LAST: Final = timedelta(days=85)
"""The service keeps deletions for 90 days: a desk that comes later can't know what ended."""
PAGE_SIZE: Final = 500
MOST_RESTARTS: Final = 3
REACTIONS: Final = {Opinion.AFFIRMED: "HELPFUL", Opinion.REFUTED: "DISAGREE_WITH_TAGS"}


class TooLongAgo(SourceError):
    """ThreatExchange was not fetched for so long that deletions are lost: take the list off, and fetch it anew."""


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
            raise TooLongAgo(retry=False)
        link, until = str(checkpoint.get("link", "")), int(checkpoint.get("until", end))
        if link and now.timestamp() - int(checkpoint["link_at"]) >= LINKS_LAST.total_seconds():
            link = ""
        if since >= end and not link:
            yield Page((), {"since": since}, True)
            return
        restarts, links, number = 0, {link}, 0
        with self._door.open() as talk:
            while True:
                try:
                    if not link:
                        until = end
                    answer = self._page(talk, link, since, until)
                except http.LinkExpired:
                    restarts += 1
                    if restarts > MOST_RESTARTS:
                        raise
                    link, links = "", {""}
                    continue
                if not link and answer.date is not None:
                    until = max(since, min(until, int((answer.date - LATEST).timestamp())))
                said = answer.json()
                updates = said.get("data")
                if not isinstance(updates, list):
                    raise http.AnswerUnusable("without data")
                number += 1
                changes = wire.changes(updates, f"page {number} since {since}", self._app)
                link = self._next(said)
                if not link:
                    yield Page(changes, {"since": until}, True)
                    return
                if link in links:
                    raise http.AnswerUnusable("its link to the next page leads nowhere new")
                links.add(link)
                place = {"since": since, "until": until, "link": link, "link_at": int(now.timestamp())}
                yield Page(changes, place, False)

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
        """React to each opinion that the record came with (`facts["descriptors"]`). `key` names the indicator.

        Raises SourceError; NotImplementedError where the record came with none.
        """
        descriptors = [str(each) for each in facts.get("descriptors", [])]
        if not descriptors:
            raise NotImplementedError(f"{key} came with no descriptor to react to")
        body = urlencode(self._with_token({"reactions": REACTIONS[opinion]})).encode()
        with self._door.open() as talk:
            for number, descriptor in enumerate(descriptors):
                try:
                    talk.send("POST", f"/{descriptor}", body, "application/x-www-form-urlencoded")
                except SourceError as error:
                    if number:
                        raise http.NoAnswer(f"after {number}: {error}", retry=False) from error
                    raise

    def _page(self, talk: http.Conversation, link: str, since: int, until: int) -> http.Answer:
        if link:
            return talk.get(str(httpx.URL(link).copy_set_param("access_token", self._token)), is_link=True)
        asked = {
            "start_time": str(since),
            "stop_time": str(until),
            "limit": str(PAGE_SIZE),
            "types": ",".join(wire.TYPES),
            "fields": wire.FIELDS,
        }
        return talk.get(f"/{self._group}/threat_updates/", self._with_token(asked))

    def _with_token(self, asked: dict[str, str]) -> dict[str, str]:
        return {"access_token": self._token, **asked}

    def _next(self, said: dict[str, Any]) -> str:
        """The link to the next page, without the token that it carries: a checkpoint is stored in clear."""
        paging = said.get("paging")
        link = paging.get("next") if isinstance(paging, dict) else None
        if link is None:
            return ""
        if not isinstance(link, str) or not link.startswith(("http://", "https://")):
            raise http.AnswerUnusable("its link to the next page is no address")
        url = self._door.address(link).copy_remove_param("access_token")
        if not url.path.rstrip("/").endswith(f"/{self._group}/threat_updates"):
            raise http.AnswerUnusable("its link to the next page leads elsewhere")
        return str(url)
