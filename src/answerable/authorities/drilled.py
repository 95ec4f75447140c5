"""What a drill's services share: a server on this machine that fails as it is told to: late, cut off, byte by byte."""

import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Generic, Protocol, Self, TypeVar


class Trouble(Protocol):
    """What goes wrong with an answer. `seconds`: how long it waits. `cut`: how many of its bytes are sent. `drip`:
    seconds between its bytes.
    """

    @property
    def seconds(self) -> float: ...
    @property
    def cut(self) -> int | None: ...
    @property
    def drip(self) -> float: ...


T = TypeVar("T", bound=Trouble)


class Service(Generic[T]):
    """A service while its `with` lasts; port 0: any that is free.

    `troubles` happen in order, each once. `asked`: every request in order, as the service names it. `over`: it ends.
    """

    def __init__(self, handler: type[BaseHTTPRequestHandler], port: int) -> None:
        self.port = port
        self.troubles: list[T] = []
        self.asked: list[str] = []
        self.over = threading.Event()
        self._handler = type("Handler", (handler,), {"party": self})
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        self._server = _Listening(("127.0.0.1", self.port), self._handler)
        self.port = self._server.server_address[1]
        serving = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        serving.daemon = True
        serving.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    def begin(self, asked: str, meets: Callable[[T], bool]) -> T | None:
        """Note a request; the first trouble that it meets, taken."""
        with self._lock:
            self.asked.append(asked)
            found = next((one for one in self.troubles if meets(one)), None)
            if found is not None:
                self.troubles.remove(found)
            return found


class _Listening(ThreadingHTTPServer):
    """A server to which a desk that is killed in the middle is no error worth a traceback."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def send(
    handler: BaseHTTPRequestHandler,
    status: int,
    head: list[str],
    body: bytes,
    trouble: Trouble | None,
    over: threading.Event,
) -> None:
    """Answer with a status, these lines of a head and a body, as badly as asked. `over`: the service ends."""
    if trouble is not None and trouble.seconds:
        over.wait(trouble.seconds)
    lines = [
        f"HTTP/1.1 {status} {handler.responses.get(status, ('',))[0]}",
        f"Content-Length: {len(body)}",
        *head,
    ]
    whole = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    try:
        _write(handler, whole, trouble, over)
    except OSError:  # whoever asked has gone
        handler.close_connection = True


def _write(
    handler: BaseHTTPRequestHandler, whole: bytes, trouble: Trouble | None, over: threading.Event
) -> None:
    if trouble is None or (trouble.cut is None and not trouble.drip):
        handler.wfile.write(whole)
        return
    handler.close_connection = True
    if trouble.cut is not None:
        handler.wfile.write(whole[: trouble.cut])
        return
    for byte in whole:
        if over.wait(trouble.drip):
            return
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
