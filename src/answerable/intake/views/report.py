"""The report form and the acknowledgement.

The form needs no cookie and no session: there is nothing of the visitor's that another site could misuse,
and a report must not fail because a browser refuses cookies. Its signed nonce makes a double click one
report. (Deviation from Django's default: `csrf_exempt`; tests/intake/test_report.py holds what replaces it.)
"""

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import codes
from answerable.cases.commands import file_report
from answerable.cases.inputs import Filed, Refused, ReportIn
from answerable.cases.models import Report
from answerable.cases.queries import status as queries
from answerable.cases.queries.promised import promises
from answerable.intake.cards import cards_for
from answerable.intake.forms import ReportForm
from answerable.intake.nonces import Sending, is_ours, new_nonce, sending
from answerable.intake.pages import FORM_ERROR, page
from answerable.intake.sites import our_sites
from answerable.policy import store
from answerable.policy.words import Danger

_log = structlog.get_logger(__name__)
UNAVAILABLE = 503


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the form (with the links of `?link=` filled in), or accept a report and acknowledge it."""
    cards = cards_for(store.active().harms)
    if request.method != "POST":
        links = "\n".join(link.strip() for link in request.GET.getlist("link"))
        return _form(request, ReportForm(cards, initial={"links": links, "danger": Danger.NONE.value}))
    form = ReportForm(cards, request.POST)
    nonce = request.POST.get("nonce", "")
    valid = form.is_valid()
    if not is_ours(nonce):
        form.add_error(
            None, _("This form was too old. Nothing is lost: please press “Send report” once more.")
        )
        valid = False
    if not valid:
        return _form(request, form, status=FORM_ERROR)
    this = sending(nonce, form.typed())
    try:
        filed = file_report(_report_in(form, this), now=clock.now())
    except (Refused, DatabaseError) as error:
        _log.exception("report_not_taken", error=type(error).__name__)
        form.add_error(
            None,
            _("We could not store your report. Everything you wrote is still here: please send it again."),
        )
        return _form(request, form, status=UNAVAILABLE)
    return _received(request, form, filed, this.code)


def _report_in(form: ReportForm, this: Sending) -> ReportIn:
    earlier = form.cleaned_data["earlier"]
    before = queries.report_by_code(earlier) if earlier else None
    return form.report_in(translation.get_language() or "en", this, before.pk if before else None)


def _form(request: HttpRequest, form: ReportForm, *, status: int = 200) -> HttpResponse:
    return page(
        request,
        "report.html",
        {
            "form": form,
            "cards": form.cards.values(),
            "nonce": new_nonce(),
            "unknown_sites": form.lines.unknown_sites if form.lines.only_unknown else (),
            "our_sites": our_sites(),
        },
        status=status,
    )


def _received(request: HttpRequest, form: ReportForm, filed: Filed, code: str) -> HttpResponse:
    made = queries.report_numbered(filed.report_id)
    language = translation.get_language() or "en"
    status = queries.report_status(made, language=language, now=clock.now())
    return page(
        request,
        "received.html",
        {
            "status": status,
            "promises": promises(made, language, status.kept),
            "code": code,
            "groups": codes.grouped(code).split(),
            "missing": _missing(made) if form.asks_formally() and not made.complete else (),
        },
    )


def _missing(made: Report) -> list[str]:
    """The elements that a formal removal request still lacks."""
    elements = (
        (made.signed, _("your signature: your full name, typed")),
        (made.good_faith, _("the sentence that you believe in good faith that there was no consent")),
        (made.contact_id is not None, _("a way to reach you")),
    )
    return [text for there, text in elements if not there]
