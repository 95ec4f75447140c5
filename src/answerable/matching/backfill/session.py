"""One library from the operator's words to a summary: what is taken up, run, and told."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import Error as DatabaseError

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Refused
from answerable.cases.models import Backfill
from answerable.matching.backfill.display import Display, counted, display_for
from answerable.matching.backfill.naming import Misnamed, Naming
from answerable.matching.backfill.pieces import SourceFailed
from answerable.matching.backfill.registrar import Desk, Registrar, Rehearsal
from answerable.matching.backfill.run import Run, TooManyHeld
from answerable.matching.backfill.sources import Library, library
from answerable.matching.backfill.tally import Tally
from answerable.matching.known import IndexStale
from answerable.media import DecoderUnavailable
from answerable.media import pool as decoders
from answerable.platforms.base import PlatformError
from answerable.policy import PolicyError

MOST_DECODERS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the operator asked for; see the options of `answerable backfill`."""

    source: str
    naming: Naming
    rows: Path | None = None
    again: bool = False
    dry_run: bool = False
    per_second: float = 0.0
    workers: int = 1
    held_at_most: int = 0
    niceness: int = 0
    problems: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far it came: to the end or not, a summary for people, and of how many pieces less is known."""

    is_end: bool
    summary: str
    problems: int


class CannotGoOn(Exception):
    """It can't go on; the message says why. `is_wish`: because the operator wanted it to stop here."""

    def __init__(self, why: str, *, is_wish: bool = False) -> None:
        self.is_wish = is_wish
        super().__init__(why)


def run(asked: Asked, stop: threading.Event) -> Outcome:
    """Backfill one library, from where it was left. Raises CannotGoOn."""
    decoders.use(min(asked.workers, MOST_DECODERS))
    try:
        found = library(
            asked.source,
            asked.naming,
            rows=asked.rows,
            per_second=asked.per_second,
            decoders=asked.workers,
            stop=stop,
        )
        try:
            return _run(asked, found, stop)
        finally:
            found.source.close()
    except TooManyHeld as error:
        raise CannotGoOn(str(error), is_wish=True) from error
    except (
        SourceFailed,
        Misnamed,
        PlatformError,
        Refused,
        DecoderUnavailable,
        IndexStale,
        PolicyError,
    ) as error:
        raise CannotGoOn(str(error)) from error
    except (DatabaseError, OSError) as error:
        raise CannotGoOn(f"{type(error).__name__}: run the same command again to go on.") from error


def _run(asked: Asked, found: Library, stop: threading.Event) -> Outcome:
    row: Backfill | None = None
    desk: Desk = Rehearsal(found.platform, again=asked.again)
    if not asked.dry_run:
        row = commands.begin_backfill(
            found.key, source=found.name, platform=found.platform, again=asked.again, now=clock.now()
        )
        desk = Registrar(row, again=asked.again)
    tally = Tally.of(row.counts if row else {})
    display = display_for(found.name, asked.problems, tally.seen)
    counting = threading.Event()
    try:
        counted(found.source.count, counting, display)
        is_end = _go(asked, found, desk, display, tally, row.position if row else "", stop)
    finally:
        counting.set()
        display.close()
    if row is not None and is_end:
        commands.end_backfill(row, now=clock.now())
    return Outcome(is_end, summary(found.name, tally, dry_run=asked.dry_run), tally.problems)


def _go(
    asked: Asked,
    found: Library,
    desk: Desk,
    display: Display,
    tally: Tally,
    after: str,
    stop: threading.Event,
) -> bool:
    going = Run(
        found.source,
        desk,
        display,
        tally,
        threads=found.threads,
        stop=stop,
        held_at_most=asked.held_at_most,
        niceness=asked.niceness,
    )
    return going.to_the_end(after)


def summary(name: str, tally: Tally, *, dry_run: bool) -> str:
    """What was done, a line for each thing that there is to say."""
    would = "would be " if dry_run else ""
    lines = [f"{name}: {tally.seen} files, {tally.size / 1e6:.0f} MB hashed."]
    lines += [f"  {tally.registered} {would}registered, {tally.known} known before."]
    for count, text in (
        (tally.held, f"{would}hidden until a person looks: they match a hash list"),
        (tally.removed, f"{would}removed: the very files of ones that were found violating"),
        (tally.unreadable, "registered, but what they show can't be read, or not all of it"),
        (tally.exact_only, "registered by their exact hashes only: no picture is read from such files"),
        (tally.unread, "could not be read at all: a later run tries them again"),
        (tally.no_media, "passed over: neither image nor video"),
        (tally.no_ref, "passed over: their path names no item"),
        (tally.same_ref, "passed over: another file has the same ref"),
        (tally.not_a_file, "passed over: links and special files"),
    ):
        if count:
            lines.append(f"  {count} {text}.")
    return "\n".join(lines)
