"""Cases, reports, and the texts that are opened one at a time."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands.contacts import ContactFor
from answerable.cases.inputs import Link, NotFound, Refused
from answerable.cases.queries import texts
from answerable.cases.queries.casework import NotQualified, ReportView, case_view, report_view
from answerable.cases.queries.people import is_custodian
from answerable.console.chart import chart
from answerable.console.forms import ContactForm, MessageForm, PlaceForm
from answerable.console.middleware import StaffRequest
from answerable.platforms.registry import locate


@require_GET
def case_page(request: StaffRequest, case_id: int) -> HttpResponse:
    """One case, as far as this person may see it."""
    now = clock.now()
    view = found(case_view, case_id, request.person, now=now)
    if view.case.pk != case_id:
        return redirect("console:case", view.case.pk)
    context = {"view": view, "chart": chart(view.views, now=now), "now": now}
    context["evidence"] = is_custodian(request.person) and not view.blind
    return render(request, "console/case.html", context)


@require_http_methods(["GET", "POST"])
def report_page(request: StaffRequest, report_id: int) -> HttpResponse:
    """One report: what was claimed, its messages, an answer to read, a message to write, a place to name."""
    now = clock.now()
    view: ReportView = found(report_view, report_id, request.person, now=now)
    form = MessageForm(request.POST if request.POST.get("action") == "write" else None)
    contact = ContactForm(request.POST if request.POST.get("action") == "contact" else None)
    place = PlaceForm(request.POST if request.POST.get("action") == "name" else None)
    to_read = texts.answer_to_read(view.report, request.person)
    if request.method == "POST":
        try:
            if request.POST.get("action") == "read" and to_read is not None:
                words = commands.read_answer(to_read.pk, person_id=request.person.pk, now=now)
                row = texts.Openable("answer", "answer", "report", report_id)
                return render(request, "console/text.html", {"words": words, "row": row, "now": now})
            if contact.is_valid():
                purpose = ContactFor(contact.cleaned_data["purpose"])
                commands.ask_contact(report_id, person_id=request.person.pk, purpose=purpose, now=now)
                messages.success(request, "Somebody else is asked to agree. Then it stands in your queue.")
                return redirect("console:report", report_id)
            if place.is_valid():
                link = link_of(place.cleaned_data["link"])
                commands.name_item(report_id, link=link, person_id=request.person.pk, now=now)
                messages.success(request, "The report names it now.")
                return redirect("console:report", report_id)
            if form.is_valid():
                text = form.cleaned_data["text"]
                commands.write_message(report_id, person_id=request.person.pk, text=text, now=now)
                messages.success(request, "The message stands on the reporter's page.")
                return redirect("console:report", report_id)
        except Refused as error:
            messages.error(request, str(error))
    context = {"view": view, "report": view.report, "only": [view.report]}
    context |= {"to_read": to_read, "form": form, "contact": contact, "place": place, "now": now}
    return render(request, "console/report.html", context)


def link_of(typed: str) -> Link:
    """What the adapters' patterns make of a link, as when somebody reports it."""
    located = locate(typed)
    return Link(
        located.link, located.platform or "", located.ref or "", located.kind, address=located.address
    )


@require_POST
def open_text(request: StaffRequest, text_id: int) -> HttpResponse:
    """Open one statement, message or reason. The look is in the log before the text is on the page."""
    now = clock.now()
    row = found(texts.openable, text_id, request.person, now=now)
    words = commands.open_personal(text_id, person_id=request.person.pk, purpose=row.purpose, now=now)
    context = {"words": words, "row": row, "now": now}
    return render(request, "console/text.html", context)


def found(query: Any, *arguments: Any, **named: Any) -> Any:
    """What a query gives; 404 for what isn't there, 403 for what this person is not qualified to see."""
    try:
        return query(*arguments, **named)
    except NotFound as error:
        raise Http404(str(error)) from error
    except NotQualified as error:
        raise PermissionDenied(" ".join((NotQualified.__doc__ or "").split())) from error


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for what this person may not see."""
    return render(request, "console/refused.html", {"why": str(exception)}, status=403)


def missing(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's
    """The page for what isn't there."""
    return render(
        request, "console/refused.html", {"why": "There is no such page, or no longer."}, status=404
    )
