"""Bounded requests to configured hosts: a hard end in time, in size, and no step off the list.

Every call runs in an event loop of its own, because only a cancelled coroutine ends on time whatever the
other side does: a read time-out starts anew with each byte that trickles in.
"""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from answerable.db import crash
from answerable.platforms import base

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Response:
    """What came back, whole."""

    status: int
    body: bytes
    media_type: str


def call(
    method: str,
    url: str,
    *,
    hosts: Collection[str],
    most_bytes: int,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Response:
    """Send one request and read the whole answer, in the time that `base.current()` leaves.

    Raises HostNotConfigured, PlatformUnreachable, PlatformTooSlow, RedirectRefused, AnswerTooLarge.
    """
    if host_of(url) not in hosts:
        raise base.HostNotConfigured(host_of(url))
    seconds = base.current().seconds_left()
    if seconds == 0:
        raise base.PlatformTooSlow("no time was left to ask")
    import httpx  # noqa: PLC0415  the public pages locate links and never call

    request = httpx.Request(method, url, headers=dict(headers or {}), content=body)
    crash.point("call")
    response = asyncio.run(_bounded(request, seconds, most_bytes))
    crash.point("called")
    return response


def host_of(url: str) -> str:
    """The host[:port] that a call to this address would go to, read by the very code that would call it.

    Two readers of one address are how a list of hosts is got around. Raises HostNotConfigured.
    """
    import httpx  # noqa: PLC0415

    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise base.HostNotConfigured("not an address") from error
    if parts.scheme not in ("http", "https") or not parts.host or parts.userinfo:
        raise base.HostNotConfigured("not an address of http or https")
    return parts.netloc.decode("ascii")


def warm() -> None:
    """Load the HTTP client and its event loop: the first call would take half a second longer."""
    import anyio  # noqa: PLC0415
    import httpx  # noqa: PLC0415

    httpx.AsyncHTTPTransport(verify=False)
    asyncio.run(anyio.sleep(0))


async def _bounded(request: "httpx.Request", seconds: float, most_bytes: int) -> Response:
    import httpx  # noqa: PLC0415

    try:
        async with asyncio.timeout(seconds):
            return await _exchange(request, most_bytes)
    except (TimeoutError, httpx.TimeoutException) as error:
        raise base.PlatformTooSlow(f"{seconds:.1f} s") from error
    except (httpx.TransportError, OSError) as error:
        raise base.PlatformUnreachable(type(error).__name__) from error


async def _exchange(request: "httpx.Request", most_bytes: int) -> Response:
    import httpx  # noqa: PLC0415

    verify: ssl.SSLContext | bool = _tls() if request.url.scheme == "https" else False
    transport = httpx.AsyncHTTPTransport(verify=verify, trust_env=False, retries=0)
    async with httpx.AsyncClient(transport=transport, follow_redirects=False, timeout=None) as client:  # noqa: S113  asyncio.timeout bounds it
        request.headers.setdefault("accept-encoding", "identity")
        answer = await client.send(request, stream=True)
        try:
            if answer.is_redirect:
                raise base.RedirectRefused(f"status {answer.status_code}")
            body = bytearray()
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) > most_bytes:
                    raise base.AnswerTooLarge(f"more than {most_bytes} bytes")
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            return Response(answer.status_code, bytes(body), media_type)
        finally:
            await answer.aclose()


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """One context per process: reading the system's certificates takes longer than a call."""
    return ssl.create_default_context()
