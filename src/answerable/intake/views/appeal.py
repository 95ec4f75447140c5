"""Where an account holder contests what happened to their content, with the code of the notice."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import codes
from answerable.cases.commands import appeal as contest
from answerable.cases.inputs import STATEMENT_LIMIT, NotFound, Refused
from answerable.intake.forms import Text
from answerable.intake.pages import FORM_ERROR, page
from answerable.intake.slowing import slowing


@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest) -> HttpResponse:
    """Show the form, or take an appeal. A code that opens nothing says so and nothing more."""
    if request.method != "POST":
        return page(request, "appeal.html")
    typed = {
        "code": request.POST.get("code", "")[:100],
        "text": Text().to_python(request.POST.get("text", "")),
    }
    if not typed["text"] or len(typed["text"]) > STATEMENT_LIMIT:
        problem = _("Write why it is wrong, in at most 20,000 characters.")
        return page(request, "appeal.html", {**typed, "problem": problem}, status=FORM_ERROR)
    slowing.wait()
    try:
        contest(codes.normalised(typed["code"]), text=typed["text"], now=clock.now())
    except NotFound:
        slowing.wrong()
        return page(request, "appeal.html", {**typed, "wrong": True}, status=FORM_ERROR)
    except Refused:
        problem = _("This decision can’t be contested now: it was already contested, or it has changed.")
        return page(request, "appeal.html", {**typed, "problem": problem}, status=FORM_ERROR)
    return page(
        request,
        "said.html",
        {
            "title": _("We have your objection"),
            "lines": [
                _(
                    "Somebody who had no part in the decision decides anew. You are told the outcome on the site."
                )
            ],
            "href": reverse("home"),
            "link": _("To the first page"),
        },
    )
