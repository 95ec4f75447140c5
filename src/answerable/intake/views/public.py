"""Pages for everybody: the first page, the way out, how it works, the rules, the public log; and errors."""

import sys
from importlib.resources import files

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from answerable.audit.models import AuditCheckpoint
from answerable.intake.opened import close_in_browser
from answerable.intake.pages import page
from answerable.intake.terms import terms_html


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first page; for who comes from an item's own report link, the form with that link, at once."""
    if request.GET.getlist("link"):
        return HttpResponseRedirect(f"{reverse('report')}?{request.GET.urlencode()}")
    return page(request, "home.html")


@require_safe
def leave(request: HttpRequest) -> HttpResponse:
    """A blank page, and no report open in this browser any more."""
    response = render(request, "intake/blank.html", {"language": translation.get_language()})
    close_in_browser(response)
    return response


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """How reporting works, in plain language, and the points of contact."""
    return page(request, "about.html", {"removal_law": _removal_law()})


def _removal_law() -> bool:
    """Whether a law with the 48 hours applies: 47 USC 223a, or the United Kingdom's section 10(3A)."""
    return any(regime.split(".")[0] in ("us", "uk") for regime in settings.CONFIG.desk.regimes)


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """The rules, compiled from the policy pack that the code obeys."""
    return page(request, "terms.html", {"terms": terms_html(translation.get_language() or "en")})


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint of the audit log, the key, and how to check a receipt."""
    newest = AuditCheckpoint.objects.order_by("-size").first()
    return page(request, "log.html", {"checkpoint": newest, "origin": settings.CONFIG.desk.origin})


@require_safe
def verifier(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """The program that checks a receipt, standing alone."""
    source = files("answerable.audit").joinpath("verify.py").read_bytes()
    response = HttpResponse(source, content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


def _error(request: HttpRequest, title: str, line: str, status: int) -> HttpResponse:
    context = {"title": title, "lines": [line], "href": reverse("home"), "link": _("To the first page")}
    return page(request, "said.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404."""
    return _error(request, _("There is nothing here"), _("The address may be mistyped."), 404)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """400: more, or other, than a form of ours sends."""
    line = _("That was too much or not readable. Go back: your text is still in your browser.")
    return _error(request, _("We could not read that"), line, 400)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403: a form without our cookie. Says what to do."""
    line = _("Your browser did not bring back our cookie. Go back, reload the page, and send it again.")
    return _error(request, _("Please send that once more"), line, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, without the database; 503 where it is the database that is away or has no room."""
    line = _("Something broke on our side. Please go back and try again in a minute.")
    away = isinstance(sys.exception(), DatabaseError)
    response = _error(request, _("That is our fault"), line, 503 if away else 500)
    if away:
        response.headers["Retry-After"] = "60"
    return response
