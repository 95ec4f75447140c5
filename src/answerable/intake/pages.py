"""How every public page is rendered: the desk's name, the languages, and what each page brings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import translate_url
from django.utils import translation

from answerable.cases.queries.status import somebody_on_call

FORM_ERROR = 422


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render one page. Languages are offered only where changing them loses nothing: on pages by GET."""
    language = translation.get_language() or settings.LANGUAGE_CODE
    return render(
        request,
        f"intake/{template}",
        {
            "desk": settings.CONFIG.desk,
            "language": language,
            "languages": _languages(request) if request.method == "GET" else [],
            "on_call": somebody_on_call,  # asked only by the pages that show it
            **(context or {}),
        },
        status=status,
    )


def _languages(request: HttpRequest) -> list[dict[str, str]]:
    if len(settings.LANGUAGES) < 2:
        return []
    here = request.get_full_path()
    return [
        {"code": code, "short": code.upper(), "name": name, "href": translate_url(here, code)}
        for code, name in settings.LANGUAGES
    ]
