"""`POST /screen` before Django: the same answer as the operation's, for a fraction of the work.

A platform asks before anybody sees an upload, for every upload, so this is the one address where the middleware's
millisecond counts. What the middleware would do for it is done by `api.wsgi`; all else is `screening.answer`, as
everywhere.
"""

from collections.abc import Iterable
from contextlib import nullcontext

from answerable.api import problems, screening
from answerable.api.keys import holder
from answerable.api.wsgi import (
    Application,
    Environ,
    StartResponse,
    body_of,
    refuse_other_hosts,
    renew_connection,
    send,
)
from answerable.db.mark import one_mark

SHORT_BODY_BYTES = 65_536
PATH = "/api/v1/screen"


def with_screening(application: Application) -> Application:
    """Wrap the public door: `POST /api/v1/screen` is answered here, all else by `application`."""

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return application(environ, start_response)
        try:
            status, headers, body = 200, {"Content-Type": "application/json"}, _answer(environ)
        except Exception as error:  # noqa: BLE001  `of` logs what it doesn't know, and answers 500
            problem = problems.of(error)
            status, headers, body = problem.status, problem.headers, problem.body
        return send(start_response, status, headers, body)

    return answer


def _answer(environ: Environ) -> bytes:
    refuse_other_hosts(environ)
    renew_connection()
    # Who asks with hashes has asked before anything is looked at; a picture may still be on its way for seconds.
    body = body_of(environ) if _is_short(environ) else None
    with one_mark() if body is not None else nullcontext():
        key = holder(environ.get("HTTP_AUTHORIZATION", ""), *screening.SCOPES)
        return screening.answer(
            key,
            body_of(environ) if body is None else body,
            media_type=environ.get("CONTENT_TYPE", ""),
            account=environ.get("HTTP_ANSWERABLE_ACCOUNT", ""),
        )


def _is_short(environ: Environ) -> bool:
    declared = environ.get("CONTENT_LENGTH") or ""
    return declared.isdecimal() and len(declared) < 6 and int(declared) <= SHORT_BODY_BYTES
