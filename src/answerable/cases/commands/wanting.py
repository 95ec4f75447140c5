"""Changing what is wanted of an item: the one place that sets `wanted` (mechanism: desired state, not verbs)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet

from answerable.cases.commands.stating import end_reasons
from answerable.cases.commands.writing import Writing
from answerable.cases.kinds import KIND_BY_WANTED
from answerable.cases.models import Item, KnownChange
from answerable.cases.queries.frames import searchable_frames
from answerable.cases.queries.requests import is_ordered_gone
from answerable.db.prepared import first, prepared
from answerable.db.rows import update
from answerable.media.limits import SEARCHABLE_QUALITY
from answerable.obligations import Owed
from answerable.policy.words import By, Visibility

REPORTED, CONFIRMED, CONFIRMED_BY_TWO = "own.reported", "own.confirmed", "own.confirmed_by_two"
INTERIM_WHYS = frozenset({"report", "copy", "list", "account", "unreadable", "platform"})
"""Reasons that no person decided: minutes under them are counted (rule 7)."""


def want(
    writing: Writing,
    item: Item,
    visibility: Visibility,
    *,
    why: str,
    due_at: datetime,
    params: dict[str, object] | None = None,
    also_save: Sequence[str] = (),
) -> bool:
    """Want another visibility for an item, owe making it so, release what contradicts it.

    `item` must be locked. Returns whether anything changed. The caller saves nothing: this does, and with it the
    fields `also_save`.
    """
    if visibility is Visibility.VISIBLE and item.wanted == Visibility.GONE and is_ordered_gone(item.pk):
        return False  # a verified order stands, whatever people here find; lifting it is another request
    if item.wanted == visibility:
        if why == "decision" and item.wanted_why != why:  # or it would come back with what it is a copy of
            item.wanted_why = why
            item.save(update_fields=["wanted_why"])
        return False
    was = Visibility(item.wanted)
    item.wanted = visibility
    # Of what is shown, the serial between is for hiding it while its capture comes first (rule 15).
    item.wanted_serial += 2 if visibility is Visibility.GONE and was < Visibility.HIDDEN else 1
    item.wanted_why = why
    item.wanted_at = writing.now
    item.asked_at = item.acknowledged_at = None
    _count_interim(item, visibility, why, was, writing.now)
    update(item, *WANTED_FIELDS, *also_save)
    kind = KIND_BY_WANTED[visibility]
    if item.wanted_serial > 1:  # where nothing was ever wanted, nothing is owed that contradicts
        contradicted = [other for other in KIND_BY_WANTED.values() if other != kind]
        writing.release(contradicted, f"item:{item.pk}", "superseded")
    if was is not Visibility.VISIBLE:
        end_reasons(writing, item)
    writing.owe(
        [
            Owed(
                kind=kind,
                subject=f"item:{item.pk}",
                by=By.WORKER,
                due_at=due_at,
                platform=item.platform,
                params=params or {},
                urgency=0 if visibility is not Visibility.GONE else None,
            )
        ]
    )
    writing.record(
        "wanted_changed",
        {"item": item.pk, "from": str(was), "to": str(visibility), "serial": item.wanted_serial, "why": why},
        case_id=item.case_id,
    )
    _know_what_is_reported(writing, item, visibility, why)
    return True


WANTED_FIELDS = (
    "wanted",
    "wanted_serial",
    "wanted_why",
    "wanted_at",
    "asked_at",
    "acknowledged_at",
    "interim_since",
    "interim_times",
    "interim_seconds",
)


def _count_interim(item: Item, visibility: Visibility, why: str, was: Visibility, now: datetime) -> None:
    """Keep the minutes of hiding that nobody decided (rule 7)."""
    if why in INTERIM_WHYS and Visibility.VISIBLE < visibility < Visibility.GONE:
        if item.interim_since is None:
            item.interim_since = now
            item.interim_times += 1
        return
    if item.interim_since is not None:
        if visibility is Visibility.VISIBLE and was is not Visibility.VISIBLE:
            item.interim_seconds += round((now - item.interim_since) / timedelta(seconds=1))
        item.interim_since = None


def _know_what_is_reported(writing: Writing, item: Item, visibility: Visibility, why: str) -> None:
    """While a reported item is hidden undecided, the same file uploaded again is held for a look."""
    if visibility is Visibility.HIDDEN and why in INTERIM_WHYS:
        know(writing, item, REPORTED)
    elif visibility is Visibility.VISIBLE:
        forget(writing, item, REPORTED)


def know(writing: Writing, item: Item, hash_list: str) -> bool:
    """Put the fingerprints of an item's content on one of our own hash lists, once. Whether they weren't on it."""
    if item.content_id is None or _last_op(writing, item.content_id, hash_list) == "add":
        return False
    _change(writing, item, hash_list, "add")
    return True


def know_more(writing: Writing, item: Item) -> None:
    """More is known of the same bytes by now: put all their fingerprints on the lists that they are on."""
    for hash_list in (REPORTED, CONFIRMED, CONFIRMED_BY_TWO):
        if item.content_id is not None and _last_op(writing, item.content_id, hash_list) == "add":
            _change(writing, item, hash_list, "add")


def forget(writing: Writing, item: Item, hash_list: str) -> bool:
    """Take the fingerprints of an item's content off a list. Whether they were on it."""
    if item.content_id is None or _last_op(writing, item.content_id, hash_list) != "add":
        return False
    _change(writing, item, hash_list, "remove")
    return True


def _last_op(writing: Writing, content_id: int, hash_list: str) -> str | None:
    """What was last said of a content on a list: "add", "remove", or None; in this command, or before."""
    cause = _cause(content_id)
    mine = [one.op for one in writing.known_changes if (one.cause, one.hash_list) == (cause, hash_list)]
    return mine[-1] if mine else first(_last_ops(cause, hash_list))


@prepared
def _last_ops(cause: str, hash_list: str) -> "QuerySet[KnownChange, str]":
    changes = KnownChange.objects.filter(cause=cause, hash_list=hash_list).order_by("-seq")
    return changes.values_list("op", flat=True)[:1]


def _cause(content_id: int) -> str:
    return f"content:{content_id}"


def _change(writing: Writing, item: Item, hash_list: str, op: str) -> None:
    content = item.content
    if content is None:
        return
    prints: list[tuple[str, bytes]] = [("sha256", bytes.fromhex(content.sha256))]
    if content.md5:
        prints.append(("md5", bytes.fromhex(content.md5)))
    if content.pdq is not None and (content.pdq_quality or 0) >= SEARCHABLE_QUALITY:
        prints.append(("pdq", bytes(content.pdq)))
    common = {"op": op, "hash_list": hash_list, "cause": _cause(content.pk), "at": writing.now}
    writing.known_changes += [KnownChange(kind=kind, value=value, **common) for kind, value in prints]
    writing.known_changes += [
        KnownChange(
            kind="frame", value=bytes(frame.pdq), at_ms=frame.at_ms, until_ms=frame.until_ms, **common
        )
        for frame in searchable_frames(content.pk)
    ]
    writing.record(
        "known_changed", {"op": op, "list": hash_list, "content": content.pk}, case_id=item.case_id
    )
