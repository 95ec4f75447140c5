"""Pages. Whatever shows a picture asks `Picture.is_shown` first, the view of the bytes as well."""

from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.utils.html import format_html, format_html_join
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from pictures import desk
from pictures.models import Picture, Suspended, new_ref

KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}
MOST_BYTES = 12_000_000
FORM = """<form method="post" action="/upload" enctype="multipart/form-data">
<input type="hidden" name="csrfmiddlewaretoken" value="{}"><label>Name <input name="account"></label>
<label>Picture <input type="file" name="picture"></label><button>Post</button></form>{}"""
REPORT = '<p><a href="{}/?link={}">Report</a></p>'


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """What is visible, newest first: what is limited is not listed."""
    shown = Picture.objects.filter(wanted="visible", held=False, deleted=False).order_by("-pk")[:60]
    links = format_html_join(
        "", '<a href="/p/{0}"><img src="/media/{0}" alt=""></a>', ([p.ref] for p in shown)
    )
    return HttpResponse(format_html(FORM, get_token(request), links))


@require_safe
@never_cache
def item(request: HttpRequest, ref: str) -> HttpResponse:
    """One picture, with the link by which anybody reports it: no account, no script."""
    picture = shown_or_404(ref)
    Picture.objects.filter(pk=picture.pk).update(views=F("views") + 1)
    report = format_html(REPORT, settings.DESK_URL, quote(f"{settings.SITE_URL}/p/{ref}", safe=""))
    if picture.visibility == "limited" and "show" not in request.GET:
        return HttpResponse(format_html('<p>Sensitive. <a href="?show=1">Show it</a></p>{}', report))
    return HttpResponse(
        format_html('<img src="/media/{}" alt=""><p>by {}</p>{}', ref, picture.account, report)
    )


@require_safe
@never_cache
def media(request: HttpRequest, ref: str) -> FileResponse:
    """The bytes, for exactly those who may see the page. Behind nginx: X-Accel-Redirect, from this view alone."""
    picture = shown_or_404(ref)
    return FileResponse(picture.file.open(), content_type=picture.media_type)


@require_POST
def upload(request: HttpRequest) -> HttpResponse:
    """Screened before anybody sees it. On your site the account is `request.user`."""
    account, sent = request.POST.get("account", "")[:60], request.FILES.get("picture")
    data = sent.read(MOST_BYTES + 1) if sent else b""
    media_type = next((kind for magic, kind in KINDS.items() if data.startswith(magic)), "")
    if not account or not media_type or len(data) > MOST_BYTES:
        return HttpResponse(
            "Choose a JPEG, PNG or WebP picture up to 12 MB, and say who you are.", status=400
        )
    if Suspended.objects.filter(account=account).exists():
        return HttpResponse("This account can't post at the moment.", status=403)
    try:
        verdict, to_screen = desk.screen(data, media_type, account), False
    except desk.Away:
        if settings.WHEN_DESK_AWAY == "refuse":
            return HttpResponse("Nothing can be posted right now. Try again in a few minutes.", status=503)
        verdict, to_screen = "hold", True
    if verdict == "block":
        return HttpResponse("This picture can't be shared here: it is one that was removed.", status=403)
    picture = Picture(account=account, media_type=media_type, posted_at=datetime.now(UTC))
    picture.held, picture.to_screen = verdict == "hold", to_screen
    picture.file.save(new_ref(), ContentFile(data), save=False)
    with transaction.atomic():
        picture.save()
        if not to_screen:  # otherwise it is registered when it has been screened
            desk.register(picture, verdict)
    return HttpResponseRedirect(f"/p/{picture.ref}")


@require_POST
def delete(request: HttpRequest, ref: str) -> HttpResponse:
    """By its author, as your sign-in says. The bytes go too, unless the desk froze them."""
    with transaction.atomic():
        picture = Picture.objects.select_for_update().filter(ref=ref, deleted=False).first()
        if picture is None:
            raise Http404
        picture.deleted, bytes_of = True, picture.file.name
        if not picture.frozen:
            picture.file = ""
        picture.save()
        desk.say("item.deleted", {"ref": ref, "deleted_at": datetime.now(UTC).isoformat()})
    if not picture.frozen:
        default_storage.delete(bytes_of)
    return HttpResponseRedirect("/")


def shown_or_404(ref: str) -> Picture:
    """The picture, or the answer that also stands for what never existed."""
    picture = Picture.objects.filter(ref=ref).first()
    if picture is None or not picture.is_shown:
        raise Http404
    return picture
