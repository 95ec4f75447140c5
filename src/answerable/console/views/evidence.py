"""A case's evidence, for custodians: what is kept, asking for it, agreeing, and taking it, still encrypted."""

import tempfile
from pathlib import Path

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.evidence_inputs import OpenedFor
from answerable.cases.inputs import NotFound, Refused
from answerable.cases.models import Case, Person
from answerable.cases.queries import evidence
from answerable.cases.queries.people import is_custodian
from answerable.cases.queries.queue import may_see_judgements
from answerable.console.forms import EvidenceForm
from answerable.console.middleware import StaffRequest
from answerable.console.wording import OPENED_FOR
from answerable.evidence import stores
from answerable.evidence.errors import EvidenceError
from answerable.evidence.export import export
from answerable.obligations.models import Obligation

WAITING = ("agree_evidence", "open_evidence")


@require_http_methods(["GET", "POST"])
def evidence_page(request: StaffRequest, case_id: int) -> HttpResponseBase:
    """What is kept of a case. Nothing is shown of it here: a custodian takes it, and opens it elsewhere."""
    now = clock.now()
    case = Case.objects.filter(pk=case_id).first()
    if case is None:
        raise Http404(f"There is no case {case_id}.")
    if not is_custodian(request.person):
        raise PermissionDenied("This takes a custodian.")
    if not may_see_judgements(request.person, case, now=now):
        raise Http404("You may still judge something in this case.")
    form = EvidenceForm(request.POST if request.POST.get("action") == "ask" else None)
    if request.method == "POST":
        try:
            done = _do(request, case_id, form)
            if done is not None:
                return done
        except (Refused, NotFound, EvidenceError) as error:
            messages.error(request, str(error))
    waiting = Obligation.objects.filter(kind__in=WAITING, subject=f"case:{case_id}", state="owed").first()
    asker = Person.objects.filter(pk=waiting.params["asked_by"]).first() if waiting is not None else None
    context = {
        "case": case,
        "captures": evidence.of_case(case_id),
        "holds": evidence.holds([case_id], now),
        "waiting": waiting,
        "asker": asker,
        "mine": asker is not None and asker.pk == request.person.pk,
        "goes_to": evidence.asked_for(waiting) if waiting is not None else "",
        "why": OPENED_FOR[waiting.params["why"]] if waiting is not None else "",
        "form": form,
        "now": now,
    }
    return render(request, "console/evidence.html", context)


def _do(request: StaffRequest, case_id: int, form: EvidenceForm) -> HttpResponseBase | None:
    """Do what was asked for. None: the form says what is missing. Raises Refused, NotFound, EvidenceError."""
    me, now, action = request.person.pk, clock.now(), request.POST.get("action")
    if action == "take":
        return _taken(request, case_id)
    if action == "ask" and form.is_valid():
        purpose, for_request = OpenedFor(form.cleaned_data["purpose"]), form.cleaned_data["request"]
        commands.ask_evidence(
            case_id,
            person_id=me,
            purpose=purpose,
            request_id=for_request,
            recipient=form.cleaned_data["to"],
            now=now,
        )
        messages.success(request, "Another custodian is asked to agree. Then it stands in your queue.")
    elif action == "answer":
        agreed, asked = request.POST.get("answer") == "agree", request.POST.get("asked", "")
        read = int(asked) if asked.isascii() and asked.isdecimal() else 0  # no obligation has the number 0
        commands.answer_evidence(case_id, person_id=me, agreed=agreed, asked_id=read, now=now)
        messages.success(request, "Who asked can take it now." if agreed else "Declined.")
    else:
        return None
    return redirect("console:evidence", case_id)


def _taken(request: StaffRequest, case_id: int) -> HttpResponse | FileResponse:
    """The vault's objects as a file. It has no name on this server by the time that it is sent."""
    stores.folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=stores.folder()) as folder:
        path = Path(folder) / f"case-{case_id}.tar"
        export(case_id, path, person=request.person, opened=True)
        file = path.open("rb")
    return FileResponse(file, as_attachment=True, filename=path.name, content_type="application/x-tar")
