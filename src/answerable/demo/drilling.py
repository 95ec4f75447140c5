"""What every drill with an authority does: somebody posts, somebody reports it, one person decides, and it waits."""

import time
from collections.abc import Callable
from typing import Final

from answerable.demo import pictures
from answerable.demo.replay import NotQuiet, Replay
from answerable.demo.reporter import Reporter
from answerable.demo.reviewer import VIOLATING, Answer
from answerable.demo.sample.pictures import jpeg

WITHIN_SECONDS: Final = 60.0


class Drilling:
    """A desk that runs, and what is done on it."""

    def __init__(self, replay: Replay) -> None:
        self.replay, self.say = replay, replay.say
        self._number = 7000

    def posted(self, account: str, what: str, *, stands: bool) -> int:
        """A synthetic picture that somebody posts and somebody reports; the number of its item.

        `stands`: whoever looks at it says that it breaks a rule.
        """
        self._number += 1
        data = jpeg(pictures.busy(self._number))
        if stands:
            self.replay.violating.append(pictures.fingerprint(data)[0])
        with self.replay.visitor(account) as holder:
            ref = holder.upload(data, "The lake.")
        self.replay.settle()
        reporter = Reporter(self.replay.stack.public_url)
        reporter.report(f"{self.replay.stack.sample_url}/p/{ref}", what)
        self.replay.settle()
        return self.replay.ledger.item(ref)

    def decided(
        self,
        account: str,
        who: str,
        *,
        stands: bool = True,
        what: str = "other_child",
        answer: Answer = VIOLATING,
    ) -> int:
        """The same, and one person judges it; the number of its item."""
        item = self.posted(account, what, stands=stands)
        self.replay.people[who].judge(item, answer)
        return item

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something. Raises NotQuiet."""
        limit = time.monotonic() + WITHIN_SECONDS
        while not holds():
            if time.monotonic() > limit:
                raise NotQuiet(f"The drill waited {WITHIN_SECONDS:.0f} seconds for {what}.")
            time.sleep(0.05)
