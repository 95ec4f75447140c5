"""Forms that change something."""

from datetime import UTC, datetime

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from answerable.demo.sample import posting, shown
from answerable.demo.sample.models import Item, Person, Repost
from answerable.demo.sample.views.people import signed_in, viewer

WORDS = 2000
HELD = "Thank you. Your picture is stored and will be shown once it has been checked."


@require_http_methods(["GET", "POST"])
@signed_in
def new_post(request: HttpRequest) -> HttpResponse:
    """Share a picture with everybody."""
    if request.method == "GET":
        return render(request, "sample/new_post.html")
    try:
        upload = posting.received(_file(request), _me(request))
        item = posting.post(_me(request), upload, _words(request, "caption"))
    except posting.Refused as refusal:
        messages.error(request, str(refusal))
        return render(request, "sample/new_post.html", status=422)
    if item.held:
        messages.info(request, HELD)
        return redirect("profile", name=item.author.name)
    return redirect("post", ref=item.ref)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: HttpRequest, ref: str) -> HttpResponse:
    """Change one's own post: its words, or its picture."""
    item = _own(request, ref)
    if request.method == "GET":
        return render(request, "sample/edit.html", {"item": item})
    try:
        data = _file(request)
        upload = posting.received(data, item.author) if data else None
        posting.edit(item, _words(request, "caption"), upload)
    except posting.Refused as refusal:
        messages.error(request, str(refusal))
        return render(request, "sample/edit.html", {"item": item}, status=422)
    if item.held:
        messages.info(request, HELD)
        return redirect("profile", name=item.author.name)
    return redirect("post", ref=item.ref)


@require_POST
@signed_in
def delete(request: HttpRequest, ref: str) -> HttpResponse:
    """Delete one's own post or message."""
    posting.delete(_own(request, ref))
    messages.info(request, "It is deleted.")
    return redirect("home")


@require_POST
@signed_in
def repost(request: HttpRequest, ref: str) -> HttpResponse:
    """Show somebody's post on one's own page."""
    item = get_object_or_404(Item, ref=ref, kind="post")
    if not shown.may_see(item, None, "", datetime.now(UTC)):
        raise Http404
    Repost.objects.get_or_create(person=_me(request), item=item, defaults={"at": datetime.now(UTC)})
    return redirect("post", ref=ref)


@require_POST
@signed_in
def send_message(request: HttpRequest) -> HttpResponse:
    """Write to one person."""
    recipient = Person.objects.filter(name=request.POST.get("to", "").strip().lower()).first()
    if recipient is None:
        messages.error(request, "There is nobody of that name here.")
        return redirect("messages")
    try:
        data = _file(request)
        upload = posting.received(data, _me(request)) if data else None
        item = posting.send(_me(request), recipient, upload, _words(request, "text"))
    except posting.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("messages")
    return redirect("messages") if item.held else redirect("message", ref=item.ref)


@require_POST
@signed_in
def set_picture(request: HttpRequest) -> HttpResponse:
    """Change one's profile picture."""
    me = _me(request)
    try:
        item = posting.set_picture(me, posting.received(_file(request), me))
    except posting.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if item.held:
            messages.info(request, HELD)
    return redirect("profile", name=me.name)


def _me(request: HttpRequest) -> Person:
    me = viewer(request)
    assert me is not None, "only behind signed_in"  # noqa: S101
    return me


def _own(request: HttpRequest, ref: str) -> Item:
    return get_object_or_404(
        Item.objects.select_related("author"), ref=ref, author=_me(request), deleted_at=None
    )


def _words(request: HttpRequest, name: str) -> str:
    words = request.POST.get(name, "").strip()
    if len(words) > WORDS:
        raise posting.Refused(f"That is longer than {WORDS} characters.")
    return words


def _file(request: HttpRequest) -> bytes:
    """The uploaded bytes, or none; one byte more than allowed is read, so that too large is noticed."""
    file = request.FILES.get("picture")
    return file.read(posting.MOST_BYTES + 1) if isinstance(file, UploadedFile) else b""
