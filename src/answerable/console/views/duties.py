"""Duties that are no judgement of an item: whose account it is, and what is done outside and marked kept."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from answerable import clock
from answerable.authorities.sheet import Sheet, is_for_people, sheet_of
from answerable.cases import commands
from answerable.cases.commands.words import WHY_NOT
from answerable.cases.inputs import Refused
from answerable.cases.kinds import BY_THEIR_OWN_COMMAND
from answerable.cases.models import Account, Filing, Person, Report
from answerable.cases.queries import words
from answerable.cases.queries.letters import letters_for
from answerable.cases.queries.queue import OF_TWO, rows
from answerable.cases.queries.texts import Openable
from answerable.cases.queries.words import ERASING
from answerable.cases.rules.deciding import HolderIs
from answerable.cases.rules.words import KeptFor
from answerable.console.forms import HolderForm, KeptForm
from answerable.console.middleware import StaffRequest
from answerable.console.templatetags.desk import about, span
from answerable.console.wording import CONTACT_FOR, KEPT_FOR
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import By

SHEET = frozenset({"open_sheet", "take_sheet"})


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
    asked = Obligation.objects.filter(kind="judge_account", subject=f"account:{account_id}", state="owed")
    contested = asked.filter(by=By.OTHER_PEOPLE).exists()
    context = {"account": account, "row": row, "form": form, "now": now, "contested": contested}
    return render(request, "console/account.html", context)


@require_http_methods(["GET", "POST"])
def duty_page(request: StaffRequest, obligation_id: int) -> HttpResponse:
    """What is owed outside of this desk: mark it kept, with the reference under which it can be found."""
    now = clock.now()
    row = next((r for r in rows(request.person, now=now) if r.page == "duty" and r.pk == obligation_id), None)
    if row is None:
        raise Http404(f"There is no duty {obligation_id} for you, or it is done.")
    obligation = Obligation.objects.get(pk=obligation_id)
    opens = request.POST.get("action") in SHEET and is_for_people(obligation, settings.CONFIG)
    form = KeptForm(None if opens else request.POST or None)
    word, _, number = obligation.subject.partition(":")
    sheet = None
    if opens:
        try:
            sheet = _sheet(request, obligation, now)
            if request.POST["action"] == "take_sheet":
                return _as_file(sheet, obligation)
        except Refused as error:
            messages.error(request, str(error))
    elif request.method == "POST" and obligation.kind in BY_THEIR_OWN_COMMAND:
        try:
            return _do(request, obligation.kind, int(number), now)
        except Refused as error:
            messages.error(request, str(error))
    elif request.method == "POST" and form.is_valid():
        try:
            reference = form.cleaned_data["reference"]
            commands.mark_kept(obligation_id, person_id=request.person.pk, reference=reference, now=now)
            messages.success(request, "Marked as kept.")
            return redirect("console:queue")
        except Refused as error:
            messages.error(request, str(error))
    context = {
        "obligation": obligation,
        "row": row,
        "form": form,
        "facts": _facts(obligation, now),
        "filings": Filing.objects.filter(obligation_id=obligation.pk).exclude(state="dropped").order_by("pk"),
        "letters": letters_for(obligation),
        "for_people": is_for_people(obligation, settings.CONFIG),
        "sheet": sheet,
        "by_hand_at": obligation.params.get("at", ""),
        "now": now,
        "report_id": int(number) if word == "report" else None,
        "erasing": obligation.kind in ERASING,
        "grounds": KEPT_FOR,
    }
    return render(request, "console/duty.html", context)


def _sheet(request: StaffRequest, obligation: Obligation, now: datetime) -> Sheet:
    """What to enter at the authority. That it is opened is in the log before it is shown. Raises Refused."""
    me = request.person.pk
    sheet = sheet_of(obligation, settings.CONFIG, now, actor=f"person:{me}")
    taken_away = request.POST["action"] == "take_sheet"
    commands.sheet_opened(obligation.pk, sheet.contents, person_id=me, taken_away=taken_away, now=now)
    return sheet


def _as_file(sheet: Sheet, obligation: Obligation) -> HttpResponse:
    answer = HttpResponse(sheet.as_text(), content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="duty-{obligation.pk}.txt"'
    return answer


def _do(request: StaffRequest, kind: str, report_id: int, now: datetime) -> HttpResponse:
    """Keep a duty by its own command. Raises Refused."""
    me = request.person.pk
    if kind == "confirm_ending":
        ended = commands.end_withdrawn(report_id, person_id=me, now=now)
        goes_on = "Nothing ended: what others ask for, or people decided, goes on."
        messages.success(request, "The matter has ended." if ended else goes_on)
    elif kind == "agree_contact":
        agreed = request.POST.get("answer") == "agree"
        commands.answer_contact(report_id, person_id=me, agreed=agreed, now=now)
        messages.success(request, "Who asked can open it now." if agreed else "Declined.")
    elif kind == "open_contact":
        contact = commands.open_contact(report_id, person_id=me, now=now)
        row = Openable("contact", kind, "report", report_id)
        return render(request, "console/text.html", {"words": contact, "row": row, "now": now})
    elif kind in ERASING:
        answer = request.POST.get("answer", "")
        declined = None if answer == "agree" else ground(answer)
        erased = commands.answer_erasure(report_id, person_id=me, declined=declined, now=now)
        waits = "Declined." if declined else "Another one is asked to agree."
        messages.success(request, "It is erased." if erased else waits)
    else:
        raise Refused("This is kept where it is shown, not here.")
    return redirect("console:queue")


def ground(answer: str) -> KeptFor:
    """The ground on which somebody declines to erase. Raises Refused."""
    if answer not in list(KeptFor):
        raise Refused("Agree, or choose the ground on which you decline.")
    return KeptFor(answer)


def _facts(obligation: Obligation, now: datetime) -> list[tuple[str, str]]:
    """What somebody who does it needs to know, in words."""
    given = obligation.params
    facts = [("Law", given.get("law") or obligation.regime)]
    if given.get("to"):
        authority = store.pack(obligation.pack_digest).authorities.get(given["to"])
        facts.append(("To", authority.name["en"] if authority is not None else given["to"]))
    if given.get("keep_for_seconds"):
        facts.append(("For", span(timedelta(seconds=int(given["keep_for_seconds"])))))
    names = {"what": "What", "kind": "Do by hand", "reason": "Because", "why": "Why", "ground": "Ground"}
    facts += [(label, given[name]) for name, label in names.items() if given.get(name)]
    if obligation.kind in OF_TWO:
        asking = Person.objects.filter(pk=given["asked_by"]).values_list("pseudonym", flat=True).first()
        facts = [("Why", CONTACT_FOR.get(given.get("why", ""), "")), ("Asked by", asking)]
    if obligation.kind in ERASING:
        against = words.against(Report.objects.get(pk=int(obligation.subject.partition(":")[2])), now)
        facts.append(("Not yet, because", WHY_NOT[against] if against else ""))
    facts.append(("About", about(obligation.subject)))
    return [(label, str(value).replace("_", " ")) for label, value in facts if value]
