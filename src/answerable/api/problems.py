"""Errors as problem details (RFC 9457): what is wrong, and what to do. Never any content."""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound=BaseModel)
_log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
NOT_JSON = "The body is not JSON."
TOO_LARGE = "The request is too large: send the media's address instead of its bytes."


class Problem(Exception):
    """An answer other than success. `detail` tells the caller what to do."""

    def __init__(self, status: int, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extensions = extensions

    @property
    def body(self) -> bytes:
        """The problem as JSON."""
        described = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extensions,
        }
        return json.dumps(described).encode()

    @property
    def headers(self) -> dict[str, str]:
        """What its answer says beside the body."""
        headers = {"Content-Type": MEDIA_TYPE}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers["Retry-After"] = "1"
        if self.status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = "Bearer"
        return headers


def misfits(errors: Iterable[Mapping[str, Any]], *, skipped: int = 0) -> Problem:
    """What doesn't fit in a body, as pydantic says it: each member is named, never its value.

    `skipped`: how many parts of each place say where the body is, and not where in it.
    """
    named = [
        {
            "pointer": "#/" + "/".join(str(part) for part in one.get("loc", ())[skipped:]),
            "detail": str(one["msg"]),
        }
        for one in errors
    ]
    return Problem(422, "The request doesn't fit: see `errors`.", errors=named[:50])


def parsed(model: type[M], body: bytes) -> M:
    """A body in JSON as what it should be. Raises Problem (400, 422)."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Problem(400, NOT_JSON) if found[0]["type"] == "json_invalid" else misfits(found) from None


def of(error: Exception) -> Problem:
    """Whatever went wrong, as a problem. Faults of ours are logged by their type alone."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestDataTooBig):
        return Problem(413, TOO_LARGE)
    if isinstance(error, DatabaseError):
        _log.error("database_error", error=type(error).__name__)
        return Problem(503, "Nothing was stored: send the same request again, with the same Idempotency-Key.")
    _log.error("api_fault", error=type(error).__name__)
    return Problem(500, "Something went wrong here. It was noted; send the same request again later.")


def respond(error: Exception) -> HttpResponse:
    """The problem as Django's answer."""
    problem = of(error)
    return HttpResponse(problem.body, status=problem.status, headers=problem.headers)


def on_problem(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Handler for django-ninja."""
    return respond(error)
