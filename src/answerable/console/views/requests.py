"""Authorities' requests: typed in as they came, verified by two people, answered."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models import AuthorityRequest
from answerable.cases.queries import requests
from answerable.cases.queries.people import may_handle
from answerable.cases.request_inputs import Asks, Came, RequestIn
from answerable.console.middleware import StaffRequest
from answerable.console.request_forms import RequestForm
from answerable.console.views.cases import link_of
from answerable.policy import store
from answerable.policy.words import Age
from answerable.settings.config import config

SHOWN = 200


@require_GET
def requests_page(request: StaffRequest) -> HttpResponse:
    """All requests, open ones first, and how late each is."""
    now = clock.now()
    rows = [{"row": row, "late": _is_late(row, now)} for row in requests.listed(request.person)[:SHOWN]]
    return render(request, "console/requests.html", {"rows": rows, "now": now})


@require_http_methods(["GET", "POST"])
def new_request(request: StaffRequest) -> HttpResponse:
    """Type in a request as it came. What it asks for at once is done when this is saved."""
    now, pack = clock.now(), store.active()
    regimes = config().desk.regimes
    form = RequestForm(request.POST or None, pack=pack, regimes=regimes, initial={"received_at": now})
    if request.method == "POST" and form.is_valid():
        try:
            number = commands.receive_request(_typed(form.cleaned_data), person_id=request.person.pk, now=now)
            messages.success(request, "It is entered. What it names is kept from now on.")
            return redirect("console:request", number)
        except Refused as error:
            messages.error(request, str(error))
    return render(request, "console/new_request.html", {"form": form, "now": now})


@require_http_methods(["GET", "POST"])
def request_page(request: StaffRequest, request_id: int) -> HttpResponse:
    """One request. Its words are opened by an act that is logged."""
    now = clock.now()
    row = (
        AuthorityRequest.objects.select_related("entered_by", "case", "earlier").filter(pk=request_id).first()
    )
    if row is None:
        raise Http404(f"There is no request {request_id}.")
    if not may_handle(request.person) and row.entered_by_id != request.person.pk:
        raise PermissionDenied("This takes a custodian, a lead or an administrator.")
    context: dict[str, Any] = {"row": row, "now": now, "late": _is_late(row, now)}
    try:
        if request.POST.get("action") == "open" and row.words_id is not None:
            context["words"] = commands.open_request(row.pk, person_id=request.person.pk, now=now)
    except Refused as error:
        messages.error(request, str(error))
    context["items"] = requests.items_of(row)
    context["holds"] = [one.hold for one in row.holds.select_related("hold")]
    return render(request, "console/request.html", context)


def _typed(cleaned: dict[str, Any]) -> RequestIn:
    """The form as the command takes it."""
    plain = (
        "received_at",
        "authority",
        "country",
        "regime",
        "basis",
        "reference",
        "contacts",
        "words",
        "harm",
    )
    more = ("case_id", "report_id", "earlier_id", "deadline")
    return RequestIn(
        asks=Asks(cleaned["asks"]),
        came=Came(cleaned["came"]),
        age=Age(cleaned["age"]),
        links=tuple(link_of(typed) for typed in cleaned["links"]),
        accounts=tuple(cleaned["accounts"]),
        **{name: cleaned[name] for name in (*plain, *more)},
    )


def _is_late(row: AuthorityRequest, now: Any) -> bool:
    """Whether it was, or is, answered too late."""
    return bool((row.answered_at or row.closed_at or now) > row.due_at)
