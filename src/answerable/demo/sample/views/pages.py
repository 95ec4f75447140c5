"""Pages that show something. Every opening of a post counts as a view."""

from datetime import UTC, datetime
from typing import Any

from django.db.models import F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from answerable.demo.sample import settings, shown, storage
from answerable.demo.sample.contract import PAGE_OF
from answerable.demo.sample.desk import report_link
from answerable.demo.sample.models import Item, Notice, Person
from answerable.demo.sample.views.people import signed_in, viewer

ON_HOME = 60


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The newest posts."""
    return render(request, "sample/home.html", {"posts": shown.listed()[:ON_HOME]})


@require_safe
def post(request: HttpRequest, ref: str) -> HttpResponse:
    """One post, as a page of its own."""
    return _item_page(request, ref, "post")


@require_safe
def message(request: HttpRequest, ref: str) -> HttpResponse:
    """One private message, for the two people it is between."""
    return _item_page(request, ref, "message")


def _item_page(request: HttpRequest, ref: str, kind: str) -> HttpResponse:
    item = _seen_item(request, ref, kind)
    if shown.visibility(item) == "limited" and "show" not in request.GET:
        return _fresh(render(request, "sample/limited.html", {"item": item, "report": _report(item)}))
    if request.method == "GET" and "look" not in request.GET:  # the desk's own looks are no views
        Item.objects.filter(pk=item.pk).update(views=F("views") + 1)
        item.views += 1
    return _fresh(render(request, "sample/item.html", {"item": item, "report": _report(item)}))


@require_safe
def profile(request: HttpRequest, name: str) -> HttpResponse:
    """A person, what they posted, and what they repost."""
    person = get_object_or_404(Person, name=name)
    posts = shown.listed().filter(Q(author=person) | Q(reposts__person=person)).distinct()
    picture = Item.objects.filter(ref=name).first()
    context: dict[str, Any] = {
        "person": person,
        "posts": posts[:ON_HOME],
        "picture": picture if picture and shown.may_see(picture, None, "", datetime.now(UTC)) else None,
        "unseen": _unseen_by_all(person) if viewer(request) == person else 0,
        "report": report_link(f"{settings.PUBLIC_URL}/u/{person.name}"),
    }
    return _fresh(render(request, "sample/profile.html", context))


@require_safe
@signed_in
def messages_page(request: HttpRequest) -> HttpResponse:
    """All messages to and from the signed-in person."""
    me = viewer(request)
    between = Item.objects.filter(Q(author=me) | Q(recipient=me), kind="message").select_related(
        "author", "recipient"
    )
    items = [
        {"item": item, "visible": shown.may_see(item, me, "", datetime.now(UTC)), "report": _report(item)}
        for item in between.order_by("-id")[:ON_HOME]
    ]
    return _fresh(render(request, "sample/messages.html", {"items": items}))


@require_safe
@signed_in
def notices_page(request: HttpRequest) -> HttpResponse:
    """What the report desk told the signed-in person."""
    notices = Notice.objects.filter(person=viewer(request)).order_by("-id")[:ON_HOME]
    return _fresh(render(request, "sample/notices.html", {"notices_list": notices}))


@require_safe
def media(request: HttpRequest, ref: str) -> HttpResponse:
    """The bytes of an item, for exactly those who may see its page. Never stored by caches on the way."""
    item = _seen_item(request, ref, None)
    if not item.sha256:
        raise Http404
    response = HttpResponse(storage.read(item.sha256), content_type=item.media_type)
    response["X-Content-Type-Options"] = "nosniff"
    return _fresh(response)


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """Says that the site serves."""
    return HttpResponse("ready\n", content_type="text/plain")


@require_safe
def style(_request: HttpRequest) -> HttpResponse:
    """The one stylesheet."""
    path = settings.STYLESHEET
    response = HttpResponse(path.read_bytes(), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = "max-age=300"
    return response


def _seen_item(request: HttpRequest, ref: str, kind: str | None) -> Item:
    """The item if this viewer may see it; otherwise the page that also stands for what never existed."""
    item = Item.objects.filter(ref=ref).select_related("author", "recipient").first()
    look = request.GET.get("look", "")
    if (
        item is None
        or (kind is not None and item.kind != kind)
        or not shown.may_see(item, viewer(request), look, datetime.now(UTC))
    ):
        raise Http404
    return item


def _unseen_by_all(person: Person) -> int:
    """How many of somebody's own posts nobody sees now: they are told that much, in the gallery."""
    return Item.objects.filter(
        Q(wanted__in=["hidden", "gone"]) | Q(held=True), author=person, deleted_at=None
    ).count()


def _report(item: Item) -> str:
    return report_link(f"{settings.PUBLIC_URL}{PAGE_OF[item.kind]}{item.ref}")


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
