"""Events for the desk: written with the change that they tell of, sent by one thread until they are taken."""

import logging
import secrets
import threading
from datetime import UTC, datetime
from typing import Any

from django.db import close_old_connections, transaction
from django.db.models import F

from answerable.demo.sample import contract, desk, storage
from answerable.demo.sample.models import Event, Item

LOG = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_AFTER_FAILURE = 2.0
VIEWS_PER_EVENT = 500
_wake = threading.Event()
_started = threading.Lock()


def say(event_type: str, item: Item, **more: Any) -> None:
    """Owe the desk an event about an item, in the caller's transaction."""
    Event.objects.create(
        type=event_type,
        key=f"{event_type}-{secrets.token_hex(8)}",
        data={"ref": item.ref, **more},
        at=datetime.now(UTC),
    )
    _wake.set()


def start() -> None:
    """Send in the background for as long as this process lives; once, however often it is called."""
    if _started.acquire(blocking=False):
        threading.Thread(target=_run, name="outbox", daemon=True).start()


def _run() -> None:
    while True:
        try:
            send_all()
            pause = SECONDS_BETWEEN_LOOKS
        except desk.DeskUnreachable as error:
            LOG.info("the desk can't be told now: %s", error)
            pause = SECONDS_AFTER_FAILURE
        except Exception:  # the thread is all that sends: it says what broke and goes on
            LOG.exception("the outbox failed")
            pause = SECONDS_AFTER_FAILURE
        finally:
            close_old_connections()
        _wake.wait(pause)
        _wake.clear()


def send_all() -> int:
    """Screen what could not be screened, then send what is owed, oldest first. Raises DeskUnreachable."""
    _screen_what_waits()
    _count_views()
    sent = 0
    while (event := Event.objects.filter(sent_at=None, refused="").order_by("id").first()) is not None:
        try:
            desk.tell(_body(event), event.key)
        except desk.DeskRefused as error:
            LOG.warning("the desk refuses event %s (%s): %s", event.key, event.type, error)
            Event.objects.filter(pk=event.pk).update(refused=str(error)[:300])
        else:
            Event.objects.filter(pk=event.pk).update(sent_at=datetime.now(UTC))
            sent += 1
    return sent


def _body(event: Event) -> dict[str, Any]:
    """The event as the contract writes it; what an item is now is read now, its bytes too."""
    data = dict(event.data)
    if event.type in ("item.registered", "item.edited"):
        item = Item.objects.select_related("author").get(ref=data["ref"])
        data |= contract.described(item, inline=False)
        if item.sha256 and item.deleted_at is None:
            data["media"] = desk.inline(storage.read(item.sha256), item.media_type)
    return {"type": event.type, "timestamp": event.at.isoformat(), "data": data}


def _screen_what_waits() -> None:
    """Uploads that came while the desk was away are held: ask now, and show what is clear."""
    for item in Item.objects.filter(to_screen=True, deleted_at=None).select_related("author")[:20]:
        try:
            verdict = desk.screen(storage.read(item.sha256), item.media_type, item.author.name)
        except desk.DeskRefused as error:
            LOG.warning("the desk can't screen %s, it stays held: %s", item.ref, error)
            verdict = desk.Verdict.HOLD
        with transaction.atomic():
            item.refresh_from_db(fields=["held", "to_screen"])
            item.held = item.held and verdict is not desk.Verdict.CLEAR
            item.to_screen = False
            item.save(update_fields=["held", "to_screen"])
            say("item.registered", item, held=item.held, screened=verdict.value)


def _count_views() -> None:
    """Owe one event for all items that were viewed since the last."""
    with transaction.atomic():
        changed = list(Item.objects.exclude(views=F("views_told")).order_by("id")[:VIEWS_PER_EVENT])
        if not changed:
            return
        Event.objects.create(
            type="item.viewed",
            key=f"item.viewed-{secrets.token_hex(8)}",
            data={"items": [{"ref": item.ref, "views": item.views} for item in changed]},
            at=datetime.now(UTC),
        )
        for item in changed:
            Item.objects.filter(pk=item.pk).update(views_told=item.views)
