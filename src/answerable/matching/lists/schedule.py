"""Fetching what is due, and paging people about a list that fails for long or grows stale."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.list_inputs import PageStored
from answerable.cases.models import HashList
from answerable.matching.lists.base import SourceError
from answerable.matching.lists.fetching import fetch
from answerable.matching.lists.registry import source_of
from answerable.matching.lists.states import states
from answerable.obligations import paging
from answerable.settings.config import ConfigError, HashListEntry, config

FAILS_FOR: Final = timedelta(hours=24)
"""A list that fails for so long is worth a page, though it isn't stale yet."""

log = structlog.get_logger(__name__)


def fetch_entry(entry: HashListEntry, *, now: Callable[[], datetime], actor: str = "worker") -> PageStored:
    """Fetch a configured list. Raises ConfigError, SourceError, Refused."""
    commands.make_list(entry.name, source=entry.kind, terms=entry.terms, actor=actor, now=now())
    try:
        source = source_of(entry)
    except (ConfigError, SourceError) as error:
        unusable = isinstance(error, ConfigError)
        commands.list_tried(entry.name, now=now())
        commands.list_tried(
            entry.name, now=now(), error="its configuration can't be used" if unusable else str(error)
        )
        raise
    return fetch(
        entry.name,
        source,
        kind=entry.kind,
        terms=entry.terms,
        label=entry.label,
        actor=actor,
        now=now,
    )


def fetch_due(now: Callable[[], datetime]) -> int:
    """Fetch each configured list whose time has come; how many were. One that fails keeps no other from its turn."""
    rows = {row.name: row for row in HashList.objects.filter(name__in=[e.name for e in config().lists])}
    done = 0
    for entry in config().lists:
        row = rows.get(entry.name)
        if row is not None and not _is_due(row, entry, now()):
            continue
        try:
            total = fetch_entry(entry, now=now)
        except (SourceError, ConfigError, AlreadyDone, Refused) as error:
            log.warning("a hash list was not fetched", hash_list=entry.name, why=type(error).__name__)
            continue
        done += 1
        log.info("fetched a hash list", hash_list=entry.name, added=total.added, removed=total.removed)
    return done


def finish_ending(now: datetime) -> None:
    """End what is left of lists that were turned off: whoever turned them off may have been interrupted."""
    for name in HashList.objects.exclude(off_at=None).values_list("name", flat=True):
        while commands.end_entries(name, now=now):
            pass


def page_about(now: datetime) -> list[str]:
    """Page people, once for each list, about those that are stale or fail for a day. Raises PagingFailed."""
    failing = {row.name: row.failed_since or now for row in HashList.objects.exclude(failed_since=None)}
    wrong = [
        state
        for state in states(now)
        if state.wrong
        and not state.alarmed
        and not state.is_off
        and (state.wrong.startswith("stale") or now - failing.get(state.name, now) > FAILS_FOR)
    ]
    if not wrong:
        return []
    names = [state.name for state in wrong]
    try:
        paging.page(
            f"{config().desk.name}: {len(names)} hash lists are not up to date",
            "\n".join(f"{name}: `answerable lists show {name}` says why" for name in names),
        )
    except paging.NobodyToPage as error:
        log.error("hash lists are not up to date, and nobody is paged", hash_lists=names, why=str(error))
    for state in wrong:
        commands.list_alarmed(
            state.name, why="stale" if state.wrong.startswith("stale") else "failing", now=now
        )
    return names


def _is_due(row: HashList, entry: HashListEntry, now: datetime) -> bool:
    """Whether it is time again. One that never ended a fetch is tried at the same pace."""
    if row.off_at is not None:
        return False
    return row.tried_at is None or now - row.tried_at >= timedelta(minutes=entry.every_minutes)
