"""`/events`: what a platform tells: uploads, edits, deletions, views. Each is taken once for its key."""

from typing import Any

from django.http import HttpRequest
from ninja import Body, Router

from answerable import clock
from answerable.api.event_shapes import DeletedEvent, EventIn, RegisteredEvent, RegisteredIn, TakenOut
from answerable.api.keys import Bearer
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.api.reports import idempotency
from answerable.api.screening import fingerprints_of
from answerable.cases import commands
from answerable.cases.inputs import ItemIn, NotFound, Prints, Refused
from answerable.matching.known import IndexStale
from answerable.matching.screening import AccountRef, screen

router = Router(tags=["events"])


@router.post("/events", response=TakenOut, auth=Bearer("events:write"))
def take_event(request: HttpRequest, event: EventIn = Body(...)) -> Any:  # type: ignore[type-arg]  # noqa: B008
    """Take one event of the platform that the key speaks for."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    same = idempotency(request, key, event.model_dump(mode="json"))
    try:
        if isinstance(event, RegisteredEvent):
            item_in = _item_in(key, event.data, edited=event.type == "item.edited")
            registered = commands.register_item(item_in, now=clock.now(), idempotency=same)
            return TakenOut(taken=1, wanted=str(registered.wanted))
        if isinstance(event, DeletedEvent):
            commands.delete_item(key.platform, event.data.ref, now=clock.now())
            return TakenOut(taken=1)
        totals = {one.ref: one.views for one in event.data.items}
        known = commands.count_views(key.platform, totals, now=clock.now())
        return TakenOut(taken=known, unknown=len(totals) - known)
    except NotFound as error:
        raise Problem(404, str(error)) from error
    except Refused as error:
        raise Problem(409, str(error)) from error


def _item_in(key: ApiKey, data: RegisteredIn, *, edited: bool = False) -> ItemIn:
    """The upload with its fingerprints, and whether it is to be held, as seen from here or by the platform."""
    inline = data.media if data.media is not None and data.media.inline is not None else None
    found = fingerprints_of(key, inline, data.hashes) if data.kind != "text" else None
    held = ""
    on_lists: tuple[str, ...] = ()
    if found is not None:
        try:
            screened = screen(found, account=AccountRef(key.platform, data.account) if data.account else None)
        except IndexStale as error:
            raise Problem(503, str(error) or "The index can't catch up: send it again.") from error
        held = screened.why if screened.verdict != "clear" else ""
        on_lists = screened.on_lists
    if not held and (data.held or data.screened in ("hold", "block")):
        held = "platform"  # nobody sees it, and nobody would: a person looks, and says what becomes of it
    return ItemIn(
        platform=key.platform,
        ref=data.ref,
        url=data.url,
        kind=data.kind or ("" if edited else "image"),
        account_ref=data.account,
        posted_at=data.posted_at,
        views=data.views,
        prints=Prints.of(found) if found is not None and found.sha256 else None,
        held=held,
        on_lists=on_lists,
        fetch=data.media is not None and data.media.url is not None,
        edited=edited,
    )
