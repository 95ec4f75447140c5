"""Something between the desk and a server of the network, over real HTTP, that breaks what it is told to break."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import httpx

Answer = tuple[int, bytes]


@dataclass
class Between:
    """A proxy. `faults`: for a part of the path, what is answered instead (None: nothing, ever)."""

    upstream: str
    faults: dict[str, Callable[[], Answer | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    frames: list[bytes] = field(default_factory=list)
    """Messages that it puts on the stream by itself, before the next that comes."""
    down: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"between": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._sockets: set[socket.socket] = set()
        self._open: set[socket.socket] = set()
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        """As if the server behind it were gone, open streams included."""
        self._server.shutdown()
        self._server.server_close()
        self.drop_streams()
        _cut(self._open)

    def drop_streams(self) -> None:
        """Cut the open streams."""
        _cut(self._sockets)


def _cut(connections: set[socket.socket]) -> None:
    for one in list(connections):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue


class _Handler(BaseHTTPRequestHandler):
    between: Between
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        super().setup()
        self.between._open.add(self.connection)

    def finish(self) -> None:
        self.between._open.discard(self.connection)
        super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:  # cut by the test
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.headers.get("upgrade", "").lower() == "websocket":
            self._tunnel()
        else:
            self._pass_on(b"")

    def do_POST(self) -> None:
        self._pass_on(self.rfile.read(int(self.headers.get("content-length", "0"))))

    def _pass_on(self, body: bytes) -> None:
        self.between.asked.append(self.path)
        for part, fault in list(self.between.faults.items()):
            if part in self.path:
                answer = fault()
                if answer is None:
                    time.sleep(3)
                    self.close_connection = True
                    return
                self._send(*answer)
                return
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() not in ("host", "connection", "accept-encoding")
        }
        url = self.between.upstream + self.path
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.request(self.command, url, content=body or None, headers=headers)
        self._send(answer.status_code, answer.content, answer.headers.get("content-type", ""))

    def _send(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        if 300 <= status < 400:
            self.send_header("location", "http://127.0.0.1:9/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def _tunnel(self) -> None:
        parts = urlsplit(self.between.upstream)
        upstream = socket.create_connection((parts.hostname or "", parts.port or 80))
        head = f"GET {self.path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in self.headers.items())
        upstream.sendall(head.encode() + b"\r\n")
        self.between._sockets |= {upstream, self.connection}
        threading.Thread(target=self._copy, args=(self.connection, upstream), daemon=True).start()
        first = True
        while True:
            try:
                data = upstream.recv(65536)
                if not first:
                    while self.between.frames:
                        self.connection.sendall(_frame(self.between.frames.pop(0)))
                if not data:
                    break
                self.connection.sendall(data)
                first = False
            except OSError:
                break
        self.close_connection = True
        self.between._sockets -= {upstream, self.connection}

    @staticmethod
    def _copy(source: socket.socket, target: socket.socket) -> None:
        while True:
            try:
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)
            except OSError:
                return


def _frame(message: bytes) -> bytes:
    """A message as a server puts it on a WebSocket; short ones only."""
    assert len(message) < 126
    return bytes((0x82, len(message))) + message
