"""Errors as problem details (RFC 9457): what is wrong, and what to do. Never any content."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse


class Problem(Exception):
    """An answer other than success. `detail` tells the caller what to do."""

    def __init__(self, status: int, detail: str, **extensions: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.extensions = extensions


def respond(problem: Problem) -> JsonResponse:
    """The problem as an HTTP answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        **problem.extensions,
    }
    response = JsonResponse(body, status=problem.status, content_type="application/problem+json")
    if problem.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response["Retry-After"] = "1"
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def on_problem(_request: HttpRequest, problem: Problem) -> JsonResponse:
    """Handler for django-ninja."""
    return respond(problem)
