"""How NCMEC is asked: one configured host, name and password, a hard end in time and size, nothing asked twice.

Whether a step that was not answered is asked again is for whoever knows what stands on disk.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import IO, Final

import httpx

from answerable.authorities.base import AnswerUnusable, HostNotConfigured, NoAnswer, Unreachable
from answerable.authorities.ncmec.answers import MOST_BYTES, Raw
from answerable.db import crash, deadline

CONNECT_SECONDS: Final = 5.0
XML: Final = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Door:
    """Where NCMEC is for this desk. `base` ends in `/ispws`; `login` is name and password; `seconds` for one step."""

    base: str
    login: tuple[str, str] = field(repr=False)
    seconds: float = 8.0

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        form: Mapping[str, str] | None = None,
        file: tuple[str, IO[bytes], str] | None = None,
    ) -> Raw:
        """One request, and its whole answer. Call it from a thread without an event loop.

        `body` is an XML document; `file` is name, bytes and media type, read piece by piece as it is sent.
        Raises Unreachable (nothing arrived), NoAnswer (it may have), AnswerUnusable, HostNotConfigured.
        """
        seconds = deadline.remaining_seconds(self.seconds)
        crash.point("call")
        raw = asyncio.run(self._exchange(method, path, body, form, file, seconds))
        crash.point("called")
        return raw

    async def _exchange(
        self,
        method: str,
        path: str,
        body: bytes | None,
        form: Mapping[str, str] | None,
        file: tuple[str, IO[bytes], str] | None,
        seconds: float,
    ) -> Raw:
        async with httpx.AsyncClient(
            auth=self.login,
            trust_env=False,
            follow_redirects=False,
            verify=_tls(),
            timeout=httpx.Timeout(None, connect=min(seconds, CONNECT_SECONDS)),
        ) as client:
            request = client.build_request(
                method,
                self._address(path),
                content=body,
                data=form,
                files={"file": file} if file else None,
                headers={"Content-Type": XML} if body is not None else None,
            )
            try:
                # A limit per read starts anew with each byte, so an answer could trickle in for ever.
                async with asyncio.timeout(seconds):
                    return await _whole(client, request)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                raise Unreachable(type(error).__name__) from error
            except (httpx.TransportError, TimeoutError) as error:
                raise NoAnswer(type(error).__name__) from error

    def _address(self, path: str) -> httpx.URL:
        """The address of an endpoint, on the configured host and nowhere else. Raises HostNotConfigured."""
        base = httpx.URL(self.base)
        url = httpx.URL(self.base.rstrip("/") + path)
        if (url.scheme, url.netloc) != (base.scheme, base.netloc) or url.userinfo:
            raise HostNotConfigured("the configured address is no address")
        return url


async def _whole(client: httpx.AsyncClient, request: httpx.Request) -> Raw:
    response = await client.send(request, stream=True)
    request_id = _printable(response.headers.get("request-id", ""))
    try:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MOST_BYTES:
                raise AnswerUnusable(f"more than {MOST_BYTES} bytes", request_id=request_id)
    finally:
        await response.aclose()
    return Raw(response.status_code, bytes(body), request_id)


def _printable(text: str) -> str:
    """A Request-ID as it may stand in a log."""
    return "".join(char for char in text if char.isascii() and char.isprintable())[:100]


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Building a trust store takes longer than a step, so it is kept."""
    return httpx.create_ssl_context(trust_env=False)
