"""The replay's stage: the stack, its people, its clock, and what has been measured so far."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

from answerable.demo.figures import Figures
from answerable.demo.ledger import Ledger
from answerable.demo.reviewer import Reviewer, work
from answerable.demo.stack import Stack, StackFailed
from answerable.demo.stage import Poster, SampleStage, Stage

QUIET_WITHIN_SECONDS = 120.0
WORKED_WITHIN = timedelta(seconds=30)
"""What begins at a stop of the clock takes so long at most; what people owe meanwhile they keep before it."""
Say = Callable[[str], None]


class NotQuiet(Exception):
    """The desk or the site was still busy when the replay wanted to move the clock."""


class WouldBeLate(Exception):
    """Moving the clock would make something late that is owed: the replay never does that."""


class Replay:
    """What every act works with."""

    def __init__(self, stack: Stack, say: Say, scale: float, stage: Stage | None = None) -> None:
        """`stage`: the platform of the story, where it isn't the sample site."""
        self.stack = stack
        self.say = say
        self.scale = scale
        self.time = stack.time
        self.ledger = Ledger(stack.data)
        self.figures = Figures()
        self.violating: list[bytes] = []
        self.people: dict[str, Reviewer] = {}
        self._key = ""
        self.stage: Stage = stage or SampleStage(stack.sample_url, stack.data, self.ledger)

    def hire(self) -> None:
        """Sign in the people on call, and one more, so that an appeal finds two who had no part."""
        links = self.stack.first_links()
        added = self.stack.command(
            "person",
            "add",
            "Noor",
            "--on-call",
            "--qualification",
            "child_safety",
            "--qualification",
            "intimate_images",
        )
        if added.returncode != 0:
            raise StackFailed(f"Noor could not be added: {added.stderr}")
        links["Noor"] = added.stdout.strip().splitlines()[-1]
        for name in ("Ravi", "Rosa", "Lena", "Noor"):
            self.people[name] = Reviewer(name, self.stack.staff_url, links[name], self.violating)

    def visitor(self, name: str) -> AbstractContextManager[Poster]:
        """Somebody signed in on the platform of the story; a new name makes an account."""
        return self.stage.visitor(name)

    def visible(self, ref: str) -> bool:
        """Whether a stranger gets it, without being counted as a view."""
        return self.stage.visible(ref)

    def verify(self, receipt: Path) -> bool:
        """Whether `answerable verify` finds a receipt good, told the log's public key and nothing else."""
        if not self._key:
            self._key = self.stack.command("audit", "key").stdout.strip()
        return self.stack.command("verify", str(receipt), "--key", self._key).returncode == 0

    def settle(self) -> datetime:
        """Wait until the site has told everything and the worker has done what it may do now.

        Gives the time that this is true of: what may begin later, be it by a millisecond, may still be undone.
        """
        limit = time.monotonic() + QUIET_WITHIN_SECONDS
        quiet = 0
        while quiet < 2:
            now = self.time.now()
            busy = self.stage.untold() + self.ledger.worker_busy(now)
            quiet = 0 if busy else quiet + 1
            if time.monotonic() > limit:
                raise NotQuiet(f"Still busy after {QUIET_WITHIN_SECONDS:.0f} seconds: {busy} things to do.")
            time.sleep(0.05)
        return now

    def staff_work(self, before: datetime, *names: str) -> int:
        """Have people on call keep what is due before a time; all of them unless named."""
        return work([self.people[name] for name in names or self.people], before)

    def jump(self, to: datetime) -> None:
        """Move the clock, stopping wherever something begins; nothing may be due before. Raises WouldBeLate."""
        while True:
            done_by = self.settle()
            stop = self.ledger.next_beginning(done_by, to) or to
            if self.ledger.due_by_people(stop + WORKED_WITHIN):
                self.staff_work(stop + WORKED_WITHIN)
                done_by = self.settle()
                stop = min(stop, self.ledger.next_beginning(done_by, to) or to)
            if owed := self.ledger.due_by_people(stop):
                raise WouldBeLate(f"Moving the clock to {stop:%Y-%m-%d %H:%M} would make late: {owed[:5]}")
            if stop > self.time.now():
                self.time.jump_to(stop)
            if stop == to:
                break
        self.settle()

    def later(self, **span: float) -> None:
        """Let time pass, such as `minutes=10`."""
        self.jump(self.time.now() + timedelta(**span))
