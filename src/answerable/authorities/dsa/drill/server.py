"""The drill's database over HTTP: a token, JSON, rate limits, troubles on demand."""

import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Final

from answerable.authorities import drilled
from answerable.authorities.dsa.drill.statements import Answered, Statements

TOKEN: Final = "1|a-token-for-trying-out"  # noqa: S105  of the drill
PER_SECOND: Final = 200
MOST_BYTES: Final = 16 * 1024 * 1024
LIMIT: Final = b"Limit Reached. Please do not overload the API"


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong at the next request whose path begins so.

    `before`: nothing of it is carried out. `status`, `body`: answered instead of what came of it. `retry_after`: that
    header. `cut`: how many bytes of the answer are sent. `reads`: the connection ends after so many bytes of the
    request's body. `seconds`: how long the answer waits. `drip`: seconds between bytes of the answer.
    """

    path: str
    before: bool = False
    status: int | None = None
    body: bytes = b""
    retry_after: str = ""
    cut: int | None = None
    reads: int | None = None
    seconds: float = 0
    drip: float = 0


class Server(drilled.Service[Trouble]):
    """The database on this machine. `statements` is all that it holds; `asked` every method and path, in order.

    `per_second`: requests that it takes in any second.
    """

    def __init__(
        self,
        clock: Callable[[], datetime] | None = None,
        token: str = TOKEN,
        port: int = 0,
        per_second: int = PER_SECOND,
    ) -> None:
        super().__init__(_Handler, port)
        self.statements = Statements(clock)
        self.token, self.per_second = token, per_second
        self._times: deque[float] = deque()

    @property
    def base(self) -> str:
        """What a desk writes as `base_url`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def puids(self) -> set[str]:
        """The names of all that it holds."""
        return set(self.statements.by_puid)

    def is_too_many(self) -> bool:
        """Whether this request is one too many in its second."""
        with self._lock:
            now = time.monotonic()
            while self._times and self._times[0] <= now - 1:
                self._times.popleft()
            self._times.append(now)
            return len(self._times) > self.per_second


class _Handler(BaseHTTPRequestHandler):
    party: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing is written of what comes."""

    def do_GET(self) -> None:
        trouble = self.party.begin(f"{self.command} {self.path}", lambda one: self.path.startswith(one.path))
        left = int(self.headers.get("content-length", "0"))
        if trouble is not None and trouble.reads is not None:
            self.rfile.read(min(trouble.reads, left))
            self.close_connection = True
            return
        body = self.rfile.read(min(left, MOST_BYTES))
        if self.party.is_too_many():
            self._send(429, LIMIT, {"Content-Type": "text/html", "Retry-After": "1"}, trouble)
            return
        if trouble is not None and trouble.before:
            self._send(trouble.status or 500, trouble.body, self._said(trouble), trouble)
            return
        answered = self._answer(body)
        if trouble is not None and trouble.status is not None:
            self._send(trouble.status, trouble.body, self._said(trouble), trouble)
            return
        head = {"Content-Type": "application/json"}
        if answered.status == 302:
            head["Location"] = "/"
        self._send(answered.status, json.dumps(answered.body).encode(), head, trouble)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    @staticmethod
    def _said(trouble: Trouble) -> dict[str, str]:
        return {"Retry-After": trouble.retry_after} if trouble.retry_after else {}

    def _answer(self, body: bytes) -> Answered:
        if self.path == "/api/ping" and self.command == "GET":
            return Answered(200, {"you_say": "ping", "i_say": "pong"})
        if self.headers.get("authorization") != f"Bearer {self.party.token}":
            return Answered(401, {"message": "Unauthenticated."})
        if self.headers.get("accept") != "application/json":
            return Answered(406, {"message": "Ask for JSON."})
        path = self.path.removeprefix("/api/v1")
        store = self.party.statements
        if self.command == "GET" and path.startswith("/statement/existing-puid/"):
            return store.existing(path.rpartition("/")[2])
        if self.command == "GET" and path.startswith("/statement/"):
            return store.read(path.rpartition("/")[2])
        if self.command == "POST" and path in ("/statement", "/statements"):
            return self._stored(path, body)
        return Answered(404, {"message": "The route could not be found."})

    def _stored(self, path: str, body: bytes) -> Answered:
        if self.headers.get("content-type") != "application/json":
            return Answered(415, {"message": "Send JSON."})
        try:
            value: Any = json.loads(body)
        except ValueError:
            return Answered(400, {"message": "Not JSON."})
        store = self.party.statements
        return store.one(value) if path == "/statement" else store.several(value)

    def _send(self, status: int, body: bytes, head: dict[str, str], trouble: Trouble | None) -> None:
        lines = [f"{name}: {value}" for name, value in head.items()]
        drilled.send(self, status, lines, body, trouble, self.party.over)
