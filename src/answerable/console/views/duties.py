"""Duties that are no judgement of an item: whose account it is, and what is done outside and marked kept."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.kinds import BY_THEIR_OWN_COMMAND
from answerable.cases.models import Account
from answerable.cases.queries.queue import rows
from answerable.cases.rules.deciding import HolderIs
from answerable.console.forms import HolderForm, KeptForm
from answerable.console.middleware import StaffRequest
from answerable.obligations.models import Obligation


@require_http_methods(["GET", "POST"])
def account_page(request: StaffRequest, account_id: int) -> HttpResponse:
    """Answer whose account it is, before anything happens to it (rule 12)."""
    now = clock.now()
    row = next((r for r in rows(request.person, now=now) if r.page == "account" and r.pk == account_id), None)
    if row is None:
        raise Http404(f"Nobody asks you about account {account_id}.")
    account = Account.objects.get(pk=account_id)
    form = HolderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            answer = HolderIs(form.cleaned_data["answer"])
            commands.judge_account(account_id, person_id=request.person.pk, answer=answer, now=now)
            messages.success(request, "Your answer is recorded.")
            return redirect("console:queue")
        except Refused as error:
            messages.error(request, str(error))
    context = {"account": account, "row": row, "form": form, "now": now}
    return render(request, "console/account.html", context)


@require_http_methods(["GET", "POST"])
def duty_page(request: StaffRequest, obligation_id: int) -> HttpResponse:
    """What is owed outside of this desk: mark it kept, with the reference under which it can be found."""
    now = clock.now()
    row = next((r for r in rows(request.person, now=now) if r.page == "duty" and r.pk == obligation_id), None)
    if row is None:
        raise Http404(f"There is no duty {obligation_id} for you, or it is done.")
    obligation = Obligation.objects.get(pk=obligation_id)
    form = KeptForm(request.POST or None)
    if request.method == "POST" and obligation.kind not in BY_THEIR_OWN_COMMAND and form.is_valid():
        try:
            reference = form.cleaned_data["reference"]
            commands.mark_kept(obligation_id, person_id=request.person.pk, reference=reference, now=now)
            messages.success(request, "Marked as kept.")
            return redirect("console:queue")
        except Refused as error:
            messages.error(request, str(error))
    context = {"obligation": obligation, "row": row, "form": form, "now": now}
    return render(request, "console/duty.html", context)
