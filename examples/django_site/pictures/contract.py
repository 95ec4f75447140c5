"""What the desk asks: one address, the verb in the signed body, `re` in every answer."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks.webhooks import Webhook

from pictures.models import Answered, Notice, Picture, Suspended

Body = dict[str, Any]
EXISTING = Q(frozen=True) | Q(deleted=False)
REMEMBERED = timedelta(hours=1)
PER_PAGE = 100


class Refused(Exception):
    """A status, and the contract's name for what is wrong."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


@csrf_exempt
@require_POST
def endpoint(request: HttpRequest) -> JsonResponse:
    """Check the signature, carry the verb out once, and echo the request's id."""
    request_id = request.headers.get("webhook-id", "")
    try:
        body = verified(request)
        with transaction.atomic():
            return JsonResponse({"re": request_id, **once(request_id, request.body, body)})
    except Refused as problem:
        return JsonResponse({"re": request_id, "error": problem.error}, status=problem.status)


def verified(request: HttpRequest) -> Body:
    """The body, if the desk signed these very bytes within five minutes of now."""
    try:
        secret = settings.DESK_SECRET_FILE.read_text().strip()
        body = Webhook(secret).verify(request.body, dict(request.headers))
    except Exception as error:  # whatever is wrong with a signature, the answer is the same
        raise Refused(401, "bad_signature") from error
    if not isinstance(body, dict):
        raise Refused(400, "bad_request")
    return body


def once(request_id: str, raw: bytes, body: Body) -> Body:
    """What changes something is carried out once for its id: sent again or replayed, it gets the answer it got."""
    digest, now = hashlib.sha256(raw).hexdigest(), datetime.now(UTC)
    before = Answered.objects.filter(request_id=request_id).first()
    if before:
        if before.digest != digest:
            raise Refused(409, "other_body_same_id")
        return before.answer
    verb = VERBS.get(str(body.get("verb")))
    if verb is None:
        raise Refused(400, "unknown_verb")
    said = verb(body)
    if said.get("done"):
        Answered.objects.filter(at__lt=now - REMEMBERED).delete()
        Answered.objects.create(request_id=request_id, digest=digest, answer=said, at=now)
    return said


def described(picture: Picture) -> Body:
    """A picture without its bytes: what the list and the events say of it."""
    return {
        "ref": picture.ref,
        "kind": "image",
        "url": f"{settings.SITE_URL}/p/{picture.ref}",
        "account": picture.account,
        "posted_at": picture.posted_at.isoformat(),
        "views": picture.views,
    }


def inline(picture: Picture) -> Body:
    """The bytes, for the desk alone."""
    with picture.file.open() as file:
        return {"inline": base64.b64encode(file.read()).decode(), "media_type": picture.media_type}


def item_get(body: Body) -> Body:
    picture = the_picture(body)
    return {**described(picture), "media": inline(picture)}


def item_resolve(body: Body) -> Body:
    ref = text(body, "url").split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    found = Picture.objects.filter(ref=ref).exists()
    return {"ref": ref, "kind": "image"} if found else {"ref": None}


def item_visibility(body: Body) -> Body:
    picture, site = the_picture(body), settings.SITE_URL
    look = {"page": f"{site}/p/{picture.ref}", "media": [f"{site}/media/{picture.ref}"]}
    return {"ref": picture.ref, "visibility": picture.visibility, "serial": picture.serial, "look": look}


def item_set_visibility(body: Body) -> Body:
    picture, wanted, serial = the_picture(body), body.get("wanted"), body.get("serial")
    if wanted not in ("visible", "limited", "hidden", "gone") or type(serial) is not int or serial < 0:
        raise Refused(400, "bad_request")
    if serial >= picture.serial:  # a lower one came late: answered, and nothing changes
        picture.wanted, picture.serial = wanted, serial
        if wanted == "visible":
            picture.held = picture.to_screen = False
        if wanted in ("hidden", "gone"):  # its author can't destroy it from now on, and it can be put back
            picture.frozen = True
        picture.save()
    return {"done": True, "serial": picture.serial, "frozen": picture.frozen}


def item_freeze(body: Body) -> Body:
    Picture.objects.filter(pk=the_picture(body).pk).update(frozen=True)
    return {"done": True}


def upload_release(body: Body) -> Body:
    Picture.objects.filter(pk=the_picture(body).pk).update(held=False, to_screen=False)
    return {"done": True}


def account_get(body: Body) -> Body:
    account = the_account(body)
    return {"account": account, "suspended": Suspended.objects.filter(account=account).exists()}


def account_facts(body: Body) -> Body:
    """What an authority is told of an account that it is told of: write down here all that your site knows."""
    account = the_account(body)
    return {"account": account, "screen_name": account}


def account_suspend(body: Body) -> Body:
    account = the_account(body)
    if type(body.get("suspended")) is not bool:
        raise Refused(400, "bad_request")
    Suspended.objects.filter(account=account).delete()
    if body["suspended"]:
        Suspended.objects.create(account=account)
    return {"done": True}


def account_notify(body: Body) -> Body:
    said = {"account": the_account(body), "text": text(body, "text")}
    Notice.objects.get_or_create(key=text(body, "key"), defaults=said)
    return {"done": True}


def items_list(body: Body) -> Body:
    after = text(body, "cursor", "0")
    if not after.isdecimal() or len(after) > 18:
        raise Refused(400, "bad_request")
    pictures = list(Picture.objects.filter(EXISTING, pk__gt=int(after)).order_by("pk")[:PER_PAGE])
    items = [described(picture) for picture in pictures]
    for item, picture in zip(items, pictures, strict=True):
        if picture.is_shown:  # where it isn't, the desk asks item.get
            address = f"{settings.SITE_URL}/media/{picture.ref}"
            item["media"] = {"url": address, "media_type": picture.media_type}
    return {"items": items, "cursor": str(pictures[-1].pk) if len(pictures) == PER_PAGE else ""}


def the_picture(body: Body) -> Picture:
    """The picture named; one that its author deleted is there only while its bytes are."""
    picture = Picture.objects.select_for_update().filter(EXISTING, ref=text(body, "ref")).first()
    if picture is None:
        raise Refused(404, "not_found")
    return picture


def the_account(body: Body) -> str:
    account = text(body, "account")
    if not Picture.objects.filter(account=account).exists():
        raise Refused(404, "not_found")
    return account


def text(body: Body, member: str, otherwise: str = "") -> str:
    value = body.get(member) or otherwise
    if not isinstance(value, str) or not value:
        raise Refused(400, "bad_request")
    return value


VERBS: dict[str, Callable[[Body], Body]] = {
    "item.get": item_get,
    "item.resolve": item_resolve,
    "item.visibility": item_visibility,
    "item.set_visibility": item_set_visibility,
    "item.freeze": item_freeze,
    "items.list": items_list,
    "upload.release": upload_release,
    "account.get": account_get,
    "account.facts": account_facts,
    "account.suspend": account_suspend,
    "account.notify": account_notify,
}
