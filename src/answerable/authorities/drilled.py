"""How a drill's service answers badly when it is told to: late, cut off, byte by byte."""

import threading
from http.server import BaseHTTPRequestHandler
from typing import Protocol


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
