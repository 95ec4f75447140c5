"""Looking at items and judging them. One page, the same for whoever judges first, second or last.

The page carries what was opened (`opened.Opened`, sealed) from step to step: look, choose, see what would
follow, confirm. Nothing typed is lost when somebody else was faster.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused, ReviewIn
from answerable.cases.models import Item
from answerable.cases.queries.casework import ItemView, item_view
from answerable.cases.queries.queue import settles
from answerable.cases.queries.said import said_of
from answerable.cases.queries.standing import harms_to_judge
from answerable.console import pictures
from answerable.console.forms import JudgementForm
from answerable.console.middleware import StaffRequest
from answerable.console.opened import Opened, OpenedUnusable, unseal
from answerable.console.pictures import Picture
from answerable.console.views.cases import found
from answerable.policy.words import Age, Verdict

CHANGED = "This item changed since you opened it. Open it again from the queue; your text is kept below."
NOTHING_LEFT = "There is nothing left for you to judge here. Your text is kept below; the case says more."
LOOK_FIRST = "Look at an item first: only what you looked at can be judged."


@require_http_methods(["GET", "POST"])
def item_page(request: StaffRequest, item_id: int) -> HttpResponse:
    """Look at an item, and at others of its case; judge those that were looked at."""
    now = clock.now()
    view: ItemView = found(item_view, item_id, request.person, now=now)
    if request.method == "GET":
        commands.look_at([item_id], person_id=request.person.pk, revealed=False, now=now)
        return Page(request, view, _open(request, view, now), now).show()
    try:
        opened = unseal(request.POST.get("opened", ""), person_id=request.person.pk)
    except OpenedUnusable as error:
        page = Page(request, view, _open(request, view, now), now)
        return page.show(problem=" ".join((type(error).__doc__ or "").split()), status=409)
    page = Page(request, view, opened, now)
    action, _, number = request.POST.get("action", "").partition(":")
    if action in ("look", "colour") and number.isdecimal() and int(number) in opened.contents:
        return page.look(int(number), colour=action == "colour")
    if action in ("consequences", "confirm"):
        return page.judge(confirmed=action == "confirm")
    return page.show()


@require_GET
def blurred_image(request: StaffRequest, item_id: int) -> HttpResponse:
    """An item's media from which nobody can tell what is shown; drawn by the server."""
    now = clock.now()
    view: ItemView = found(item_view, item_id, request.person, now=now)
    commands.look_at([item_id], person_id=request.person.pk, revealed=False, now=now)
    try:
        return HttpResponse(pictures.blurred(view.item), content_type="image/jpeg")
    except pictures.NotShown as error:
        return HttpResponse(str(error), content_type="text/plain", status=502)


class Page:
    """One showing of the item page: what is opened, and what was typed."""

    def __init__(self, request: StaffRequest, view: ItemView, opened: Opened, now: datetime) -> None:
        self.request, self.view, self.opened, self.now = request, view, opened, now
        self.shown: dict[int, Picture] = {}
        self.harms = harms_to_judge(request.person, view.case)
        ncmec = settings.CONFIG.authorities.ncmec
        self.offered: dict[str, Any] = {
            "harms": self.harms,
            "complete": any(report.formal for report in view.reports),
            "classifies": ncmec is not None and ncmec.classify,
        }

    def form(self, *, bound: bool) -> JudgementForm:
        """The judgement as typed so far. Unbound after a look, which complains of nothing."""
        data = self.request.POST if self.request.method == "POST" else None
        if bound:
            return JudgementForm(data, **self.offered)
        initial = {**(data.dict() if data is not None else {})}
        return JudgementForm(initial=initial, **self.offered)

    def look(self, item_id: int, *, colour: bool) -> HttpResponse:
        """Show one item's media. The look is in the log before a byte is fetched."""
        commands.look_at([item_id], person_id=self.request.person.pk, revealed=True, now=self.now)
        item = Item.objects.select_related("content").get(pk=item_id)
        if item.content_id != self.opened.contents[item_id]:
            return self.show(problem=CHANGED, status=409)
        picture = pictures.revealed(item, colour=colour)
        self.shown[item_id] = picture
        if picture.seen:
            self.opened = self.opened.with_look(item_id)
        return self.show()

    def judge(self, *, confirmed: bool) -> HttpResponse:
        """Show what the judgement would do; when confirmed, give it."""
        form = self.form(bound=True)
        chosen = self.chosen()
        if not self.view.to_judge:
            return self.show(form, problem=NOTHING_LEFT, status=409)
        if not chosen:
            return self.show(form, problem=LOOK_FIRST, status=400)
        if not form.is_valid():
            return self.show(form, problem="Something is missing: it is marked below.", status=400)
        review = self.review(form.cleaned_data, chosen)
        try:
            if not confirmed:
                return self.ask(form, commands.consequences(review, now=self.now), chosen)
            commands.review(review, now=self.now)
        except Refused as error:
            return self.show(form, problem=str(error), status=409)
        number = "" if len(chosen) == 1 else f" of {len(chosen)} items"
        messages.success(self.request, f"Your judgement{number} is recorded.")
        return redirect("console:queue")

    def chosen(self) -> list[int]:
        """The items that this judgement is about: ticked, still waiting for it, and looked at."""
        ticked = {int(value) for value in self.request.POST.getlist("items") if value.isdecimal()}
        waiting = {self.view.item.pk, *(other.pk for other in self.view.others)}
        return sorted(ticked & waiting & self.opened.looked)

    def review(self, data: dict[str, Any], chosen: list[int]) -> ReviewIn:
        """The judgement as the command takes it."""
        return ReviewIn(
            content_ids=tuple(self.opened.contents[item_id] for item_id in chosen),
            person_id=self.request.person.pk,
            verdict=Verdict(data["verdict"]),
            age=Age(data["age"]),
            clause=data["clause"],
            reason=data["reason"],
            began_at=self.opened.began_at,
            exception=data.get("exception", ""),
            missing_element=data.get("missing_element", ""),
            nobody_in_it=data["nobody_in_it"],
            classification=data.get("classification", ""),
            tie=settles(self.request.person, self.view.item, now=self.now),
        )

    def ask(self, form: JudgementForm, follows: Any, chosen: list[int]) -> HttpResponse:
        """The page that shows what would follow, with everything typed, and asks to confirm."""
        context = {**self.context(form), "follows": follows, "chosen": chosen}
        clauses = {clause.id: clause.text["en"] for harm in self.harms for clause in harm.clauses}
        context["clause"] = clauses[form.cleaned_data["clause"]]
        return render(self.request, "console/confirm.html", context)

    def show(
        self, form: JudgementForm | None = None, *, problem: str = "", status: int = 200
    ) -> HttpResponse:
        """The item page."""
        context = {**self.context(form or self.form(bound=False)), "problem": problem}
        context["said"] = said_of(self.view.item.content)
        return render(self.request, "console/item.html", context, status=status)

    def context(self, form: JudgementForm) -> dict[str, Any]:
        """What both pages show."""
        ticked = (
            self.request.POST.getlist("items") if self.request.method == "POST" else [str(self.view.item.pk)]
        )
        tiles = [
            {
                "item": item,
                "picture": self.shown.get(item.pk),
                "looked": item.pk in self.opened.looked,
                "ticked": str(item.pk) in ticked,
                "text": item.content is not None and item.content.media_type.startswith("text/"),
            }
            for item in [self.view.item, *self.view.others]
        ]
        return {
            "view": self.view,
            "harm": self.harms[0],
            "tiles": tiles,
            "opened": self.opened.seal(),
            "form": form,
            "now": self.now,
        }


def _open(request: StaffRequest, view: ItemView, now: datetime) -> Opened:
    items = [item for item in [view.item, *view.others] if item.content_id is not None]
    return Opened(request.person.pk, now, {item.pk: int(item.content_id or 0) for item in items})
