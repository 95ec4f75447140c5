"""What an authority is given: listed, read and agreed to by another, taken as one encrypted file."""

import json
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models import AuthorityRequest, Item, RequestPackage
from answerable.cases.queries import evidence, requests
from answerable.cases.queries.people import may_handle
from answerable.cases.rules.requests import DISCLOSES
from answerable.console.middleware import StaffRequest
from answerable.console.request_forms import PackageForm
from answerable.evidence import answering, stores
from answerable.evidence.errors import EvidenceError


@require_http_methods(["GET", "POST"])
def package_page(request: StaffRequest, request_id: int) -> HttpResponseBase:
    """The package of a verified request. All that leaves is shown by an act that is logged, before anybody agrees."""
    now = clock.now()
    row = AuthorityRequest.objects.filter(pk=request_id, asks__in=DISCLOSES).first()
    if row is None or row.verified_at is None:
        raise Http404("There is no such request, or two people didn't verify it yet.")
    if not may_handle(request.person):
        raise PermissionDenied("This takes a custodian, a lead or an administrator.")
    items, action = requests.items_of(row), request.POST.get("action", "")
    names = evidence.verified_recipients()
    form = PackageForm(request.POST if action == "list" else None, items=items, recipients=names)
    package = requests.latest_package(row)
    context: dict[str, Any] = {"row": row, "form": form, "recipients": names, "now": now}
    try:
        if action == "list" and form.is_valid():
            _list(request, row, items, form)
            return redirect("console:package", row.pk)
        if action and action != "list" and package is not None:
            done = _do(request, package, action, context)
            if done is not None:
                return done
    except (Refused, EvidenceError) as error:
        messages.error(request, str(error))
    context["package"] = requests.latest_package(row)
    context["mine"] = package is not None and package.listed_by_id == request.person.pk
    context["fields"] = [answering.FIELDS[name] for name in package.fields] if package is not None else []
    return render(request, "console/package.html", context)


def _list(request: StaffRequest, row: AuthorityRequest, items: list[Item], form: PackageForm) -> None:
    now, given = clock.now(), form.cleaned_data
    chosen = [item for item in items if str(item.pk) in given["items"]]
    commands.list_package(
        row.pk,
        person_id=request.person.pk,
        recipient=given["recipient"],
        document=answering.document(row, chosen, given["fields_given"], now),
        item_ids=[item.pk for item in chosen],
        fields=given["fields_given"],
        now=now,
    )
    messages.success(request, "Listed. Another person reads it and agrees, or not.")


def _do(
    request: StaffRequest, package: RequestPackage, action: str, context: dict[str, Any]
) -> HttpResponseBase | None:
    """Do what was asked for. None: the page shows it. Raises Refused, EvidenceError."""
    me, now = request.person.pk, clock.now()
    if action == "open":
        document = commands.open_package(package.pk, person_id=me, now=now)
        readable = json.dumps(json.loads(document), indent=2, ensure_ascii=False)
        context |= {"document": document, "readable": readable}
        return None
    if action == "answer":
        agreed, digest = request.POST.get("answer") == "agree", request.POST.get("digest", "")
        commands.answer_package(package.pk, person_id=me, digest=digest, agreed=agreed, now=now)
        messages.success(request, "It can be taken now." if agreed else "Declined: it is listed anew.")
        return redirect("console:package", package.request_id)
    if action == "take":
        stores.folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=stores.folder()) as folder:
            path = Path(folder) / f"request-{package.request_id}.json.age"
            answering.give(package.pk, path, person=request.person)
            file = path.open("rb")
        return FileResponse(
            file, as_attachment=True, filename=path.name, content_type="application/octet-stream"
        )
    return None
