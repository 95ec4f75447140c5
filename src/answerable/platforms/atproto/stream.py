"""The stream of everything that accounts of a server do, from a cursor on, message by message."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import structlog

from answerable.platforms import base
from answerable.platforms.atproto import ipld, refs
from answerable.platforms.atproto.refs import Ref

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LARGEST_MESSAGE_BYTES: Final = 5_242_880
"""The protocol's own limit for one message."""
WAITING_MESSAGES: Final = 64
"""Of those not yet taken so many are in memory; then the server waits."""
OPEN_WITHIN_SECONDS: Final = 5.0


log = structlog.get_logger(__name__)


class CursorLost(Exception):
    """The server no longer has, or never had, what came after the cursor."""


@dataclass(frozen=True)
class Written:
    """A record that was written, and what is in it; `record` None: deleted."""

    ref: Ref
    record: Mapping[str, Any] | None


@dataclass(frozen=True)
class Happened:
    """One message: `seq` is the cursor after it. `again`: the account whose records all have to be read anew."""

    seq: int
    at: str = ""
    written: tuple[Written, ...] = ()
    again: str = ""
    deleted_account: str = ""


class Stream:
    """An open stream. Raises PlatformUnreachable where it ends."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection

    def next(self, within_seconds: float) -> Happened | None:
        """The next thing that happened, or None. Raises CursorLost, AnswerMalformed, PlatformError."""
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            message = self._connection.recv(timeout=within_seconds)
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError, EOFError) as error:
            raise base.PlatformUnreachable(f"the stream ended: {type(error).__name__}") from error
        if isinstance(message, str):
            raise base.AnswerMalformed("a text came on the stream")
        return read(message)


@contextmanager
def opened(url: str, cursor: int | None) -> Iterator[Stream]:
    """The stream of a server from a cursor on, or from now on. No redirect and no proxy. Raises PlatformError."""
    try:
        from websockets.exceptions import WebSocketException  # noqa: PLC0415  an extra
        from websockets.sync.client import connect  # noqa: PLC0415
    except ImportError as error:
        raise base.OptionsUnusable(
            "install what this adapter needs: pip install 'answerable[atproto]'"
        ) from error
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    address = f"{'wss' if secure else 'ws'}://{parts.netloc}{parts.path}/xrpc/com.atproto.sync.subscribeRepos"
    address += f"?cursor={cursor}" if cursor is not None else ""
    try:
        # A socket of our own: with one, the library follows no redirect, which would lead to another host (rule 4).
        sock = socket.create_connection(
            (parts.hostname or "", parts.port or (443 if secure else 80)), OPEN_WITHIN_SECONDS
        )
        connection = connect(
            address, sock=sock, ssl=ssl.create_default_context() if secure else None, proxy=None,
            open_timeout=OPEN_WITHIN_SECONDS, close_timeout=1, max_size=LARGEST_MESSAGE_BYTES,
            max_queue=WAITING_MESSAGES, compression=None,
        )  # fmt: skip
    except (OSError, WebSocketException, TimeoutError) as error:
        raise base.PlatformUnreachable(f"the stream: {type(error).__name__}") from error
    with connection:
        yield Stream(connection)


def read(message: bytes) -> Happened:
    """What a message says. Raises CursorLost, PlatformFailed, AnswerMalformed."""
    header, body = ipld.frame_of(message)
    if header.get("op") == -1:
        if body.get("error") == "FutureCursor":
            raise CursorLost("FutureCursor")
        raise base.PlatformFailed(f"the stream said {str(body.get('error'))[:60]}")
    kind = str(header.get("t", "")).removeprefix("#")
    if kind == "info":
        if body.get("name") == "OutdatedCursor":
            raise CursorLost("OutdatedCursor")
        return Happened(0)
    seq, at = body.get("seq"), body.get("time")
    if not isinstance(seq, int) or not isinstance(at, str):
        raise base.AnswerMalformed(f"a message {kind[:20]!r} without its place")
    if kind == "commit":
        return _commit(seq, at, body)
    did = str(body.get("did"))
    if kind == "sync":
        return Happened(seq, at, again=did)
    if kind == "account" and body.get("active") is False and body.get("status") == "deleted":
        return Happened(seq, at, deleted_account=did)
    return Happened(seq, at)


def _commit(seq: int, at: str, body: Mapping[str, Any]) -> Happened:
    """The records that a commit wrote. Where they can't be read from it, all of the account's are read anew."""
    did, ops, car = str(body.get("repo")), body.get("ops"), body.get("blocks")
    if not isinstance(ops, list) or not isinstance(car, bytes):
        raise base.AnswerMalformed("a commit without what was written")
    if body.get("tooBig"):
        return Happened(seq, at, again=did)
    written: list[Written] = []
    try:
        blocks = ipld.blocks_of(car)
        for op in ops:
            ref = Ref.of_uri(f"at://{did}/{op['path']}")
            if ref is None:
                log.warning("a record's name is none of the protocol's", account=did[:80])
                continue
            if op["action"] == "delete":
                written.append(Written(ref, None))
                continue
            record = blocks[op["cid"]]
            if isinstance(record, dict):
                written.append(Written(ref, record))
    except (base.AnswerMalformed, KeyError, TypeError):
        return Happened(seq, at, again=did)
    return Happened(seq, at, tuple(written))


def media_of(written: Written) -> tuple[refs.Blob, ...]:
    """The media that a written record shows."""
    return refs.blobs_of(written.record, written.ref.collection) if written.record is not None else ()
