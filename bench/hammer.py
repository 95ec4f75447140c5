"""Requests over connections that are kept open, each sent as soon as the one before is answered.

One thread, plain sockets: some 30 microseconds a request, so that the generator is not what is measured.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
_CLOSES = re.compile(rb"(?i)\r\nconnection: *close")
RECEIVE_BYTES = 1 << 18


@dataclass
class Answered:
    """What came back: seconds of each request, counts of statuses, and the last body."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    lasted: float = 0.0
    last_body: bytes = b""

    def per_second(self) -> float:
        """Requests that were answered with 200, per second."""
        return self.statuses.get(200, 0) / max(self.lasted, 1e-9)


class _Caller:
    """One connection with at most one request on its way."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket: socket.socket | None = None
        self.sent_at = 0.0
        self.received = bytearray()
        self.awaited = -1

    def send(self, request: bytes, selector: selectors.BaseSelector) -> None:
        """Open the connection where it isn't, and send. A large request is sent whole before anything is read."""
        self.sent_at = time.perf_counter()
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(self.socket, selectors.EVENT_READ, self)
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes, bool] | None:
        """Status, body and whether the server closes, once the answer is whole. Raises OSError."""
        assert self.socket is not None
        part = self.socket.recv(RECEIVE_BYTES)
        if not part:
            raise OSError("the server hung up before its answer was whole")
        self.received += part
        if self.awaited < 0:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return None
            length = _LENGTH.search(self.received, 0, end + 2)
            if length is None:
                raise OSError("an answer without a length")
            self.awaited = end + 4 + int(length[1])
        if len(self.received) < self.awaited:
            return None
        head_end = self.received.find(b"\r\n\r\n")
        status = int(self.received[9:12])
        closes = _CLOSES.search(self.received, 0, head_end + 2) is not None
        body = bytes(self.received[head_end + 4 : self.awaited])
        self.received.clear()
        self.awaited = -1
        return status, body, closes

    def hang_up(self, selector: selectors.BaseSelector) -> None:
        """Close; the next request opens a new connection."""
        if self.socket is not None:
            selector.unregister(self.socket)
            self.socket.close()
            self.socket = None


def hammer(port: int, requests: Sequence[bytes], *, seconds: float, at_once: int = 4) -> Answered:
    """Send `requests` in turn, over and over, for so long, on `at_once` connections."""
    answered, selector = Answered(), selectors.DefaultSelector()
    callers = [_Caller(port) for _ in range(at_once)]
    begun, place = time.perf_counter(), 0
    for caller in callers:
        caller.send(requests[place % len(requests)], selector)
        place += 1
    busy = at_once
    while busy:
        for key, _events in selector.select(30):
            caller = key.data
            answer = caller.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            status, answered.last_body, closes = answer
            answered.seconds.append(now - caller.sent_at)
            answered.statuses[status] = answered.statuses.get(status, 0) + 1
            if closes:
                caller.hang_up(selector)
            if now - begun >= seconds:
                busy -= 1
                caller.hang_up(selector)
                continue
            caller.send(requests[place % len(requests)], selector)
            place += 1
    answered.lasted = time.perf_counter() - begun
    selector.close()
    return answered


def request(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One request, whole. Header names are written with `_` for `-`."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{port}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
