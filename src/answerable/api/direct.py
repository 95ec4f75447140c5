"""`POST /screen` before Django: the same answer as the operation's, for a fraction of the work.

A platform asks before anybody sees an upload, for every upload, so this is the one address where the middleware's
millisecond counts. What the middleware would do for it is done here: the host is checked, the body's length limited,
the headers set, the database's connection renewed. Everything else is `screening.answer`, as everywhere.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.http.request import split_domain_port, validate_host

from answerable.api import problems, screening
from answerable.api.keys import holder
from answerable.api.problems import Problem
from answerable.settings.headers import HEADERS

PATH = "/api/v1/screen"
Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


def with_screening(application: Application) -> Application:
    """Wrap the public door: `POST /api/v1/screen` is answered here, all else by `application`."""
    own = _headers()

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return application(environ, start_response)
        try:
            status, headers, body = 200, {"Content-Type": "application/json"}, _answer(environ)
        except Exception as error:  # noqa: BLE001  `of` logs what it doesn't know, and answers 500
            problem = problems.of(error)
            status, headers, body = problem.status, problem.headers, problem.body
        headers["Content-Length"] = str(len(body))
        start_response(_STATUS_LINES[status], [*headers.items(), *own])
        return [body]

    return answer


_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def _answer(environ: Environ) -> bytes:
    refuse_other_hosts(environ)
    renew_connection()
    key = holder(environ.get("HTTP_AUTHORIZATION", ""), *screening.SCOPES)
    return screening.answer(
        key,
        body_of(environ),
        media_type=environ.get("CONTENT_TYPE", ""),
        account=environ.get("HTTP_ANSWERABLE_ACCOUNT", ""),
    )


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
    if using.connection is not None and (using.errors_occurred or old):
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


def _headers() -> list[tuple[str, str]]:
    """What the door's middleware sets on every answer."""
    seconds = settings.SECURE_HSTS_SECONDS
    return [
        *HEADERS.items(),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", settings.SECURE_REFERRER_POLICY),
        ("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY),
        ("X-Frame-Options", settings.X_FRAME_OPTIONS),
        *([("Strict-Transport-Security", f"max-age={seconds}")] if seconds else []),
    ]
