"""A report's status page: opened by its code, for twenty minutes, in this browser alone."""

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from answerable import audit, clock
from answerable.cases.commands import (
    answer_report,
    ask_erasure,
    complete_request,
    open_report,
    withdraw_report,
)
from answerable.cases.commands import complain as contest
from answerable.cases.commands.completing import ELEMENT_LIMIT
from answerable.cases.inputs import STATEMENT_LIMIT, Refused
from answerable.cases.models import Report
from answerable.cases.queries import status as queries
from answerable.cases.queries.promised import receipt_entry_id
from answerable.intake.forms import Text
from answerable.intake.opened import close_in_browser, open_in_browser, opened_report
from answerable.intake.pages import FORM_ERROR, page
from answerable.intake.slowing import slowing
from answerable.intake.wording import FACTS

SEE_OTHER = 303


@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest) -> HttpResponse:
    """Ask for the code, or show the report that it opened."""
    if request.method == "POST":
        return _open(request)
    report = opened_report(request)
    if report is None:
        return page(request, "code.html")
    said = {
        "answered": _("We have your answer."),
        "complained": _("We have it. Other people decide anew."),
        "completed": _("We have added it to your request."),
        "erasure": _("You asked us to erase what you wrote. People answer within a month, on this page."),
    }
    return _show(request, report, said=said.get(request.GET.get("said", ""), ""))


def _open(request: HttpRequest) -> HttpResponse:
    slowing.wait()
    report = open_report(request.POST.get("code", ""), now=clock.now())
    draft = Text().to_python(request.POST.get("draft", ""))
    if report is None:
        slowing.wrong()
        return page(request, "code.html", {"wrong": True, "draft": draft}, status=FORM_ERROR)
    response = _show(request, report, draft=draft) if draft else _to("status")
    open_in_browser(response, report)
    return response


@require_POST
def answer(request: HttpRequest) -> HttpResponse:
    """Take an answer: it reopens the matter in front of somebody who did not decide it."""
    report = opened_report(request)
    text, fact = _text(request), request.POST.get("fact", "")
    if report is None:
        return _ended(request, text)
    problem = _problem(text) or (_("Choose one of the kinds of news.") if fact not in _FACTS else "")
    if problem:
        return _show(request, report, problem=problem, draft=text, draft_fact=fact, status=FORM_ERROR)
    try:
        answer_report(report.pk, text=text, fact=fact, now=clock.now())
    except Refused:
        return _show(request, report, problem=_refused(), draft=text, status=FORM_ERROR)
    return _to("status", report, said="answered")


@require_POST
def complain(request: HttpRequest) -> HttpResponse:
    """Take a complaint about a decision on one of this report's items."""
    report = opened_report(request)
    text, item = _text(request), request.POST.get("item", "")
    if report is None:
        return _ended(request, text)
    named = {str(pk) for pk in report.reported_items.values_list("item_id", flat=True)}
    if item not in named:
        raise Http404
    problem = _problem(text)
    if problem:
        return _show(request, report, problem=problem, complaint_draft=text, status=FORM_ERROR)
    try:
        contest(report.pk, item_id=int(item), text=text, now=clock.now())
    except Refused:
        return _show(request, report, problem=_refused(), complaint_draft=text, status=FORM_ERROR)
    return _to("status", report, said="complained")


@require_POST
def complete(request: HttpRequest) -> HttpResponse:
    """Take what a removal request still lacked."""
    report = opened_report(request)
    if report is None:
        return _ended(request)
    given = {name: Text().to_python(request.POST.get(name, "")) for name in ("signature", "contact")}
    if max(map(len, given.values())) > ELEMENT_LIMIT:
        problem = _("This is too long: write at most %(limit)s characters.") % {"limit": ELEMENT_LIMIT}
        return _show(request, report, problem=problem, status=FORM_ERROR)
    try:
        complete_request(
            report.pk, **given, good_faith=request.POST.get("good_faith") == "yes", now=clock.now()
        )
    except Refused:
        return _show(request, report, problem=_refused(), status=FORM_ERROR)
    return _to("status", report, said="completed")


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest) -> HttpResponse:
    """Say what withdrawing does and does not do (rule 18); then withdraw."""
    report = opened_report(request)
    if report is None:
        return _ended(request)
    shown = queries.report_status(report, language=_language(), now=clock.now())
    if request.method != "POST":
        return page(request, "withdraw.html", {"child": shown.child})
    if shown.may_write:
        withdraw_report(report.pk, now=clock.now())
        report.refresh_from_db()
    kept = _("You get no more messages. Your contact goes later: a law asks us to keep it for now.")
    gone = _("You get no more messages, and your contact is erased.")
    response = page(
        request,
        "said.html",
        {
            "title": _("Withdrawn"),
            "lines": [
                kept if report.contact_id is not None else gone,
                _("You can always report again."),
            ],
            "href": reverse("home"),
            "link": _("To the first page"),
        },
    )
    close_in_browser(response)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Say what erasing does and what it waits for; then ask for it."""
    report = opened_report(request)
    if report is None:
        return _ended(request)
    shown = queries.report_status(report, language=_language(), now=clock.now())
    if request.method != "POST":
        return page(request, "erase.html", {"status": shown})
    ask_erasure(report.pk, now=clock.now())
    return _to("status", report, said="erasure")


@require_POST
def close(request: HttpRequest) -> HttpResponse:
    """Close the report in this browser."""
    response = page(request, "code.html", {"ended": _("Closed. Your code opens it again.")})
    close_in_browser(response)
    return response


@csrf_exempt  # changes nothing: the code in the form, or the cookie that no other site's form brings, opens it
@require_POST
def receipt(request: HttpRequest) -> HttpResponse:
    """The receipt, to keep: signed proof of what was received and when."""
    typed = request.POST.get("code", "")
    if typed:
        slowing.wait()
        report = queries.report_by_code(typed)
        if report is None:
            slowing.wrong()
    else:
        report = opened_report(request)
    entry_id = receipt_entry_id(report) if report is not None else None
    if entry_id is None:
        return _ended(request)
    body = json.dumps(audit.receipt(entry_id, wait_seconds=1.0), indent=2, ensure_ascii=False)
    response = HttpResponse(body + "\n", content_type="application/json")
    response.headers["Content-Disposition"] = 'attachment; filename="receipt.json"'
    return response


def _show(request: HttpRequest, report: Report, *, status: int = 200, **context: Any) -> HttpResponse:
    shown = queries.report_status(report, language=_language(), now=clock.now())
    response = page(request, "status.html", {"status": shown, "facts": FACTS, **context}, status=status)
    open_in_browser(response, report)
    return response


def _ended(request: HttpRequest, draft: str = "") -> HttpResponse:
    """No report is open here, or no longer: ask for the code, keep what was typed."""
    words = _("This page was closed in the meantime. Type your code to go on.")
    kept = _("Your text is kept: you find it again on the page, not yet sent.") if draft else ""
    return page(request, "code.html", {"ended": f"{words} {kept}".strip(), "draft": draft}, status=FORM_ERROR)


def _to(name: str, report: Report | None = None, said: str = "") -> HttpResponse:
    response = HttpResponseRedirect(reverse(name) + (f"?said={said}" if said else ""))
    response.status_code = SEE_OTHER
    if report is not None:
        open_in_browser(response, report)
    return response


def _text(request: HttpRequest) -> str:
    return Text().to_python(request.POST.get("text", ""))


def _problem(text: str) -> str:
    if not text:
        return _("The text is empty.")
    if len(text) > STATEMENT_LIMIT:
        return _("The text is too long: 20,000 characters fit in one. Shorten it, or send it in two parts.")
    return ""


def _refused() -> str:
    return _("That is no longer possible: please look at what has changed on this page.")


def _language() -> str:
    return translation.get_language() or "en"


_FACTS = {"", *(value for value, _label in FACTS)}
