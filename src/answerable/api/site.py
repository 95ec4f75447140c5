"""The machine API, version 1: mounted under `/api/v1/` of the public door. OpenAPI at `/api/v1/openapi.json`."""

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from answerable import __version__
from answerable.api import copies, events, platforms, reports, screening
from answerable.api.problems import NOT_JSON, Problem, misfits, on_problem, respond

api = NinjaAPI(
    title="Answerable",
    version=__version__,
    description="Report, register, screen. Errors are problem details (RFC 9457).",
    docs_url=None,
    urls_namespace="api",
)
for _part in (reports, screening, copies, events, platforms):
    api.add_router("", _part.router)
api.exception_handler(Problem)(on_problem)
api.exception_handler(Exception)(on_problem)


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Places without ninja's own `body` and the parameter's name."""
    return respond(misfits(error.errors, skipped=2))


@api.exception_handler(Http404)
def _absent(_request: HttpRequest, _error: Http404) -> HttpResponse:
    return respond(Problem(404, "There is nothing here."))


@api.exception_handler(HttpError)
def _wrong(_request: HttpRequest, error: HttpError) -> HttpResponse:
    return respond(Problem(error.status_code, NOT_JSON if error.status_code == 400 else str(error)))
