"""What the fakes of outside parties share: a real HTTP server on loopback, with trouble on demand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Request:
    """One request as it came. `query` is strict: a repeated or empty value counts."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """One answer. `cut`: how many bytes are sent before the connection ends; `drip`: seconds between bytes."""

    status: int = 200
    body: bytes = b""
    media_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    drip: float = 0


class Party:
    """An outside party: a subclass says in `answer` what it answers. `trouble` is answered first, in order.

    `requests` are all that came; `date` is what its clock says in every answer, if not the real time.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.trouble: list[Reply] = []
        self.before: Callable[[Request], None] | None = None
        self.date: str = ""
        self.port = 0
        self.over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Reply:
        """What a subclass says."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"party": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    party: Party
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return self.party.date or super().date_time_string(timestamp)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {
            name: "\n".join(values) for name, values in parse_qs(parts.query, keep_blank_values=True).items()
        }
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", "0")))
        request = Request(self.command, parts.path, query, headers, body)
        self.party.requests.append(request)
        if self.party.before is not None:
            self.party.before(request)
        self._send(self.party.trouble.pop(0) if self.party.trouble else self.party.answer(request))

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in {"content-type": reply.media_type, **reply.headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        if reply.drip:
            self._drip(reply)
            return
        self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
        self.close_connection = self.close_connection or reply.cut is not None

    def _drip(self, reply: Reply) -> None:
        self.close_connection = True
        try:
            for byte in reply.body:
                if self.party.over.wait(reply.drip):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
        except OSError:
            return
