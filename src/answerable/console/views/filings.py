"""Filings with authorities: how far each is, what is sent, in words and as it is sent; agreed to, or drafted anew."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.queries.filings import UNFINISHED, FilingView, filing_view, listed
from answerable.console.middleware import StaffRequest
from answerable.console.views.cases import found

SHOWN = 50
EACH_SECONDS = 2


@require_GET
def filings_page(request: StaffRequest) -> HttpResponse:
    """The latest filings and how far each is; as it happens, for who asks for that."""
    now = clock.now()
    rows = listed(request.person, SHOWN, now=now)
    return _live(request, render(request, "console/filings.html", {"rows": rows, "now": now}))


@require_http_methods(["GET", "POST"])
def filing_page(request: StaffRequest, filing_id: int) -> HttpResponse:
    """How far a filing is. What it says is opened by an act that is logged, and sent only as it was shown."""
    now, me = clock.now(), request.person.pk
    view: FilingView = found(filing_view, filing_id, request.person, now=now)
    unfinished = view.filing.state in UNFINISHED
    context: dict[str, object] = {"view": view, "filing": view.filing, "now": now, "unfinished": unfinished}
    try:
        match request.POST.get("action"):
            case "open" if view.filing.document_id is not None:
                document = commands.open_personal(
                    view.filing.document_id, person_id=me, purpose="filing", now=now
                )
                context |= {"document": document, "words": list(in_words(document))}
            case "send":
                digest = request.POST.get("digest", "")
                commands.approve_filing(filing_id, person_id=me, digest=digest, now=now)
                messages.success(request, "It is being sent, exactly as it was shown.")
                return redirect("console:filing", filing_id)
            case "redraft":
                commands.redraft_filing(filing_id, person_id=me, now=now)
                messages.success(request, "It is dropped, and drafted anew with what is known now.")
                return redirect("console:case", view.filing.case_id)
    except Refused as error:
        messages.error(request, str(error))
    return _live(request, render(request, "console/filing.html", context), going_on=unfinished)


def _live(request: StaffRequest, page: HttpResponse, *, going_on: bool = True) -> HttpResponse:
    """The page, loaded again and again while somebody watches it and there is something to see."""
    if "watch" in request.GET and request.method == "GET" and going_on:
        page["Refresh"] = str(EACH_SECONDS)
    return page


def in_words(document: str) -> Iterator[tuple[str, str]]:
    """What a document says, as pairs: where, in words, and what."""
    root = ElementTree.fromstring(document)  # noqa: S314  our own, measured against the schema

    def walk(element: ElementTree.Element, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for name, value in element.attrib.items():
            yield " › ".join((*place, _spaced(name))), value
        if len(element) == 0:
            yield " › ".join(place), (element.text or "").strip() or "(nothing is known)"
        for child in element:
            yield from walk(child, (*place, _spaced(child.tag)))

    for part in root:
        yield from walk(part, (_spaced(part.tag),))


def _spaced(name: str) -> str:
    """`incidentDateTime` as words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).capitalize()
