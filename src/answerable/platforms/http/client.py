"""Bounded requests to configured hosts: a hard end in time, in size, and no step off the list.

Connections are kept open, one a thread and host: an event loop, a client and a connection for each call were
a third of the worker's time for a report. Each read and write gets the time that is left of the whole,
because a limit that starts anew with each byte lets an answer trickle in for ever.
"""

import http.client
import io
import select
import socket
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from answerable import clock
from answerable.db import crash
from answerable.platforms import base

if TYPE_CHECKING:
    import httpx
    from typing_extensions import Buffer

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
KEPT_SECONDS: Final = 15.0
"""Longer idle than that, the other side may be about to hang up."""
KEPT_CONNECTIONS: Final = 8
READ_BYTES: Final = 65_536


@dataclass(frozen=True)
class Response:
    """What came back, whole."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case."""

    @property
    def retry_after_seconds(self) -> float | None:
        """How long the server asks to be left alone (RFC 9110, 10.2.3: seconds or a date); None where it doesn't."""
        said = self.headers.get("retry-after", "").strip()
        if said.isdecimal() and len(said) < 10:
            return float(said)
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        return max(0.0, (at - clock.system_now()).total_seconds()) if at.tzinfo else None


def call(
    method: str,
    url: str,
    *,
    hosts: Collection[str],
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    cut: bool = False,
) -> Response:
    """Send one request and read the whole answer, in the time that `base.current()` leaves.

    `cut`: of a longer answer than `most_bytes` its beginning will do, where only the status counts.
    Raises HostNotConfigured, PlatformUnreachable, PlatformTooSlow, RedirectRefused, AnswerTooLarge.
    """
    if host_of(url) not in hosts:
        raise base.HostNotConfigured(host_of(url))
    seconds = base.current().seconds_left()
    if seconds == 0:
        raise base.PlatformTooSlow("no time was left to ask")
    target = _read(url)
    sent = {"Host": target.netloc.decode("ascii"), "Accept-Encoding": "identity", **(headers or {})}
    crash.point("call")
    try:
        response = _exchange(method, target, sent, body, time.monotonic() + seconds, most_bytes, cut)
    except TimeoutError as error:
        raise base.PlatformTooSlow(f"{seconds:.1f} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise base.PlatformUnreachable(type(error).__name__) from error
    crash.point("called")
    return response


def is_shown(url: str, hosts: Collection[str], most_bytes: int, not_shown: Collection[int]) -> bool:
    """Whether a stranger gets something there now; `not_shown`: the statuses that say no.

    Raises PlatformFailed for any other status, and what `call` raises.
    """
    answer = call("GET", url, hosts=hosts, most_bytes=most_bytes, cut=True)
    if 200 <= answer.status < 300:
        return True
    if answer.status in not_shown:
        return False
    raise base.PlatformFailed(f"a look was answered with status {answer.status}", answer.retry_after_seconds)


def host_of(url: str) -> str:
    """The host[:port] that a call to this address would go to, read by the very code that would call it.

    Two readers of one address are how a list of hosts is got around. Raises HostNotConfigured.
    """
    parts = _read(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.host or parts.userinfo:
        raise base.HostNotConfigured("not an address of http or https")
    return parts.netloc.decode("ascii")


def warm() -> None:
    """Load what reads addresses and talks HTTP: the first call would take half a second longer."""
    _read("http://127.0.0.1/")
    _tls()


@lru_cache(maxsize=4096)
def _read(url: str) -> "httpx.URL":
    """The parts of an address. Raises HostNotConfigured."""
    import httpx  # noqa: PLC0415  the public pages locate links and never call

    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise base.HostNotConfigured("not an address") from error


class _Bounded:
    """A connected socket whose every read and write ends at `ends_at`; what `http.client` takes for a socket."""

    def __init__(self, connected: socket.socket) -> None:
        self._connected = connected
        self.ends_at = 0.0

    def _limit(self) -> None:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connected.settimeout(left)

    def sendall(self, data: bytes) -> None:
        self._limit()
        self._connected.sendall(data)  # its limit is for all of it

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reading(self), READ_BYTES)

    def readinto(self, buffer: "Buffer") -> int:
        self._limit()
        return self._connected.recv_into(buffer)

    def hung_up(self) -> bool:
        """Whether an idle connection has something to say: that can only be its end, or nothing of ours."""
        return bool(select.select([self._connected], [], [], 0)[0])

    def close(self) -> None:
        """`http.client` calls this while the answer is still to be read, where no other may follow."""

    def hang_up(self) -> None:
        self._connected.close()


class _Reading(io.RawIOBase):
    """One answer's view of a connection: closing it leaves the connection open for the next."""

    def __init__(self, connection: _Bounded) -> None:
        self._connection = connection

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        return self._connection.readinto(buffer)


class _Kept(threading.local):
    """This thread's open connections, by scheme and host, with the time they were last used."""

    def __init__(self) -> None:
        self.by_host: dict[tuple[str, str], tuple[_Bounded, float]] = {}


_kept = _Kept()


def _exchange(
    method: str,
    target: "httpx.URL",
    headers: Mapping[str, str],
    body: bytes | None,
    ends_at: float,
    most_bytes: int,
    cut: bool,
) -> Response:
    host = (target.scheme, target.netloc.decode("ascii"))
    kept = _taken(host)
    if kept is not None:
        try:
            return _send(kept, host, method, target, headers, body, ends_at, most_bytes, cut)
        except ConnectionError:
            pass  # it hung up as we spoke: said again, the same request with the same id is carried out once
    return _send(_opened(target, ends_at), host, method, target, headers, body, ends_at, most_bytes, cut)


def _send(
    bounded: _Bounded,
    host: tuple[str, str],
    method: str,
    target: "httpx.URL",
    headers: Mapping[str, str],
    body: bytes | None,
    ends_at: float,
    most_bytes: int,
    cut: bool,
) -> Response:
    bounded.ends_at = ends_at
    connection = http.client.HTTPConnection(target.host)
    connection.auto_open = 0  # it never opens one by itself
    connection.sock = bounded
    whole = False
    try:
        connection.request(method, target.raw_path.decode("ascii"), body, dict(headers))
        answer = connection.getresponse()
        if 300 <= answer.status < 400:
            raise base.RedirectRefused(f"status {answer.status}")
        read = bytearray()
        while chunk := answer.read1(READ_BYTES):
            read += chunk
            if len(read) > most_bytes:
                if cut:
                    break
                raise base.AnswerTooLarge(f"more than {most_bytes} bytes")
        if answer.length and len(read) <= most_bytes:
            raise http.client.IncompleteRead(bytes(read), answer.length)
        whole = not answer.will_close and len(read) <= most_bytes
        given = {name.lower(): value for name, value in answer.headers.items()}
        media_type = given.get("content-type", "").partition(";")[0].strip().lower()
        return Response(answer.status, bytes(read), media_type, given)
    finally:
        if whole and len(_kept.by_host) < KEPT_CONNECTIONS:
            _kept.by_host[host] = (bounded, time.monotonic())
        else:
            bounded.hang_up()


def _taken(host: tuple[str, str]) -> _Bounded | None:
    """This thread's connection to that host, if it is still good."""
    bounded, used_at = _kept.by_host.pop(host, (None, 0.0))
    if bounded is None:
        return None
    if time.monotonic() - used_at > KEPT_SECONDS or bounded.hung_up():
        bounded.hang_up()
        return None
    return bounded


def _opened(target: "httpx.URL", ends_at: float) -> _Bounded:
    """A new connection, made in the time that is left. Raises TimeoutError, OSError."""
    port = target.port or DEFAULT_PORTS[target.scheme]
    failed: OSError = ConnectionError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(target.host, port, type=socket.SOCK_STREAM):
        connected = socket.socket(family, kind, protocol)
        try:
            connected.settimeout(max(0.001, ends_at - time.monotonic()))
            connected.connect(address)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if target.scheme == "https":
                connected.settimeout(max(0.001, ends_at - time.monotonic()))
                connected = _tls().wrap_socket(connected, server_hostname=target.host)
        except OSError as error:
            connected.close()
            failed = error
            continue
        return _Bounded(connected)
    raise failed


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """One context per process: reading the system's certificates takes longer than a call."""
    return ssl.create_default_context()
