"""StopNCII.org: hashes that adults made of their own intimate images, on their own devices.

Every record is a case that a person opened, and nobody has seen the picture: a match is for people to look at.
Source: the shapes of the open reference client; the service's own documentation is for its partners.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field

from answerable.matching.lists import http, secret
from answerable.matching.lists.base import (
    Bad,
    BadRecord,
    Checkpoint,
    Gone,
    NoFeedback,
    Opinion,
    Page,
    Record,
    Source,
    StartOver,
)
from answerable.matching.lists.config import Listed
from answerable.matching.lists.fields import (
    hash_bytes,
    identity,
    in_order,
    not_kept,
    said,
    tally,
    whole,
    word,
)

KINDS: Final = {"ImagePDQ": "pdq", "VideoMD5": "md5"}
"""The others (VideoTMK, Text, URL and what may come) are passed over and counted: nothing here is searched by them."""
ENDED: Final = frozenset({"Withdrawn", "Deleted"})
FROM_THE_BEGINNING: Final = 10
PAGE_SIZE: Final = 800
STALE_AFTER: Final = timedelta(days=30)
"""Older than that without a fetch, the copy must not be relied on: withdrawals may be missing."""
FEEDBACK: Final = {Opinion.AFFIRMED: "Blocked", Opinion.REFUTED: "NotBlocked"}
AHEAD: Final = timedelta(days=1)


class Config(Listed):
    """How StopNCII is reached: its API's address, and a secret file for each key."""

    subscription_key_file: str
    fetch_key_file: str = Field(description="the function key of FetchHashes")
    feedback_key_file: str = Field(
        "", description="the function key of SubmitFeedback; without it none is given"
    )


def source(config: Config, waiting: http.Waiting | None = None) -> Source:
    """The list as a source. Raises SecretUnusable."""
    subscription = secret.secret(config.subscription_key_file)

    def door(key_file: str) -> http.Door:
        headers = {"Ocp-Apim-Subscription-Key": subscription, "x-functions-key": secret.secret(key_file)}
        return http.Door(
            config.base_url, {"Accept": "application/json", **headers}, waiting=waiting or http.Waiting()
        )

    return StopNcii(
        door(config.fetch_key_file), door(config.feedback_key_file) if config.feedback_key_file else None
    )


class StopNcii:
    """StopNCII's hashes as a source."""

    def __init__(self, fetching: http.Door, telling: http.Door | None) -> None:
        self._fetching, self._telling = fetching, telling

    def pages(self, checkpoint: Checkpoint, *, now: datetime) -> Iterator[Page]:
        """Everything since the checkpoint. See `base.Source`.

        The time to go on from is given with the last page, and is good for nothing before.
        """
        since = int(checkpoint.get("since", FROM_THE_BEGINNING))
        if FROM_THE_BEGINNING < since < (now - STALE_AFTER).timestamp():
            raise StartOver
        token = str(checkpoint.get("token", ""))
        may_restart, tokens, number = bool(token), {token}, 0
        with self._fetching.open() as talk:
            while True:
                try:
                    answer = self._page(talk, since, token)
                except http.LinkExpired:
                    if not may_restart:
                        raise
                    may_restart, token, tokens = False, "", {""}
                    continue
                number += 1
                changes = _changes(answer, f"page {number} since {since}")
                known = {"since": since}
                if not answer["hasMoreRecords"]:
                    until = whole(answer.get("nextSetTimestamp"))
                    if until is None or until > (now + AHEAD).timestamp():
                        yield Page(changes, known, False)  # what came is kept; it comes again
                        raise http.AnswerUnusable("its nextSetTimestamp is missing or in the future")
                    yield Page(changes, {"since": until}, True)
                    return
                token = answer.get("nextPageToken") or ""
                if not isinstance(token, str) or not token or token in tokens:
                    yield Page(changes, known, False)
                    raise http.AnswerUnusable("it has more records and does not say where")
                tokens.add(token)
                yield Page(changes, {**known, "token": token}, False)

    def check(self) -> str:
        """Ask for one record, to see whether the keys are good. Raises SourceError."""
        with self._fetching.open() as talk:
            self._page(talk, FROM_THE_BEGINNING, "", size=1)
        return "StopNCII takes the keys." + (
            "" if self._telling else " Without a key for feedback none is given."
        )

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:  # noqa: ARG002
        """Say of a hash that it was blocked here, or not. Raises SourceError; NoFeedback without a key."""
        if self._telling is None:
            raise NoFeedback("no feedback_key_file is configured")
        feedback = {"hashValue": key.partition("/")[2], "feedbackValue": FEEDBACK[opinion], "tags": []}
        body = json.dumps({"count": 1, "hashFeedbacks": [feedback]}).encode()
        with self._telling.brief().open() as talk:
            talk.send("POST", "/SubmitFeedback", body, "application/json")

    @staticmethod
    def _page(talk: http.Conversation, since: int, token: str, size: int = PAGE_SIZE) -> dict[str, Any]:
        more = {"nextPageToken": token} if token else {}
        asked = {"startTimestamp": str(since), "pageSize": str(size), **more}
        answer = talk.get("/FetchHashes", asked, is_link=bool(token)).json()
        if not isinstance(answer.get("hashRecords"), list) or not isinstance(
            answer.get("hasMoreRecords"), bool
        ):
            raise http.AnswerUnusable("without hashRecords or hasMoreRecords")
        return answer


def _changes(answer: dict[str, Any], where: str) -> tuple[Record | Gone | Bad, ...]:
    bad: list[Bad] = []
    others: list[str] = []
    read: list[tuple[str | int, Record | Gone]] = []
    for number, entry in enumerate(answer["hashRecords"], 1):
        try:
            if (change := _change(entry)) is None:
                others.append(word(entry.get("signalType")))
            else:
                read.append((whole(entry.get("lastModtimestamp")) or 0, change))
        except BadRecord as error:
            bad.append(Bad(f"{where}, record {number}", str(error)))
    return (*bad, *not_kept(where, others), *in_order(read))


def _change(entry: object) -> Record | Gone | None:
    """What a record says now; None for a kind of hash that is not searched. Raises BadRecord."""
    if not isinstance(entry, dict):
        raise BadRecord("it is no object")
    signal, status = word(entry.get("signalType")), word(entry.get("hashStatus"))
    if not signal:
        raise BadRecord("it has no signalType")
    kind = KINDS.get(signal)
    if kind is None:
        return None
    value = hash_bytes(kind, entry.get("hashValue"))
    key = f"{signal}/{identity(entry.get('hashValue'))}"
    if status in ENDED:
        return Gone(key)
    facts = said(
        {
            "at": whole(entry.get("lastModtimestamp")),
            "cases": tally(word(each) for each in _values(entry.get("caseNumbers"))),
            "feedback": tally(
                word(each.get("feedbackValue"))
                for each in _listed(entry.get("CSPFeedbacks"))
                if isinstance(each, dict)
            ),
        }
    )
    return Record(key, ((kind, value),), status, facts)


def _values(found: object) -> list[object]:
    """The statuses of cases. Their numbers are not kept; an empty object may come as an empty list."""
    return list(found.values()) if isinstance(found, dict) else []


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else []
