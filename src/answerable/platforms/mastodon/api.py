"""Asking a Mastodon server, as the desk's account or as a stranger: what answers mean, and when to be quiet."""

import re
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from answerable import clock
from answerable.platforms import base, shared_secret
from answerable.platforms.http import client
from answerable.platforms.mastodon import wire
from answerable.settings.config import Platform as Entry

W = TypeVar("W", bound=wire.Wire)
Form = Sequence[tuple[str, str]]
ABSENT: Final = (404, 410)
MOST_PAGES: Final = 50
QUIET_SECONDS: Final = 30.0
"""After a refused token or a 429 that says nothing, nothing is asked for so long."""
LONGEST_QUIET_SECONDS: Final = 300.0
_LINK = re.compile(r'<([^<>]+)>\s*;\s*rel="?(next|prev)"?')


class Absent(base.ItemNotFound):
    """The server knows nothing of that name, or shows it only to others."""

    def __init__(self, status: int) -> None:
        super().__init__(f"status {status}")
        self.for_good = status == 410


class Api:
    """One server. It remembers for how long it was told to be left alone."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.base_url = entry.base_url.rstrip("/")
        self._hosts = frozenset({client.host_of(self.base_url)})
        self._busy_until = 0.0
        self._refused: tuple[float, str] = (0.0, "")

    def get(self, kind: type[W], path: str, *, stranger: bool = False) -> W:
        """One thing. Raises Absent, AnswerMalformed, PlatformError."""
        return wire.read(kind, self._ask("GET", path, stranger=stranger).body)

    def post(self, path: str, form: Form = ()) -> bytes:
        """Do something. Raises Absent, PlatformError."""
        return self._ask("POST", path, form).body

    def pages(self, kind: type[W], path: str, query: Form, towards: str) -> Iterator[list[W]]:
        """The pages of a list, `towards` `next` (older) or `prev` (newer), as the `Link` header leads.

        Of the link only the query is followed, never a host or a path. Raises AnswerMalformed where it goes in circles.
        """
        seen: set[str] = set()
        asked = list(query)
        for _ in range(MOST_PAGES):
            answer = self._ask("GET", f"{path}?{urlencode(asked)}")
            read = wire.read_list(kind, answer.body)
            yield read
            onwards = {rel: target for target, rel in _LINK.findall(answer.headers.get("link", ""))}
            following = urlsplit(onwards.get(towards, "")).query
            if not read or not following:
                return
            if following in seen:
                raise base.AnswerMalformed("link: its pages go round in circles")
            seen.add(following)
            asked = parse_qsl(following)
        raise base.AnswerMalformed(f"link: more than {MOST_PAGES} pages")

    def _ask(
        self, method: str, path: str, form: Form | None = None, *, stranger: bool = False
    ) -> client.Response:
        token = "" if stranger else self._token()
        self._keep_quiet(token)
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        answer = client.call(
            method,
            f"{self.base_url}{path}",
            hosts=self._hosts,
            most_bytes=wire.LARGEST_ANSWER_BYTES,
            headers=headers,
            body=urlencode(form).encode() if form is not None else None,
        )
        self._judge(answer, token, stranger=stranger)
        return answer

    def _judge(self, answer: client.Response, token: str, *, stranger: bool) -> None:
        """Raise what the status stands for."""
        if answer.status == 429:
            self._busy_until = time.monotonic() + _wait_seconds(answer)
            raise base.PlatformFailed("too many requests (status 429)")
        if answer.status >= 500:
            raise base.PlatformFailed(f"status {answer.status}")
        if answer.status in (401, 403):
            if not stranger and answer.status == 401:
                self._refused = (time.monotonic() + QUIET_SECONDS, token)
            raise base.PlatformRefused(f"status {answer.status}")
        if answer.status in ABSENT:
            raise Absent(answer.status)
        if answer.status != 200:
            raise base.PlatformRefused(f"status {answer.status}")
        if answer.media_type != "application/json":
            raise base.AnswerMalformed(f"{answer.media_type or 'nothing'} instead of JSON")

    def _keep_quiet(self, token: str) -> None:
        """Ask nothing that can only be refused again: by a token that was revoked, or before it is time."""
        if time.monotonic() < self._busy_until:
            raise base.PlatformFailed("too many requests: it said when to come back")
        until, refused = self._refused
        if token and token == refused and time.monotonic() < until:
            raise base.PlatformRefused("the token was refused a moment ago")

    def _token(self) -> str:
        return read_file(self.entry.secret_file)


def read_file(name: str) -> str:
    """A secret's file in the data directory. Raises SecretUnusable."""
    text = shared_secret.read(name)
    if not text or any(character.isspace() for character in text):
        raise base.SecretUnusable(f"{Path(name).name}: one word is expected")
    return text


def _wait_seconds(answer: client.Response) -> float:
    """How long the server asks to be left alone: `Retry-After`, else the time at which its count begins anew."""
    wait = answer.retry_after_seconds
    if wait is None:
        try:
            reset = datetime.fromisoformat(answer.headers.get("x-ratelimit-reset", ""))
            wait = (reset - clock.system_now()).total_seconds()
        except (ValueError, TypeError):
            wait = QUIET_SECONDS
    return min(max(wait, 1.0), LONGEST_QUIET_SECONDS)
