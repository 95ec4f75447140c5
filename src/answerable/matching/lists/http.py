"""How a source of hashes is asked: one configured host, a hard end in time and size, GET again and nothing else.

A list's host is the one of its configured address, and no redirect or link leads anywhere else (rule 4).
Addresses may hold tokens and answers hold hashes, so no error repeats either.
"""

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import httpx

from answerable.matching.lists.base import SourceError

if TYPE_CHECKING:
    import ssl

TIMEOUT_SECONDS: Final = 60.0
CONNECT_SECONDS: Final = 10.0
MOST_BYTES: Final = 64 * 1024 * 1024
TRIES: Final = 5
TELL_SECONDS: Final = 4.0
"""Telling is an obligation's handler, which has ten seconds, for two requests at most."""
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 120.0
"""A source that asks to wait longer is asked at the next fetch."""
BUSY: Final = frozenset({429, 500, 502, 503, 504})
NOT_TAKEN: Final = frozenset({429, 503})
"""Busy answers that say that the request itself was not carried out."""
DENIED: Final = frozenset({401, 403})
GONE: Final = frozenset({400, 404, 410})


class HostNotConfigured(SourceError):
    """A source of hashes led to an address that is not its own; it was not followed."""


class Refused(SourceError):
    """A source of hashes refused the request: check base_url, the credentials and what they may see."""


class LinkExpired(SourceError):
    """A source of hashes no longer knows the place where the fetch was; the range starts again."""


class Unreachable(SourceError):
    """A source of hashes could not be reached, or answered that it is busy."""


class NoAnswer(SourceError):
    """What was sent to a source of hashes may have arrived or not: look there before sending it again."""


class AnswerUnusable(SourceError):
    """A source of hashes answered something that is not in its format."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer, whole. `date`: the time by the source's own clock, if it says."""

    body: bytes
    date: datetime | None

    def json(self) -> dict[str, Any]:
        """The JSON object that it is. Raises AnswerUnusable."""
        try:
            # A stray byte or control character in one record must not cost the page: it shows in that record.
            value = json.loads(self.body.decode("utf-8-sig", "replace"), strict=False)
        except (ValueError, RecursionError) as error:
            raise AnswerUnusable(f"not JSON: {type(error).__name__}") from error
        if not isinstance(value, dict):
            raise AnswerUnusable("not a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class Waiting:
    """How to wait between tries: given by tests. `chance` is from 0 to 1."""

    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def seconds(self, tries: int, asked: float | None) -> float:
        """As long as was asked for; else twice as long each time, spread so that desks don't come together."""
        if asked is not None:
            return asked
        return FIRST_WAIT_SECONDS * float(2**tries) * (0.5 + self.chance() / 2)


class Conversation:
    """Requests to one source over kept connections. Made by `Door.open`; not shared between threads."""

    def __init__(self, door: "Door", runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self._door, self._runner, self._client = door, runner, client

    def get(self, path: str, params: Mapping[str, str] | None = None, *, is_link: bool = False) -> Answer:
        """Ask at `base + path` or, for a whole address, there; again while it is busy.

        `is_link`: the source gave this place before, and may have forgotten it.
        Raises HostNotConfigured, Refused, LinkExpired (of a link only), Unreachable, AnswerUnusable.
        """
        request = self._client.build_request("GET", self._door.address(path), params=params)
        for tries in range(self._door.tries):
            try:
                status, answer, asked = self._once(request)
            except (httpx.TransportError, TimeoutError) as error:
                problem, asked = Unreachable(type(error).__name__), None
            else:
                if not self._door.is_busy(status, answer.body):
                    return self._door.judged(status, answer, is_link=is_link)
                problem = Unreachable(f"status {status}")
            if tries + 1 == self._door.tries or (asked or 0) > LONGEST_WAIT_SECONDS:
                raise problem
            self._door.waiting.sleep(self._door.waiting.seconds(tries, asked))
        raise AssertionError("unreachable")

    def send(self, method: str, path: str, body: bytes, media_type: str) -> Answer:
        """Send something, once. `retry` of what is raised is false when it may have arrived.

        Raises HostNotConfigured, Refused, Unreachable, NoAnswer, AnswerUnusable.
        """
        request = self._client.build_request(
            method, self._door.address(path), content=body, headers={"Content-Type": media_type}
        )
        try:
            status, answer, _ = self._once(request)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(type(error).__name__) from error
        except (httpx.TransportError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__, retry=False) from error
        if status in NOT_TAKEN:
            raise Unreachable(f"status {status}")
        if status >= 500:
            raise NoAnswer(f"status {status}", retry=False)
        return self._door.judged(status, answer)

    def _once(self, request: httpx.Request) -> tuple[int, Answer, float | None]:
        return self._runner.run(self._exchange(request))

    async def _exchange(self, request: httpx.Request) -> tuple[int, Answer, float | None]:
        # A limit per read starts anew with each byte, so an answer could trickle in for ever: this one is for all.
        async with asyncio.timeout(self._door.seconds):
            response = await self._client.send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._door.most_bytes:
                        raise AnswerUnusable(f"more than {self._door.most_bytes} bytes")
            finally:
                await response.aclose()
        date = _date(response.headers.get("date", ""))
        asked = _seconds_asked(response.headers.get("retry-after", ""), date)
        return response.status_code, Answer(bytes(body), date), asked


@dataclass(frozen=True)
class Door:
    """Where one source is, and how it knows this desk. `base` is the address that was configured."""

    base: str
    headers: Mapping[str, str]
    auth: tuple[str, str] | None = None
    waiting: Waiting = Waiting()
    seconds: float = TIMEOUT_SECONDS
    connect_seconds: float = CONNECT_SECONDS
    tries: int = TRIES
    most_bytes: int = MOST_BYTES
    busy: Callable[[int, bytes], bool] = lambda status, _: status in BUSY

    def __repr__(self) -> str:
        return f"Door({httpx.URL(self.base).host})"  # never what is in its headers

    @contextmanager
    def open(self) -> Iterator[Conversation]:
        """A conversation; its connections close at the end. Call it from a thread without an event loop."""
        with asyncio.Runner() as runner:
            client = httpx.AsyncClient(
                headers={"Accept-Encoding": "gzip", **self.headers},
                auth=self.auth,
                trust_env=False,
                follow_redirects=False,
                verify=_tls(),
                timeout=httpx.Timeout(self.seconds, connect=self.connect_seconds),
            )
            try:
                yield Conversation(self, runner, client)
            finally:
                runner.run(client.aclose())

    def brief(self) -> "Door":
        """The same door for whoever has little time: a short limit, and nothing asked again."""
        return replace(self, seconds=min(self.seconds, TELL_SECONDS), tries=1)

    def address(self, path: str) -> httpx.URL:
        """The whole address, of this source's own origin. Raises HostNotConfigured."""
        base = httpx.URL(self.base)
        try:
            url = httpx.URL(self.base.rstrip("/") + path if path.startswith("/") else path)
        except (httpx.InvalidURL, ValueError) as error:
            raise HostNotConfigured("not an address", retry=False) from error
        if (url.scheme, url.netloc) != (base.scheme, base.netloc) or url.userinfo:
            raise HostNotConfigured(url.host or "not an address", retry=False)
        return url

    def is_busy(self, status: int, body: bytes) -> bool:
        """Whether to ask again."""
        return self.busy(status, body)

    def judged(self, status: int, answer: Answer, *, is_link: bool = False) -> Answer:
        """The answer if its status is good. Raises Refused, LinkExpired, HostNotConfigured, AnswerUnusable."""
        if 200 <= status < 300:
            return answer
        if 300 <= status < 400:
            raise HostNotConfigured(f"a redirect, status {status}", retry=False)
        if is_link and status in GONE:
            raise LinkExpired(f"status {status}", retry=False)
        if 400 <= status < 500:
            # It did nothing, and may do it once the operator has put the credentials right.
            raise Refused(f"status {status}", retry=status in DENIED)
        raise AnswerUnusable(f"status {status}")


def _date(text: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _seconds_asked(text: str, date: datetime | None) -> float | None:
    """What Retry-After says, in seconds. A point in time is read by the source's own clock, not by ours."""
    if text.isascii() and text.isdigit():
        return float(text)
    until = _date(text)
    return max(0.0, (until - date).total_seconds()) if until and date else None


@lru_cache(maxsize=1)
def _tls() -> "ssl.SSLContext":
    """Building a trust store takes longer than a page, so it is kept."""
    return httpx.create_ssl_context(trust_env=False)
