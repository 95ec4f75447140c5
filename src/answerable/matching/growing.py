"""What came onto hash lists, searched for among everything that was registered before: a chore of the worker.

Every upload is compared with the lists as it comes; this is the other direction. How far it came is in the database,
so a new desk with long lists searches them all once, some at a time, and a killed worker goes on where it was.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import structlog

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands.growing import LISTS, MOST_UNLOOKED
from answerable.cases.inputs import AlreadyDone
from answerable.cases.list_inputs import ListHitIn
from answerable.cases.models import ItemContent, KnownChange, Reached
from answerable.cases.queries import found
from answerable.db.alone import alone
from answerable.matching.items import items
from answerable.obligations import paging
from answerable.settings.config import config

SETTLED: Final = timedelta(seconds=30)
"""An upload that was compared just before an entry came is registered by then, so that neither misses the other."""
CHANGES_AT_ONCE: Final = 1000
PICTURES_AT_ONCE: Final = 64
"""Others search in the same index: nobody waits for more than these."""
VALUES_AT_ONCE: Final = 500
SECONDS: Final = 1.0
"""How long one turn lasts; between turns the cores are others'."""
LOCK: Final = 0x67726F77
"""PostgreSQL advisory lock: of several workers, one searches at a time."""

KINDS: Final = frozenset({"sha256", "md5", "pdq"})
Fingerprint = tuple[str, bytes]
"""Kind and value."""

log = structlog.get_logger(__name__)


def turn(now: Callable[[], datetime] = clock.now, seconds: float = SECONDS) -> int:
    """Search and protect for so long, or until there is nothing more now; how many fingerprints and items it did."""
    with alone(LOCK) as mine:
        if not mine:
            return 0
        ends_at, done = time.monotonic() + seconds, 0
        while time.monotonic() < ends_at:
            try:
                more = search_some(now())
            except AlreadyDone:  # a worker whose connection broke had gone on all the same
                more = 0
            acted = sum(commands.act_on_found(name, now=now()) for name in found.waiting_lists())
            done += abs(more) + acted
            if not more and not acted:
                break
        page_about_held_back(now())
        return done


def search_some(now: datetime) -> int:
    """Search for some of what came onto lists since the last time; how many, -1 for none of which there are more.

    Raises AlreadyDone.
    """
    after = Reached.objects.filter(name=LISTS).values_list("number", flat=True).first() or 0
    rows = list(
        KnownChange.objects.filter(seq__gt=after)
        .order_by("seq")
        .values_list("seq", "op", "kind", "value", "hash_list", "cause", "at")[:CHANGES_AT_ONCE]
    )
    lists: dict[Fingerprint, set[str]] = {}
    upto = after
    for seq, op, kind, value, hash_list, cause, at in rows:
        if at > now - SETTLED:
            break
        upto = seq
        # (Frames of known videos follow from our own items alone, whose copies are searched for as videos.)
        if op == "add" and kind in KINDS and not cause.startswith(found.SEARCHED_ALREADY):
            lists.setdefault((kind, bytes(value)), set()).add(hash_list)
    if upto == after:
        return 0
    hits = [
        ListHitIn(content_id, name, kind, value, bits)
        for (kind, value), content_id, bits in _found(list(lists))
        for name in sorted(lists[kind, value])
    ]
    commands.lists_searched(after=after, upto=upto, searched=len(lists), hits=hits, now=now)
    return len(lists) or -1


def page_about_held_back(now: datetime) -> list[str]:
    """Page people, once for each, about classes of lists of which more waits than people may be given at once."""
    names = [name for name in found.waiting_lists() if _is_held_back(name)]
    noted = Reached.objects.filter(name=LISTS).values_list("facts", flat=True).first() or {}
    before = set(noted.get("held_back", []))
    if set(names) == before:
        return []
    new = sorted(set(names) - before)
    paged = False
    if new:
        try:
            paging.page(
                f"{config().desk.name}: hash lists match many items",
                "\n".join(
                    f"{name}: {MOST_UNLOOKED} wait for a look, and more match. Is the list good? If not:"
                    " `answerable lists off`"
                    for name in new
                ),
            )
            paged = True
        except paging.NobodyToPage as error:
            log.error("hash lists match many items, and nobody is paged", hash_lists=new, why=str(error))
    commands.lists_held_back(names, paged=paged, now=now)
    return new


def _is_held_back(name: str) -> bool:
    return found.unlooked(name, MOST_UNLOOKED) >= MOST_UNLOOKED


def _found(fingerprints: Sequence[Fingerprint]) -> Iterator[tuple[Fingerprint, int, int]]:
    """Each with the contents that it matches, and in how many bits it differs."""
    yield from _exact("sha256", [value for kind, value in fingerprints if kind == "sha256"])
    yield from _exact("md5", [value for kind, value in fingerprints if kind == "md5"])
    for part in _parts([value for kind, value in fingerprints if kind == "pdq"], PICTURES_AT_ONCE):
        for value, matches in zip(part, items().pictures_near(part), strict=True):
            for match in matches:
                yield ("pdq", value), match.content_id, match.distance


def _exact(kind: str, values: Sequence[bytes]) -> Iterator[tuple[Fingerprint, int, int]]:
    for part in _parts(values, VALUES_AT_ONCE):
        rows = ItemContent.objects.filter(**{f"{kind}__in": [value.hex() for value in part]}).order_by("pk")
        for content_id, text in rows.values_list("pk", kind):
            yield (kind, bytes.fromhex(text)), content_id, 0


def _parts(values: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
