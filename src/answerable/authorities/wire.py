"""How an authority is asked: one configured host, a hard end in time and size, nothing asked twice.

Whether a step that was not answered is asked again is for whoever knows what stands on disk.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Final

import httpx

from answerable.authorities.base import AnswerUnusable, HostNotConfigured, NoAnswer, Unreachable
from answerable.db import crash, deadline

CONNECT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer, whole. `headers` by name in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """One request. `file` is name, bytes and media type, read piece by piece as it is sent."""

    method: str
    path: str
    headers: Mapping[str, str] | None = None
    login: tuple[str, str] | None = None
    body: bytes | None = None
    form: Mapping[str, str] | None = None
    file: tuple[str, IO[bytes], str] | None = None


def ask(base: str, sending: Sending, *, seconds: float, most_bytes: int) -> Whole:
    """Send one request and read its whole answer. Call it from a thread without an event loop.

    Raises Unreachable (nothing arrived), NoAnswer (it may have), AnswerUnusable, HostNotConfigured.
    """
    left = deadline.remaining_seconds(seconds)
    crash.point("call")
    whole = asyncio.run(_exchange(base, sending, left, most_bytes))
    crash.point("called")
    return whole


async def _exchange(base: str, sending: Sending, seconds: float, most_bytes: int) -> Whole:
    async with httpx.AsyncClient(
        auth=sending.login,
        trust_env=False,
        follow_redirects=False,
        verify=_tls(),
        timeout=httpx.Timeout(None, connect=min(seconds, CONNECT_SECONDS)),
    ) as client:
        request = client.build_request(
            sending.method,
            _address(base, sending.path),
            content=sending.body,
            data=sending.form,
            files={"file": sending.file} if sending.file else None,
            headers=dict(sending.headers or {}),
        )
        try:
            # A limit per read starts anew with each byte, so an answer could trickle in for ever.
            async with asyncio.timeout(seconds):
                return await _read(client, request, most_bytes)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Unreachable(type(error).__name__) from error
        except (httpx.TransportError, TimeoutError) as error:
            raise NoAnswer(type(error).__name__) from error


def _address(base: str, path: str) -> httpx.URL:
    """The address of an endpoint, on the configured host and nowhere else. Raises HostNotConfigured."""
    configured = httpx.URL(base)
    url = httpx.URL(base.rstrip("/") + path)
    if (url.scheme, url.netloc) != (configured.scheme, configured.netloc) or url.userinfo:
        raise HostNotConfigured("the configured address is no address")
    return url


async def _read(client: httpx.AsyncClient, request: httpx.Request, most_bytes: int) -> Whole:
    response = await client.send(request, stream=True)
    headers = {name.lower(): value for name, value in response.headers.items()}
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > most_bytes:
                raise AnswerUnusable(f"more than {most_bytes} bytes", request_id=request_id(headers))
    finally:
        await response.aclose()
    return Whole(response.status_code, bytes(body), headers)


def request_id(headers: Mapping[str, str]) -> str:
    """A Request-ID as it may stand in a log; empty where there is none."""
    text = headers.get("request-id", "")
    return "".join(char for char in text if char.isascii() and char.isprintable())[:100]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Building a trust store takes longer than a step, so it is kept."""
    return httpx.create_ssl_context(trust_env=False)
