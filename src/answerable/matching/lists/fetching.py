"""Fetching a list: page after page into the database, each with where to go on."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

from answerable.cases import commands
from answerable.cases.commands.listing import OVER
from answerable.cases.list_inputs import EntryIn, FaultIn, GoneIn, ListPageIn, PageStored
from answerable.cases.models import HashList
from answerable.matching.lists.base import NOT_KEPT, Bad, Gone, Page, Record, Source, SourceError, StartOver

KEY_LIMIT: Final = 200
GONE_AT_A_TIME: Final = 500
FEW: Final = 100
"""A list with fewer records may lose them all at once."""


class ShrunkTooMuch(SourceError):
    """The file holds less than half of what the list held, so nothing was taken off: is it whole? If it is meant,
    import it by hand with --shrink."""

    def __str__(self) -> str:
        return " ".join((self.__doc__ or "").split())


def fetch(
    name: str,
    source: Source,
    *,
    kind: str,
    now: Callable[[], datetime],
    terms: str = "",
    label: str = "",
    shrink: bool = False,
    actor: str = "worker",
    stored: Callable[[PageStored], None] | None = None,
) -> PageStored:
    """Read all that a source has since the last time. `label`: the class of records that say none.

    `stored` is called after each page with the sum so far. Raises SourceError, with what came before kept.
    """
    hash_list = commands.make_list(name, source=kind, terms=terms, actor=actor, now=now())
    commands.list_tried(name, now=now())
    reading = _Reading(hash_list, source, now, label=label, shrink=shrink, actor=actor, stored=stored)
    try:
        try:
            return reading.read()
        except StartOver:
            commands.start_over(name, now=now())
            hash_list.checkpoint = dict(OVER)
            return reading.read()
    except SourceError as error:
        commands.list_tried(name, now=now(), error=str(error))
        raise
    except Exception as error:
        # Others' messages may quote what they were reading, so only the kind is kept.
        commands.list_tried(name, now=now(), error=type(error).__name__)
        raise


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a list, from where it stands, to its end."""

    hash_list: HashList
    source: Source
    now: Callable[[], datetime]
    label: str
    shrink: bool
    actor: str
    stored: Callable[[PageStored], None] | None

    def read(self) -> PageStored:
        """Store page after page. Raises what the source and the commands raise."""
        total, began = PageStored(), self.now()
        known = dict(self.hash_list.checkpoint)
        anew = known == OVER
        checkpoint = {} if anew else known
        whole = anew or bool(getattr(self.source, "whole", False))
        for page in _all_pages(
            self.hash_list,
            self.source,
            self.now(),
            checkpoint=checkpoint,
            whole=whole,
            anew=anew,
            shrink=self.shrink,
        ):
            # Read anew it counts once all of it was read: what ended is known only then.
            reached = known if anew and not page.is_last else dict(page.checkpoint)
            handed = ListPageIn(
                tuple(_handed(change, self.label) for change in page.changes),
                follows=known,
                checkpoint=reached,
                is_last=page.is_last,
                whole_since=began if whole and page.checkpoint != checkpoint else None,
            )
            total += commands.store_page(self.hash_list.name, handed, actor=self.actor, now=self.now())
            checkpoint, known = dict(page.checkpoint), reached
            if self.stored is not None:
                self.stored(total)
        return total


def _all_pages(
    hash_list: HashList,
    source: Source,
    now: datetime,
    *,
    checkpoint: dict[str, Any],
    whole: bool,
    anew: bool,
    shrink: bool,
) -> Iterator[Page]:
    """The source's pages; of one that gives the `whole` list also what left it, before the last page.

    Where a record was garbled nothing ends: it may be one that still stands. Of a service's list that is read `anew`
    the rest ends all the same, or one record that stays garbled would keep all that was withdrawn meanwhile.
    """
    keys: set[str] = set()
    changed = garbled = False
    for page in source.pages(dict(checkpoint), now=now):
        if whole:
            keys.update(change.key for change in page.changes if isinstance(change, Record))
            garbled = garbled or any(
                isinstance(change, Bad) and not change.why.startswith(NOT_KEPT) for change in page.changes
            )
            changed = changed or page.checkpoint != checkpoint
            if page.is_last and changed and (anew or not garbled):
                yield from _left(hash_list, keys, checkpoint, shrink=shrink)
        yield page


def _left(hash_list: HashList, keys: set[str], checkpoint: dict[str, Any], *, shrink: bool) -> Iterator[Page]:
    standing = hash_list.entries.filter(gone_at=None).values_list("key", flat=True).distinct()
    had, gone = 0, []
    for key in standing.iterator(chunk_size=10_000):
        had += 1
        if key not in keys:
            gone.append(key)
    if not shrink and had >= FEW and len(gone) * 2 > had:
        raise ShrunkTooMuch(retry=False)
    rest = iter(sorted(gone))
    while part := tuple(Gone(key) for key in islice(rest, GONE_AT_A_TIME)):
        yield Page(part, checkpoint, is_last=False)


def _handed(change: Record | Gone | Bad, label: str) -> EntryIn | GoneIn | FaultIn:
    """As the command takes it. What no row can hold is a fault."""
    if isinstance(change, Bad):
        return FaultIn(_clean(change.where), _clean(change.why))
    if "\x00" in change.key or len(change.key) > KEY_LIMIT:
        return FaultIn(
            f"record {_clean(change.key)[:60]}", f"its identity has over {KEY_LIMIT} characters, or a NUL"
        )
    if isinstance(change, Gone):
        return GoneIn(change.key)
    # JSON of PostgreSQL holds no NUL.
    facts = {} if "\\u0000" in json.dumps(change.facts) else change.facts
    return EntryIn(change.key, change.fingerprints, change.label or label, facts)


def _clean(text: str) -> str:
    return text.replace("\x00", "")
