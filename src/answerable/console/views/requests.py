"""Authorities' requests: typed in as they came, verified by two people, answered."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models import AuthorityRequest, Person, RequestEvidence
from answerable.cases.queries import requests
from answerable.cases.queries.joined import joined_into
from answerable.cases.queries.people import may_handle
from answerable.cases.queries.queue import may_see_judgements
from answerable.cases.request_inputs import Asks, Came, RequestIn, Unfit
from answerable.cases.rules.requests import DISCLOSES
from answerable.console.middleware import StaffRequest
from answerable.console.request_forms import AnswerForm, CheckForm, RefusalForm, RequestForm, SilenceForm
from answerable.console.views.cases import link_of
from answerable.policy import store
from answerable.policy.words import Age
from answerable.settings.config import config

SHOWN = 200
FORMS: dict[str, type[Form]] = {
    "check": CheckForm,
    "silence": SilenceForm,
    "refuse": RefusalForm,
    "answered": AnswerForm,
}


@require_GET
def requests_page(request: StaffRequest) -> HttpResponse:
    """All requests, open ones first, and how late each is."""
    now = clock.now()
    rows = [
        {"row": row, "late": requests.is_late(row, now)} for row in requests.listed(request.person)[:SHOWN]
    ]
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
    action = request.POST.get("action", "")
    forms = {name: shape(request.POST if action == name else None) for name, shape in FORMS.items()}
    context: dict[str, Any] = {"row": row, "now": now, "forms": forms}
    try:
        if action == "open" and row.words_id is not None:
            context["words"] = commands.open_request(row.pk, person_id=request.person.pk, now=now)
        elif action and (said := _do(row, action, forms.get(action), request.person.pk)):
            messages.success(request, said)
            return redirect("console:request", row.pk)
    except Refused as error:
        messages.error(request, str(error))
    row.refresh_from_db()
    context |= {
        "late": requests.is_late(row, now),
        "items": requests.items_of(row),
        "holds": [one.hold for one in row.holds.select_related("hold")],
        "checks": row.checks.select_related("person").order_by("pk"),
        "silences": row.silences.order_by("pk"),
        "mine": row.checks.filter(person=request.person).exists(),
        "handles": may_handle(request.person),
        "given": _given(row, request.person, now) if may_handle(request.person) else [],
        "took": (row.answered_at - row.received_at) if row.answered_at else None,
        "gives": row.asks in DISCLOSES,
    }
    return render(request, "console/request.html", context)


def _given(row: AuthorityRequest, person: Person, now: datetime) -> list[RequestEvidence]:
    """What evidence it was answered with, but of no case in which this person may still judge (rule 10)."""
    rows = row.evidence.select_related("case", "recipient", "by", "second").order_by("pk")
    return [one for one in rows if may_see_judgements(person, joined_into(one.case), now=now)]


def _do(row: AuthorityRequest, action: str, form: Form | None, me: int) -> str:
    """Do what was asked for, and say so. Empty: the form says what is missing. Raises Refused."""
    now = clock.now()
    if form is not None and not form.is_valid():
        return ""
    given = form.cleaned_data if form is not None else {}
    match action:
        case "check":
            verified = commands.check_request(row.pk, person_id=me, now=now, **given)
            return "Two people verified it." if verified else "Noted. Another person has to verify it, too."
        case "silence":
            commands.keep_silent(row.pk, person_id=me, now=now, **given)
            return "Notices to account holders wait until then."
        case "refuse":
            unfit = Unfit(given["unfit"])
            commands.refuse_request(row.pk, person_id=me, unfit=unfit, reason=given["reason"], now=now)
            return "Refused. What it kept or held back has ended."
        case "answered":
            commands.request_answered(row.pk, person_id=me, reference=given["reference"], now=now)
            return "That the authority was told is in the log."
        case "grant":
            commands.grant_request(row.pk, person_id=me, now=now)
            return "Done. Now the authority is told, by a contact that was verified."
    return ""


def _typed(cleaned: dict[str, Any]) -> RequestIn:
    """The form as the command takes it."""
    plain = (
        "received_at",
        "authority",
        "country",
        "regime",
        "basis",
        "law",
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
