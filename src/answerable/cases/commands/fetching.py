"""What the worker found out about an upload: by fetching it, and by screening what was fetched."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.grouping import locked
from answerable.cases.commands.registering import held_account, hold, take
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import ItemIn
from answerable.cases.models import Item
from answerable.obligations import Owed
from answerable.policy.words import By

SCREEN_WITHIN = timedelta(seconds=60)


def item_fetched(item_id: int, *, item_in: ItemIn, obligation_id: int, now: datetime) -> None:
    """Take what a fetch found of an item, look for its copies if it was reported, and screen what is new."""
    with transaction.atomic():
        item = locked(item_id)
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        before, noticed = item.content_id, item.first_notice_at is not None
        changed = take(writing, item, item_in)
        sha256 = item_in.prints.sha256 if item_in.prints else ""
        if item.content_id != before and (before is not None or not noticed):
            # an upload, or new media of an item: what a report names is protected as reports are
            _screen(writing, item, item_in.held or held_account(item), item_in.on_lists)
        entry_id = writing.record("item_fetched", {"item": item.pk, "sha256": sha256, **changed})
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)


def item_screened(
    item_id: int,
    *,
    content_id: int | None,
    held: str,
    on_lists: Collection[str] = (),
    obligation_id: int,
    now: datetime,
) -> None:
    """Take what screening a fetched upload came to: `held` says why it is held, empty where nothing matches, `on_lists`
    what it matched.

    Where the item shows other media by now, that screening says nothing: it stays owed.
    """
    with transaction.atomic():
        item = locked(item_id)
        if item.content_id != content_id:
            return
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        if held:
            hold(writing, item, held, on_lists)
        entry_id = writing.record("obligation_kept", {"obligation": obligation_id, "kind": "screen_item"})
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)


def _screen(writing: Writing, item: Item, held: str, on_lists: Collection[str]) -> None:
    if held:
        hold(writing, item, held, on_lists)
        return
    due_at = writing.now + SCREEN_WITHIN
    writing.owe([Owed(kind="screen_item", subject=f"item:{item.pk}", by=By.WORKER, due_at=due_at)])
