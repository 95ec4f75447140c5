"""Which report is open in this browser: a signed cookie, set only after its code was typed.

It holds the code's keyed hash, so it dies with the code. There is one per language, each sent to the status
page's addresses alone, with requests from our own pages alone; it ends with the browser, and 20 minutes after
the last click, which its signature tells.
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation

from answerable.cases.models import Report
from answerable.cases.queries import status as queries

OPEN_FOR_SECONDS = 20 * 60
_SALT = "answerable.intake.opened"


def opened_report(request: HttpRequest) -> Report | None:
    """The report that this browser has open, or None."""
    value = request.COOKIES.get(_name(translation.get_language() or ""), "")
    try:
        code_hash = signing.loads(value, salt=_SALT, max_age=OPEN_FOR_SECONDS)
    except signing.BadSignature:
        return None
    return queries.report_by_code_hash(str(code_hash))


def open_in_browser(response: HttpResponse, report: Report) -> None:
    """Let this browser see the report, in every language, for 20 minutes from now."""
    value = signing.dumps(report.code_hash, salt=_SALT)
    for language, path in _paths():
        response.set_cookie(
            _name(language),
            value,
            path=path,
            secure=settings.CSRF_COOKIE_SECURE,
            httponly=True,
            samesite="Strict",
        )


def close_in_browser(response: HttpResponse) -> None:
    """Forget it in this browser."""
    for language, path in _paths():
        response.delete_cookie(_name(language), path=path, samesite="Strict")


def _name(language: str) -> str:
    return f"answerable_report_{language}"


def _paths() -> list[tuple[str, str]]:
    """The status page's address in each language: changing the language must not ask for the code again."""
    found = []
    for language, _name_of_it in settings.LANGUAGES:
        with translation.override(language):
            found.append((language, reverse("status")))
    return found
