"""The checklist for going live, for administrators: how each line stands, and stating what no code can check."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases.inputs import Refused
from answerable.checklist import records
from answerable.checklist.whole import checklist, line
from answerable.console.middleware import StaffRequest


@require_http_methods(["GET", "POST"])
def checklist_page(request: StaffRequest) -> HttpResponse:
    """Every line. Nothing outside is asked from here: `answerable checklist --try` does that."""
    if not request.person.administrator:
        raise PermissionDenied("This takes an administrator.")
    now, me = clock.now(), request.person.pk
    if request.method == "POST":
        key, note = request.POST.get("line", ""), request.POST.get("note", "")
        try:
            if request.POST.get("action") == "take_back":
                records.take_back(key, person_id=me, now=now)
                messages.success(request, "Taken back: it is asked again.")
            else:
                records.confirm(line(key, now), person_id=me, note=note, now=now)
                messages.success(request, "Stated. That you did is in the log.")
            return redirect("console:checklist")
        except Refused as error:
            messages.error(request, str(error))
    parts = checklist(now)
    open_ones = sum(one.is_open for part in parts for one in part.lines)
    return render(request, "console/checklist.html", {"parts": parts, "open": open_ones, "now": now})
