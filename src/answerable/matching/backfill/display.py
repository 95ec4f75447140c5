"""How a backfill shows itself: a bar on a terminal, plain lines elsewhere, and a file that names what can't be read."""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from answerable.matching.backfill.tally import Tally

LINE_EVERY_SECONDS: Final = 10.0
SHOWN_PROBLEMS: Final = 20
"""So many are named on the screen; the file names all."""


class Display(Protocol):
    """What `Run` tells, and the whole number of pieces once it is counted."""

    def update(self, tally: Tally) -> None:
        """After each piece."""

    def problem(self, name: str, why: str) -> None:
        """A piece that can't be read."""

    def expect(self, pieces: int) -> None:
        """So many pieces there are in all."""

    def close(self) -> None:
        """Leave the screen in order."""


class Problems:
    """The file of names that can't be read: one a line, a tab, and why. For its owner alone."""

    def __init__(self, path: Path | None, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = 0
        self._file = None
        if path is not None:
            number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._file = os.fdopen(number, "a", encoding="utf-8", buffering=1)

    def add(self, name: str, why: str) -> None:
        """Name one, on the screen too while they are few."""
        if self._file:
            self._file.write(f"{name}\t{why}\n")
        self._told += 1
        if self._told <= SHOWN_PROBLEMS:
            self._say(f"can't be read: {name} ({why})")
        elif self._told == SHOWN_PROBLEMS + 1:
            self._say("More can't be read; see the file of problems and the counts.")

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()


def _say(text: str) -> None:
    typer.echo(text, err=True)


class Lines:
    """A line now and then, for logs."""

    def __init__(self, name: str, problems: Path | None, already: int) -> None:
        self._name = name
        self._problems = Problems(problems, _say)
        self._pace = _Pace(already)
        self._next = time.monotonic() + LINE_EVERY_SECONDS
        self._expected: int | None = None

    def update(self, tally: Tally) -> None:
        """Print a line when it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_EVERY_SECONDS
            whole = f" of {self._expected}" if self._expected else ""
            left = self._pace.left(tally, self._expected)
            text = f"{self._name}: {tally.seen}{whole}, {self._pace.rate(tally):.0f}/s{left}, {noted(tally)}"
            _say(text)

    def problem(self, name: str, why: str) -> None:
        """Name it."""
        self._problems.add(name, why)

    def expect(self, pieces: int) -> None:
        """For "of so many"."""
        self._expected = pieces

    def close(self) -> None:
        """Close the file of problems."""
        self._problems.close()


class Bar:
    """A bar with rate, time left, and what was noted."""

    def __init__(self, name: str, problems: Path | None, already: int) -> None:
        console = Console(stderr=True)
        self._pace = _Pace(already)
        self._problems = Problems(problems, lambda text: console.out(text, highlight=False))
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.completed:.0f} {task.fields[rate]}", markup=False),
            TimeRemainingColumn(),
            TextColumn("{task.fields[noted]}", markup=False),
            console=console,
        )
        self._task = self._progress.add_task(name, total=None, completed=already, rate="", noted="")
        self._progress.start()

    def update(self, tally: Tally) -> None:
        """Move the bar."""
        rate = f"{self._pace.rate(tally):.0f}/s"
        self._progress.update(self._task, completed=tally.seen, rate=rate, noted=noted(tally))

    def problem(self, name: str, why: str) -> None:
        """Name it above the bar."""
        self._problems.add(name, why)

    def expect(self, pieces: int) -> None:
        """From now on the time left is known. (Called from a thread of its own.)"""
        self._progress.update(self._task, total=pieces)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._progress.stop()
        self._problems.close()


class _Pace:
    """How fast this run goes, whatever was done in earlier ones."""

    def __init__(self, already: int) -> None:
        self._already = already
        self._began = time.monotonic()

    def rate(self, tally: Tally) -> float:
        return (tally.seen - self._already) / max(0.001, time.monotonic() - self._began)

    def left(self, tally: Tally, expected: int | None) -> str:
        rate = self.rate(tally)
        if not expected or not rate:
            return ""
        minutes = max(0, expected - tally.seen) / rate / 60
        return f", {minutes:.0f} min left"


def noted(tally: Tally) -> str:
    """What somebody who watches wants to know."""
    parts = [f"{tally.problems} unreadable"]
    parts += [f"{tally.held} held"] if tally.held else []
    parts += [f"{tally.removed} removed"] if tally.removed else []
    return ", ".join(parts)


def counted(count: Callable[[threading.Event], int | None], stop: threading.Event, display: Display) -> None:
    """Count the pieces in the background, and tell the display."""

    def work() -> None:
        found = count(stop)
        if found is not None:
            display.expect(found)

    threading.Thread(target=work, name="backfill-count", daemon=True).start()


def display_for(name: str, problems: Path | None, already: int) -> Display:
    """A bar where there is a terminal."""
    kind = Bar if sys.stderr.isatty() else Lines
    return kind(name, problems, already)
