"""Fetch media by address: from configured media hosts only, whole, within limits, or not at all."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from answerable.media.errors import HostNotConfigured, MediaGone, MediaUnreachable, TooLarge, TooSlow

if TYPE_CHECKING:
    import ssl

    import httpx

MAX_BYTES: Final = 256 * 1024 * 1024
TIMEOUT_SECONDS: Final = 8.0
MAX_REDIRECTS: Final = 3
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
REDIRECTS: Final = (301, 302, 303, 307, 308)

Take = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Fetched:
    """The bytes, and the media type as the host declared it (not to be believed)."""

    data: bytes
    media_type: str


def fetch(
    url: str,
    allowed_hosts: Collection[str],
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> Fetched:
    """The media at `url`, whose host and port must be one of `allowed_hosts` ("host" or "host:port").

    A "host" without port means the default port of http and https. A redirect is followed at most three
    times, and only to an allowed host; private addresses are reached only because they are configured.
    `timeout_seconds` is for all of it, from name lookup to last byte. Call it from a thread without an event
    loop. Raises HostNotConfigured, TooLarge, TooSlow, MediaGone, MediaUnreachable (all FetchError).
    """
    data = bytearray()
    media_type = fetch_into(url, allowed_hosts, data.extend, max_bytes, timeout_seconds)
    return Fetched(bytes(data), media_type)


def fetch_into(
    url: str,
    allowed_hosts: Collection[str],
    take: Take,
    max_bytes: int = MAX_BYTES,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> str:
    """As `fetch`, piece by piece to `take`, so that no file is ever whole in memory; gives the media type.

    What was taken before an error is worth nothing. What `take` raises is raised.
    """
    import asyncio  # noqa: PLC0415 - like httpx below: a decoder imports this package and needs no network

    return asyncio.run(_within(url, frozenset(allowed_hosts), take, max_bytes, timeout_seconds))


async def _within(
    url: str, allowed: frozenset[str], take: Take, max_bytes: int, timeout_seconds: float
) -> str:
    import asyncio  # noqa: PLC0415

    try:
        # httpx has a time limit per read, which a host that drips passes for ever: this one is for the whole.
        async with asyncio.timeout(timeout_seconds):
            return await _follow(url, allowed, take, max_bytes)
    except TimeoutError as error:
        raise TooSlow(f"{timeout_seconds:g} s") from error


async def _follow(url: str, allowed: frozenset[str], take: Take, max_bytes: int) -> str:
    import httpx  # noqa: PLC0415

    target = _allowed(_parsed(url), allowed)
    # No limit of its own per read: `_within` limits the whole.
    async with httpx.AsyncClient(trust_env=False, verify=_tls(), timeout=None) as client:  # noqa: S113
        for _ in range(MAX_REDIRECTS + 1):
            try:
                headers = {"Accept-Encoding": "identity", "Accept": "image/*, video/*, */*"}
                async with client.stream("GET", target, headers=headers) as response:
                    if response.status_code not in REDIRECTS:
                        return await _body(response, take, max_bytes)
                    target = _allowed(_next(target, response.headers.get("location", "")), allowed)
            except httpx.HTTPError as error:
                raise MediaUnreachable(f"{type(error).__name__}: {error}") from error
        raise MediaUnreachable(f"more than {MAX_REDIRECTS} redirects")


async def _body(response: "httpx.Response", take: Take, max_bytes: int) -> str:
    if response.status_code in (404, 410):
        raise MediaGone(f"status {response.status_code}")
    if response.status_code != 200:
        raise MediaUnreachable(f"status {response.status_code}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise MediaUnreachable("the host compressed what was asked for as it is")
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise TooLarge(f"{declared} bytes declared, {max_bytes} at most")
    taken = 0
    async for chunk in response.aiter_raw():
        taken += len(chunk)
        if taken > max_bytes:
            raise TooLarge(f"more than {max_bytes} bytes")
        take(chunk)
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _parsed(url: str) -> "httpx.URL":
    import httpx  # noqa: PLC0415

    try:
        return httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise HostNotConfigured("it is not an address") from error


def _next(base: "httpx.URL", location: str) -> "httpx.URL":
    import httpx  # noqa: PLC0415

    if not location:
        raise MediaUnreachable("a redirect without a target")
    try:
        return base.join(location)
    except (httpx.InvalidURL, ValueError) as error:
        raise HostNotConfigured("it redirects to what is not an address") from error


def _allowed(url: "httpx.URL", allowed: frozenset[str]) -> "httpx.URL":
    """The same address, which httpx then calls: parsed once, so that no two parsers can disagree."""
    if url.scheme not in DEFAULT_PORTS or url.userinfo:
        raise HostNotConfigured(
            f"{url.scheme or 'no'} scheme" if not url.userinfo else "it carries a user name"
        )
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or DEFAULT_PORTS[url.scheme]
    names = {f"{host}:{port}"} | ({host} if port == DEFAULT_PORTS[url.scheme] else set())
    if not names & {name.lower() for name in allowed}:
        raise HostNotConfigured(f"{host}:{port}")
    return url


@lru_cache(maxsize=1)
def _tls() -> "ssl.SSLContext":
    """Building a trust store takes longer than a fetch, so it is kept."""
    import httpx  # noqa: PLC0415

    return httpx.create_ssl_context(trust_env=False)
