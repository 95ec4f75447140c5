"""Letters to authorities: how far each is, what it says, its receipt, or that it came back."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models.letters import BOUNCED, BY_HAND, SENT
from answerable.cases.queries.letters import letter_view
from answerable.console.middleware import StaffRequest
from answerable.console.views.cases import found


@require_http_methods(["GET", "POST"])
def letter_page(request: StaffRequest, letter_id: int) -> HttpResponse:
    """How far a letter is. What it says is opened by an act that is logged."""
    now, me = clock.now(), request.person.pk
    letter = found(letter_view, letter_id, request.person, now=now)
    context: dict[str, object] = {
        "letter": letter,
        "now": now,
        "may_come_back": letter.state in SENT,
        "may_go_again": letter.state in (BOUNCED, BY_HAND) and bool(letter.message_id),
    }
    try:
        match request.POST.get("action"):
            case "open" if letter.facts_id is not None:
                context["facts"] = commands.open_personal(
                    letter.facts_id, person_id=me, purpose="letter", now=now
                )
            case "came_back":
                commands.letter_bounced(letter.reference, person_id=me, why="a person says so", now=now)
                messages.success(
                    request, "The authority was not told: it is owed anew, and people are paged."
                )
                return redirect("console:letter", letter_id)
            case "again":
                commands.send_again(letter_id, person_id=me, now=now)
                messages.success(request, "Another letter is written with what is known now, and sent.")
                return redirect("console:case", letter.case_id)
    except Refused as error:
        messages.error(request, str(error))
    return render(request, "console/letter.html", context)
