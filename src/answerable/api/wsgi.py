"""What Django's middleware does for every request, for the few addresses that are answered before it."""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.http.request import split_domain_port, validate_host

from answerable.api import problems
from answerable.api.problems import Problem
from answerable.settings.headers import HEADERS

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def send(start_response: StartResponse, status: int, headers: dict[str, str], body: bytes) -> Iterable[bytes]:
    """Answer, with what the door says on every answer."""
    own = {**_headers(), **headers, "Content-Length": str(len(body))}
    start_response(STATUS_LINES[status], list(own.items()))
    return [body]


def refuse_other_hosts(environ: Environ) -> None:
    """As Django does for every request. Raises Problem (400)."""
    domain, _port = split_domain_port(environ.get("HTTP_HOST", ""))
    if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
        raise Problem(
            400, "This desk doesn't answer for that host name: use the address of its public pages."
        )


def renew_connection() -> None:
    """Close a connection that failed or is old, as Django does between requests; the next query opens another.

    Django also asks a living one whether it lives, which costs as much as what is asked then. Here a connection that
    died unnoticed answers 503 once, and is renewed with the next request.
    """
    using = connections[DEFAULT_DB_ALIAS]
    old = using.close_at is not None and time.monotonic() >= using.close_at
    if using.in_atomic_block or using.connection is None:
        return  # a transaction that a caller holds is not ours to end
    if using.errors_occurred or old:
        using.close_if_unusable_or_obsolete()


def body_of(environ: Environ) -> bytes:
    """The body, as long as it said to be. Raises Problem (411, 413, 400)."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if not declared.isdecimal():
        raise Problem(411, "Say how long the body is: `Content-Length`.")
    length = int(declared)
    if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise Problem(413, problems.TOO_LARGE)
    body: bytes = environ["wsgi.input"].read(length)
    if len(body) != length:
        raise Problem(400, "The body ended before its length: send it again.")
    return body


def _headers() -> dict[str, str]:
    """What the door's middleware sets on every answer."""
    seconds = settings.SECURE_HSTS_SECONDS
    return {
        **HEADERS,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        **({"Strict-Transport-Security": f"max-age={seconds}"} if seconds else {}),
    }
