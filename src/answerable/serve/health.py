"""`/live` and `/ready`, answered before Django: no host name, no cookie, no log line."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Check = Callable[[], object]
log = structlog.get_logger(__name__)


def database_answers() -> None:
    """Raise when the database can't be read."""
    from django.db import connection  # noqa: PLC0415  needs Django to be set up

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def with_health(application: Application, checks: Mapping[str, Check]) -> Application:
    """Wrap a door: `/live` says that the process answers, `/ready` that every check passes, or 503."""

    def failing() -> list[str]:
        from django.db import close_old_connections  # noqa: PLC0415

        names = []
        for name, check in checks.items():
            try:
                check()
            except Exception as error:
                log.warning("not ready", check=name, exc_info=error)
                names.append(name)
        close_old_connections()
        return names

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO")
        if path not in ("/live", "/ready"):
            return application(environ, start_response)
        bad = failing() if path == "/ready" else []
        body = (f"not ready: {', '.join(bad)}\n" if bad else f"{path[1:]}\n").encode()
        headers = [
            ("Content-Type", "text/plain"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("503 Service Unavailable" if bad else "200 OK", headers)
        return [body]

    return answer
