"""The machine API, version 1: mounted under `/api/v1/` of the public door. OpenAPI at `/api/v1/openapi.json`."""

from typing import Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from answerable import __version__
from answerable.api import copies, events, reports, screening
from answerable.api.problems import Problem, on_problem, respond

_log = structlog.get_logger(__name__)
api = NinjaAPI(
    title="Answerable",
    version=__version__,
    description="Report, register, screen. Errors are problem details (RFC 9457).",
    docs_url=None,
    urls_namespace="api",
)
for _part in (reports, screening, copies, events):
    api.add_router("", _part.router)
api.exception_handler(Problem)(on_problem)


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Name each wrong member, never its value."""
    errors = [{"pointer": "#/" + "/".join(_place(one)), "detail": str(one["msg"])} for one in error.errors]
    return respond(Problem(422, "The request doesn't fit: see `errors`.", errors=errors[:50]))


def _place(error: dict[str, Any]) -> list[str]:
    """Where in the body an error is: without ninja's own `body` and the parameter's name."""
    return [str(part) for part in error.get("loc", ())][2:]


@api.exception_handler(Http404)
def _absent(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return respond(Problem(404, "There is nothing here."))


@api.exception_handler(HttpError)
def _wrong(_request: HttpRequest, error: HttpError) -> HttpResponse:
    detail = "The body is not JSON." if error.status_code == 400 else str(error)
    return respond(Problem(error.status_code, detail))


@api.exception_handler(RequestDataTooBig)
def _too_big(_request: HttpRequest, _error: RequestDataTooBig) -> HttpResponse:
    return respond(Problem(413, "The request is too large: send the media's address instead of its bytes."))


@api.exception_handler(DatabaseError)
def _no_database(_request: HttpRequest, error: DatabaseError) -> HttpResponse:
    _log.error("database_error", error=type(error).__name__)
    return respond(
        Problem(503, "Nothing was stored: send the same request again, with the same Idempotency-Key.")
    )


@api.exception_handler(Exception)
def _fault(_request: HttpRequest, error: Exception) -> HttpResponse:
    _log.error("api_fault", error=type(error).__name__)
    return respond(
        Problem(500, "Something went wrong here. It was noted; send the same request again later.")
    )
