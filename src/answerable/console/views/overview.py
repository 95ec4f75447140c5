"""The queue, and the desk's figures."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from answerable import clock
from answerable.cases.queries.figures import figures
from answerable.cases.queries.queue import rows
from answerable.console.middleware import StaffRequest
from answerable.policy import store

SHOWN = 100
"""Rows on the page: the rest comes up as these are done."""


@require_GET
def queue(request: StaffRequest) -> HttpResponse:
    """What this person may do now, first what is due first."""
    now = clock.now()
    found = rows(request.person, now=now)
    waiting = [{"row": row, "late": row.is_late(now), "to": f"console:{row.page}"} for row in found[:SHOWN]]
    return render(request, "console/queue.html", {"waiting": waiting, "total": len(found), "now": now})


@require_GET
def figures_page(request: StaffRequest) -> HttpResponse:
    """Time to hide and minutes of wrongful hiding side by side, and what is late."""
    now = clock.now()
    found = figures(store.active(), now=now)
    kinds = sorted({*found.late_now, *found.kept_late})
    late = [(kind, (found.late_now.get(kind, 0), found.kept_late.get(kind, 0))) for kind in kinds]
    return render(request, "console/figures.html", {"figures": found, "late": late, "now": now})
