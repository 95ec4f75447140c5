"""The site's side of the http contract, whole: what an integrator writes. Copy it, and change what it calls.

One address receives everything: a POST whose body is JSON with a `verb`, signed as Standard Webhooks say.
Every answer echoes the request's webhook-id as `re`. `answerable platform check` tries all of it.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks.webhooks import Webhook

from answerable.demo.sample import settings, shown, storage
from answerable.demo.sample.models import Answered, Item, Notice, Person

Body = dict[str, Any]
VISIBILITIES = ("visible", "limited", "hidden", "gone")
ITEMS_PER_PAGE = 100
CONTRACT_KIND = {"post": "image", "message": "image", "profile": "profile"}
PAGE_OF = {"post": "/p/", "message": "/m/", "profile": "/u/"}


class CantAnswer(Exception):
    """The request can't be carried out: an HTTP status and a name for it."""

    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error
        super().__init__(error)


@csrf_exempt
@require_POST
def endpoint(request: HttpRequest) -> JsonResponse:
    """Check the signature, carry out the verb, and echo the request's id."""
    request_id = request.headers.get("webhook-id", "")[:200]
    try:
        body = checked(request)
        answer = once(request_id, request.body, lambda: carry_out(body))
    except CantAnswer as problem:
        return JsonResponse({"re": request_id, "error": problem.error}, status=problem.status)
    return JsonResponse({"re": request_id, **answer})


def checked(request: HttpRequest) -> Body:
    """The body, if the desk signed it within the last five minutes."""
    secret = settings.SECRET_FILE.read_text("ascii").strip()
    try:
        body = Webhook(secret).verify(request.body, dict(request.headers))
    except Exception as error:  # whatever is wrong with a signature, the answer is the same
        raise CantAnswer(401, "bad_signature") from error
    if not isinstance(body, dict):
        raise CantAnswer(400, "bad_request")
    return body


def once(request_id: str, raw: bytes, act: Callable[[], Body]) -> Body:
    """Carry a request out once: sent again, or replayed by a stranger, it gets the answer it got."""
    digest = hashlib.sha256(raw).hexdigest()
    with transaction.atomic():
        before = Answered.objects.filter(request_id=request_id).first()
        if before is not None:
            if before.body_digest != digest:
                raise CantAnswer(409, "other_body_same_id")
            return dict(before.answer)
        answer = act()
        if answer.get("done"):  # questions are answered afresh; what changed something is remembered
            Answered.objects.create(
                request_id=request_id, body_digest=digest, answer=answer, at=datetime.now(UTC)
            )
        return answer


def carry_out(body: Body) -> Body:
    """Find the verb and call it with the body."""
    verb = VERBS.get(str(body.get("verb")))
    if verb is None:
        raise CantAnswer(400, "unknown_verb")
    return verb(body)


def item_resolve(body: Body) -> Body:
    """The item behind whatever address or name a person typed; null where it leads nowhere."""
    typed = text_of(body, "url").split("?")[0].split("#")[0].rstrip("/")
    last = typed.removeprefix("@").split("@")[0].rsplit("/", 1)[-1]
    item = existing().filter(ref=last).first()
    return {"ref": item.ref, "kind": kind_of(item)} if item else {"ref": None}


def item_get(body: Body) -> Body:
    """One item, hidden ones too: the desk's reviewers have to see what they judge."""
    return described(the_item(body))


def item_visibility(body: Body) -> Body:
    """What its audience sees now, and addresses at which the desk can look for itself without signing in."""
    item = the_item(body)
    token = f"?look={shown.look_at(item, datetime.now(UTC))}" if item.kind == "message" else ""
    page = f"{settings.PUBLIC_URL}{PAGE_OF[item.kind]}{item.ref}{token}"
    media = [f"{settings.PUBLIC_URL}/media/{item.ref}{token}"] if item.sha256 else []
    look: Body = {"media": media} if item.kind == "profile" else {"page": page, "media": media}
    return {"ref": item.ref, "visibility": shown.visibility(item), "serial": item.serial, "look": look}


def item_set_visibility(body: Body) -> Body:
    """Make it so at once. A serial lower than the last came late: it is answered, and changes nothing."""
    item, wanted, serial = the_item(body), body.get("wanted"), body.get("serial")
    if wanted not in VISIBILITIES or not isinstance(serial, int) or isinstance(serial, bool) or serial < 0:
        raise CantAnswer(400, "bad_request")
    if serial >= item.serial:
        item.wanted, item.serial = wanted, serial
        if wanted == "visible":
            item.held = item.to_screen = False
        if wanted in ("hidden", "gone"):
            item.frozen = True  # nobody sees it, its author can't destroy it, and it can be put back
        item.save(update_fields=["wanted", "serial", "held", "to_screen", "frozen"])
    return {"done": True, "serial": item.serial, "frozen": item.frozen}


def item_freeze(body: Body) -> Body:
    """From now on its author's deletion takes it from view and leaves the bytes."""
    item = the_item(body)
    item.frozen = True
    item.save(update_fields=["frozen"])
    return {"done": True}


def account_get(body: Body) -> Body:
    """An account, as little as the desk needs."""
    person = the_person(body)
    return {
        "account": person.name,
        "url": f"{settings.PUBLIC_URL}/u/{person.name}",
        "suspended": person.suspended,
    }


def account_facts(body: Body) -> Body:
    """What the site knows of an account, for a report to an authority. A real site has addresses and times, too."""
    person = the_person(body)
    refs = body.get("refs")
    if not isinstance(refs, list) or not all(isinstance(ref, str) for ref in refs):
        raise CantAnswer(400, "bad_request")
    sent = Item.objects.filter(author=person, ref__in=refs, kind="message").select_related("recipient")
    return {
        "account": person.name,
        "screen_name": person.name,
        "profile_urls": [f"{settings.PUBLIC_URL}/u/{person.name}"],
        "items": [
            {"ref": item.ref, "recipients": [{"account": item.recipient.name}]}
            for item in sent
            if item.recipient is not None
        ],
    }


def account_suspend(body: Body) -> Body:
    """A suspended account posts nothing; what it posted before is a matter of each item."""
    person, suspended = the_person(body), body.get("suspended")
    if not isinstance(suspended, bool):
        raise CantAnswer(400, "bad_request")
    person.suspended = suspended
    person.save(update_fields=["suspended"])
    return {"done": True}


def account_notify(body: Body) -> Body:
    """Tell the holder: once per key, however often it is asked."""
    person = the_person(body)
    Notice.objects.get_or_create(
        key=text_of(body, "key")[:200],
        defaults={"person": person, "text": text_of(body, "text"), "at": datetime.now(UTC)},
    )
    return {"done": True}


def items_list(body: Body) -> Body:
    """Everything there is, oldest first; the cursor is the last number seen."""
    cursor = body.get("cursor") or "0"
    if not isinstance(cursor, str) or not cursor.isdecimal() or len(cursor) > 18:
        raise CantAnswer(400, "bad_request")
    items = list(
        existing().filter(id__gt=int(cursor)).select_related("author").order_by("id")[:ITEMS_PER_PAGE]
    )
    more = len(items) == ITEMS_PER_PAGE
    return {
        "items": [described(item, inline=False) for item in items],
        "cursor": str(items[-1].pk) if more else "",
    }


def upload_release(body: Body) -> Body:
    """Let through an upload that was held for a look."""
    item = the_item(body)
    item.held = item.to_screen = False
    item.save(update_fields=["held", "to_screen"])
    return {"done": True}


VERBS: dict[str, Callable[[Body], Body]] = {
    "item.resolve": item_resolve,
    "item.get": item_get,
    "item.visibility": item_visibility,
    "item.set_visibility": item_set_visibility,
    "item.freeze": item_freeze,
    "account.get": account_get,
    "account.facts": account_facts,
    "account.suspend": account_suspend,
    "account.notify": account_notify,
    "items.list": items_list,
    "upload.release": upload_release,
}


def described(item: Item, inline: bool = True) -> Body:
    """An item as the contract writes it. Media by address while everybody sees them, else inline."""
    body: Body = {
        "ref": item.ref,
        "kind": kind_of(item),
        "url": f"{settings.PUBLIC_URL}{PAGE_OF[item.kind]}{item.ref}",
        "account": item.author.name,
        "posted_at": item.posted_at.isoformat(),
        "views": item.views,
    }
    if not item.sha256:
        words = base64.b64encode(item.caption.encode()).decode()
        return body | {"media": {"inline": words, "media_type": "text/plain"}}
    if item.kind != "message" and shown.visibility(item) in ("visible", "limited"):
        return body | {
            "media": {"url": f"{settings.PUBLIC_URL}/media/{item.ref}", "media_type": item.media_type}
        }
    if not inline:
        return body
    data = base64.b64encode(storage.read(item.sha256)).decode()
    return body | {"media": {"inline": data, "media_type": item.media_type}}


def kind_of(item: Item) -> str:
    """What an item is, in the contract's words."""
    return CONTRACT_KIND[item.kind] if item.sha256 else "text"


def existing() -> Any:
    """Items that are still there: posted, or deleted by their author after they were frozen."""
    return Item.objects.exclude(deleted_at__isnull=False, frozen=False)


def the_item(body: Body) -> Item:
    """The item that the body names, locked for this request by SQLite's one writer."""
    item = existing().filter(ref=text_of(body, "ref")).select_related("author").first()
    if item is None:
        raise CantAnswer(404, "not_found")
    return item  # type: ignore[no-any-return]


def the_person(body: Body) -> Person:
    """The account that the body names."""
    person = Person.objects.filter(name=text_of(body, "account")).first()
    if person is None:
        raise CantAnswer(404, "not_found")
    return person


def text_of(body: Body, key: str) -> str:
    """A member of the body that has to be text."""
    value = body.get(key)
    if not isinstance(value, str) or not value:
        raise CantAnswer(400, "bad_request")
    return value
