"""Lists that grow: what came onto one is searched for among all that was registered before, and people look.

Two steps, each crash-safe by itself. `lists_searched` notes what a search found together with how far it came;
`act_on_found` does what follows, some at a time. A kill in between repeats a search whose finds are known already,
or goes on with what waits. A list may be wrong, so it hides only so much that nobody has looked at.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from answerable.cases.commands.grouping import lock, reopen
from answerable.cases.commands.listed import decide_by_list
from answerable.cases.commands.registering import HIDE_WITHIN, owe_look, owe_search, take_up
from answerable.cases.commands.rounds import begin_round, refused_in_this_round
from answerable.cases.commands.telling import tell_holder_of_hiding
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import Writing, pack_of
from answerable.cases.inputs import AlreadyDone
from answerable.cases.kinds import is_media
from answerable.cases.list_inputs import ListHitIn
from answerable.cases.models import Item, ListMatch, Reached
from answerable.cases.queries import found
from answerable.cases.queries.protection import account_guarded
from answerable.cases.rules import protecting
from answerable.policy.words import Visibility

LISTS: Final = "lists"
ROWS_AT_ONCE: Final = 1000
ACTED_AT_ONCE: Final = 10
"""Items of one transaction: SQLite has one writer, and reports don't wait for a list."""
READ_AT_ONCE: Final = 100
MOST_UNLOOKED: Final = 500
"""Items that one class of a list may have given people to look at and that nobody has; the rest waits (see
docs/decisions/0050)."""
LOOK_WITHIN: timedelta = protecting.LOOK_SOON


def lists_searched(*, after: int, upto: int, searched: int, hits: Sequence[ListHitIn], now: datetime) -> None:
    """Note what `searched` fingerprints found, which changes of the lists after `after` up to `upto` brought.

    Raises AlreadyDone where another search came first.
    """
    rows = [
        ListMatch(
            content_id=hit.content_id,
            hash_list=hit.hash_list,
            kind=hit.kind,
            value=hit.value,
            distance=hit.distance,
            found_at=now,
        )
        for hit in hits
    ]
    for start in range(
        0, len(rows) - ROWS_AT_ONCE, ROWS_AT_ONCE
    ):  # a flood is written in parts, the end last
        with transaction.atomic():
            ListMatch.objects.bulk_create(rows[start : start + ROWS_AT_ONCE], ignore_conflicts=True)
    rest = rows[(len(rows) - 1) // ROWS_AT_ONCE * ROWS_AT_ONCE :] if rows else []
    with transaction.atomic():
        reached, _ = Reached.objects.select_for_update().get_or_create(name=LISTS)
        if reached.number != after:
            raise AlreadyDone("Another search came first.")
        ListMatch.objects.bulk_create(rest, ignore_conflicts=True)
        reached.number = upto
        counts = {"searched": searched, "found": len(rows)}
        reached.facts |= {name: reached.facts.get(name, 0) + count for name, count in counts.items()}
        reached.save(update_fields=["number", "facts"])
        if searched:
            writing = Writing(actor="worker", now=now, cause=f"known:{upto}")
            writing.record("list_searched", {"after": after, "upto": upto, **counts})
            writing.finish()


def act_on_found(hash_list: str, *, now: datetime) -> int:
    """Protect some of the items that this class of a list was found to match. Returns how many are done with.

    What left the list meanwhile ends. Of the others so many wait that no more than MOST_UNLOOKED wait for people.
    """
    with transaction.atomic():
        waiting = found.waiting_of(hash_list, READ_AT_ONCE)
        listed = found.still_listed(waiting)
        ended = [row.pk for row in waiting if row.pk not in listed]
        ListMatch.objects.filter(pk__in=ended).update(outcome="ended", done_at=now)
        room = max(0, MOST_UNLOOKED - found.unlooked(hash_list, MOST_UNLOOKED))
        chosen = [row for row in waiting if row.pk in listed][: min(room, ACTED_AT_ONCE)]
        for row in sorted(chosen, key=lambda row: row.content.item_id):
            writing = Writing(actor="worker", now=now, cause=f"list_match:{row.pk}")
            item = lock(row.content.item_id)
            row.outcome = _meet(writing, item, row) if item is not None else "nothing"
            row.done_at = now
            row.save(update_fields=["outcome", "done_at"])
            writing.finish()
        return len(ended) + len(chosen)


def lists_held_back(names: Collection[str], *, paged: bool, now: datetime) -> None:
    """Note of which classes of lists more waits than people were given to look at, and that people were paged."""
    with transaction.atomic():
        reached, _ = Reached.objects.select_for_update().get_or_create(name=LISTS)
        new = sorted(set(names) - set(reached.facts.get("held_back", [])))
        reached.facts["held_back"] = sorted(names)
        reached.save(update_fields=["facts"])
        if new:
            writing = Writing(actor="worker", now=now, cause="lists:held_back")
            writing.record("lists_held_back", {"lists": new, "paged": paged})
            writing.finish()


def _meet(writing: Writing, item: Item, row: ListMatch) -> str:
    """What the same match would have led to when the item was registered, as far as the brakes allow."""
    if item.content_id != row.content_id or item.wanted == Visibility.GONE:
        return "nothing"
    if row.kind == "sha256" and decide_by_list(writing, item):
        return "decided"
    if item.wanted == Visibility.HIDDEN and item.interim_since is not None:
        return "nothing"  # hidden already, and looked at soon
    take_up(writing, item, "list", [row.hash_list])
    case = item.case
    if case is None:
        return "nothing"
    if case.closed_at is not None:
        reopen(case, writing.now)
    if refused_in_this_round(item):
        begin_round(writing, item, "repeated")
    pack = pack_of(case)
    cap = pack.copies(case.harm)
    wanted = protecting.listed(
        is_the_file=row.kind == "sha256",
        media=is_media(item.kind),
        looked_at=item.looked_at is not None,
        capped=found.touched(row) >= cap.up_to or account_guarded(item),
        then=cap.then,
    )
    outcome = "look"
    if wanted > Visibility(item.wanted):
        want(writing, item, wanted, why="list", due_at=writing.now + HIDE_WITHIN)
        tell_holder_of_hiding(writing, item, pack, case.harm)
        outcome = str(wanted)
    event = {"item": item.pk, "list": row.hash_list, "by": row.kind, "distance": row.distance}
    writing.record("list_found", {**event, "outcome": outcome})
    owe_look(writing, item, writing.now + LOOK_WITHIN)
    owe_search(writing, item)
    return outcome
