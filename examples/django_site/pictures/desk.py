"""What the site asks and tells the desk: screening before anything is shown, and an outbox that survives a crash."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from django.conf import settings
from django.db import transaction
from django.db.models import F

from pictures.contract import described, inline
from pictures.models import Event, Picture

NEVER = (400, 404, 409, 413, 422)  # with a problem document: the desk will not take this as it is


class Away(Exception):
    """The desk gave no answer that can be used: ask again later, and show nothing meanwhile."""


class Refused(Exception):
    """The desk will never take this request."""


def screen(media: bytes, media_type: str, account: str) -> str:
    """`clear`, `hold` or `block`. Raises Away. What the desk can't take is held: a person looks."""
    about = {"content-type": media_type, "answerable-account": quote(account)}
    try:
        verdict = post("/api/v1/screen", about, content=media).get("verdict")
    except Refused:
        return "hold"
    return verdict if verdict in ("clear", "block") else "hold"


def say(kind: str, data: dict[str, Any]) -> None:
    """Owe the desk an event. Call it in the transaction that makes it true."""
    Event.objects.create(body={"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data})


def register(picture: Picture, screened: str) -> None:
    """Owe the desk that there is a new picture, and what it said of it before."""
    say("item.registered", {**described(picture), "held": picture.held, "screened": screened})


def send_all() -> None:
    """Screen what waits, then send what is owed, oldest first. Raises Away: nothing is lost, it is sent later."""
    for waiting in Picture.objects.filter(to_screen=True, deleted=False):
        with waiting.file.open() as file:
            verdict = screen(file.read(), waiting.media_type, waiting.account)
        with transaction.atomic():
            picture = Picture.objects.select_for_update().get(pk=waiting.pk)
            picture.held, picture.to_screen = verdict != "clear", False
            picture.save()
            register(picture, verdict)
    count_views()
    while event := Event.objects.filter(refused="").order_by("pk").first():
        body = event.body
        if body["type"] == "item.registered":
            picture = Picture.objects.get(ref=body["data"]["ref"])
            if picture.file:  # a ref's bytes never change here, so a second try is the same
                body["data"]["media"] = inline(picture)
        try:
            post("/api/v1/events", {"idempotency-key": event.key}, json=body)
        except Refused as error:  # look at these: something is wrong on this side
            Event.objects.filter(pk=event.pk).update(refused=str(error))
        else:
            event.delete()


def count_views() -> None:
    """Owe one event with the totals that grew."""
    with transaction.atomic():
        grown = list(Picture.objects.exclude(views=F("views_told")).values("ref", "views")[:500])
        if grown:
            say("item.viewed", {"items": grown})
        for one in grown:
            Picture.objects.filter(ref=one["ref"]).update(views_told=one["views"])


def post(path: str, headers: dict[str, str], **body: Any) -> dict[str, Any]:
    """One request to the desk. Raises Away, Refused."""
    try:
        key = settings.DESK_KEY_FILE.read_text().strip()
        headers = {"authorization": f"Bearer {key}", **headers}
        answer = httpx.post(settings.DESK_URL + path, headers=headers, timeout=25, **body)
        kind = answer.headers.get("content-type", "")
        if answer.status_code in NEVER and kind.startswith("application/problem+json"):
            raise Refused(answer.text[:500])
        return dict(answer.raise_for_status().json())
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise Away(repr(error)) from error
