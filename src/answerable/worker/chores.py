"""What the worker does besides: alarms, erasing and forgetting on schedule, moving SQLite's log, the sign of life."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import connection

from answerable import clock
from answerable.audit.forget import forget_due
from answerable.authorities import filing
from answerable.cases import commands
from answerable.cases.queries.words import entries_kept
from answerable.db.alone import alone
from answerable.evidence import handlers as evidence
from answerable.evidence import scrub
from answerable.matching import growing
from answerable.matching.handlers import keep_indexes
from answerable.matching.lists import asking, schedule
from answerable.obligations.paging import PagingFailed
from answerable.platforms import looking
from answerable.policy import store
from answerable.worker import alarms
from answerable.worker.erasures import Erasures

LOG_WORTH_MOVING_BYTES: Final = 4_000_000
LOG_WORTH_SHRINKING_BYTES: Final = 64_000_000
LONGEST_PAUSE_SECONDS: Final = 60.0
LISTS_LOCK: Final = 0x6C697374
"""PostgreSQL advisory lock: of several workers, one fetches hash lists at a time."""
LOOKS_LOCK: Final = 0x6C6F6F6B
FILES_LOCK: Final = 0x66696C65
DRAFTS_LOCK: Final = 0x64726674
EVIDENCE_LOCK: Final = 0x65766964

log = structlog.get_logger(__name__)


@dataclass
class Chore:
    """Something done again and again, at least `every_seconds` apart; after a fault, later each time."""

    name: str
    do: Callable[[], object]
    every_seconds: float
    next_at: float = 0.0
    faults: int = 0

    def turn(self) -> None:
        """Do it if it is time. A fault is logged, and the chore is tried again."""
        if time.monotonic() < self.next_at:
            return
        try:
            self.do()
            self.faults = 0
        except Exception as error:
            self.faults += 1
            log.error("a chore failed", chore=self.name, times=self.faults, exc_info=error)
            if isinstance(error, DatabaseFault):
                connection.close()
            elif not isinstance(error, PagingFailed):
                connection.close_if_unusable_or_obsolete()
        pause = self.every_seconds * 2 ** min(self.faults, 10)
        self.next_at = time.monotonic() + min(pause, max(LONGEST_PAUSE_SECONDS, self.every_seconds))


def chores(beat: Callable[[], None]) -> list[Chore]:
    """All of them. `beat` gives the sign of life."""
    return [
        Chore("heartbeat", beat, 1.0),
        Chore("alarms", sound_alarms, 1.0),
        Chore("erase", erase, 30.0),
        Chore("forget", forget, 3600.0),
        Chore("erasures", Erasures(Path(settings.DATA)).turn, 2.0),
        Chore("wipe", wipe_log, 3600.0),
        Chore("checkpoint", move_log, 1.0),
        Chore("indexes", keep_indexes, 10.0),
    ]


def slow_chores() -> list[Chore]:
    """Those that wait for others' servers: in a thread of their own, so that neither alarms nor the sign of life do."""
    return [Chore("lists", fetch_lists, 15.0), Chore("looks", look_again, 5.0)]


def drafting_chores() -> list[Chore]:
    """What asks platforms whose an account is, before a report about it is written."""
    return [Chore("drafts", draft_filings, 3.0)]


def sending_chores() -> list[Chore]:
    """Those that wait for authorities: a large file takes minutes on its way, and nothing else waits for that."""
    return [Chore("files", send_large_files, 2.0), Chore("authorities", filing.Doors().look, 3600.0)]


def evidence_chores() -> list[Chore]:
    """Those that read large files: capturing one, and comparing all that is kept with its digests."""
    return [Chore("evidence", keep_evidence, 2.0), Chore("sweep evidence", sweep_evidence, 3600.0)]


def searching_chores() -> list[Chore]:
    """What searches through everything: in a thread of its own, so that it waits for nobody's server."""
    return [Chore("grown lists", growing.turn, 1.0), Chore("shield", asking.turn, 5.0)]


def run(stop: threading.Event, all_chores: list[Chore], every_seconds: float = 0.5) -> None:
    """Take turns until `stop`."""
    try:
        while not stop.is_set():
            for chore in all_chores:
                chore.turn()
            stop.wait(every_seconds)
    finally:
        connection.close()


def sound_alarms() -> None:
    """Page about what is late."""
    alarms.sound(clock.now())


def fetch_lists() -> None:
    """Fetch the hash lists whose time has come, one worker at a time, and page people about those that go stale."""
    with alone(LISTS_LOCK) as mine:
        if mine:
            schedule.finish_ending(clock.now())
            schedule.fetch_due(clock.now)
            schedule.page_about(clock.now())


def look_again() -> None:
    """Look again at what isn't shown, one worker at a time."""
    with alone(LOOKS_LOCK) as mine:
        if mine:
            looking.look_again(clock.now())


def draft_filings() -> None:
    """Draft what is owed to authorities that the worker tells by itself, one worker at a time."""
    with alone(DRAFTS_LOCK) as mine:
        if mine:
            filing.draft_due(clock.now())


def send_large_files() -> None:
    """Send the files that take longer than a step of a filing may, one worker at a time."""
    with alone(FILES_LOCK) as mine:
        if mine:
            filing.send_large()


def keep_evidence() -> None:
    """Capture what takes longer than a step may, and compare what is kept with its digests, one worker at a time."""
    with alone(EVIDENCE_LOCK) as mine:
        if mine:
            evidence.capture_large()
            scrub.turn()


def sweep_evidence() -> None:
    """Take away what captures left behind that never ended."""
    with alone(EVIDENCE_LOCK) as mine:
        if mine:
            scrub.sweep()


def erase() -> None:
    """Erase personal texts past their time."""
    commands.erase_due(clock.now())


def forget() -> None:
    """Forget the sealed parts of the log that are past their time under the active pack, and the links of reports."""
    now = clock.now()
    while commands.erase_links_due(now):
        pass
    try:
        kept_for = store.active().erases.get("log")
    except store.UnknownPackError:
        return  # a desk that never opened its doors has nothing to forget
    if kept_for is not None:
        forget_due(now - kept_for, now=now, but=entries_kept(now - kept_for, now))


def wipe_log() -> None:
    """Empty SQLite's write-ahead log, each hour: what was erased still stands in it until then."""
    if connection.vendor == "sqlite":
        connection.checkpoint("TRUNCATE")  # type: ignore[attr-defined]  # our own backend


def move_log() -> None:
    """Move SQLite's write-ahead log into the database once it is worth it."""
    if connection.vendor != "sqlite":
        return
    try:
        size = Path(f"{connection.settings_dict['NAME']}-wal").stat().st_size
    except FileNotFoundError:
        return
    if size >= LOG_WORTH_MOVING_BYTES:
        mode = "TRUNCATE" if size >= LOG_WORTH_SHRINKING_BYTES else "PASSIVE"
        connection.checkpoint(mode)  # type: ignore[attr-defined]  # our own backend
