"""The drill of the EU's database: a desk of its own, a database on this machine, and what goes wrong between them.

Nothing here calls the Commission's database. It is the drill's own (`authorities/dsa/drill`), as strict as the real
one is documented to be; everything else is the desk as it runs.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from answerable.authorities.dsa.drill.server import TOKEN, Server, Trouble
from answerable.demo.acts.story import BEGIN
from answerable.demo.drilling import Drilling
from answerable.demo.pager import Pager
from answerable.demo.replay import Replay
from answerable.demo.reviewer import Answer
from answerable.demo.stack import Stack
from answerable.settings.config import CONFIG_NAME
from answerable.settings.create import write_private

TOKEN_FILE: Final = "dsa.token"  # noqa: S105  a name
CONFIGURED: Final = """
[authorities.dsa]
base_url = "{base}"
environment = "production"           # of the drill
token_file = "{token}"
"""
BREAKS, FINE = Answer("violating", "adult"), Answer("not_violating", "adult")


@dataclass
class Outcome:
    """What the drill ended with, each as it should be."""

    removal_is_there: bool = False
    a_childs_waits: bool = False
    hiding_is_there_with_its_end: bool = False
    lost_answer_is_there_once: bool = False
    limit_was_respected: bool = False
    nothing_twice: bool = False
    nothing_waits: bool = False

    @property
    def wrong(self) -> list[str]:
        """What did not come out as it should."""
        return [name.replace("_", " ") for name, good in asdict(self).items() if not good]


class Drill(Drilling):
    """The acts, on a desk that runs."""

    def __init__(self, replay: Replay, database: Server) -> None:
        super().__init__(replay)
        self.database = database
        self.outcome = Outcome()

    def play(self) -> Outcome:
        """All of it, in order."""
        first = self.published("uri")
        removed = [one for one in first if _decisions(one) == ["DECISION_VISIBILITY_CONTENT_REMOVED"]]
        self.outcome.removal_is_there = len(removed) == 1 and len(first) <= 2
        for one in first:
            self.say(
                f"Told and published: {_decisions(one)[0]}, {one['category']}, {one['automated_decision']}."
            )
        before = self.database.puids
        self.decided("max", "Ravi")
        self.replay.settle()
        self.outcome.a_childs_waits = self.database.puids == before
        self.say("A child's: nothing is published while the notice to its holder waits.")
        self.cleared()
        self.lost()
        self.limited()
        self.replay.settle()
        self.outcome.nothing_waits = self.waiting() == 0
        delivered = "SELECT count(*) FROM cases_reasonsdelivery WHERE state = 'delivered'"
        self.outcome.nothing_twice = int(self.replay.ledger.one(delivered)) == len(self.database.puids)
        return self.outcome

    def published(self, account: str) -> list[dict[str, Any]]:
        """An adult's picture that somebody reports and one person finds violating: the statements that arrive."""
        before = self.database.puids
        self.decided(account, "Ravi", what="other_adult", answer=BREAKS)
        self.until(lambda: self.waiting() == 0 and self.is_removal_among(before), "a statement")
        return [self.database.statements.by_puid[one] for one in self.database.puids - before]

    def is_removal_among(self, before: set[str]) -> bool:
        """Whether the statement of a removal arrived since."""
        held = self.database.statements.by_puid
        new = [held[one] for one in self.database.puids - before]
        return any("DECISION_VISIBILITY_CONTENT_REMOVED" in _decisions(one) for one in new)

    def cleared(self) -> None:
        """A hiding that its holder was told of, and that two people lift."""
        before = self.database.puids
        item = self.posted("oskar", "other_adult", stands=False)
        self.replay.settle()
        for name in ("Ravi", "Rosa"):
            self.replay.people[name].judge(item, FINE)
            self.replay.settle()
        self.until(lambda: self.database.puids > before, "the statement of a hiding that is over")
        (found,) = (self.database.statements.by_puid[one] for one in self.database.puids - before)
        ends = found.get("end_date_visibility_restriction")
        self.outcome.hiding_is_there_with_its_end = bool(ends) and (
            _decisions(found) == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
        )
        self.say(f"Hidden, told, cleared: published once it was over, with its end, {ends}.")

    def lost(self) -> None:
        """The connection breaks after the database stored a statement."""
        asked = len(self.database.asked)
        self.database.troubles.append(Trouble("/api/v1/statement", cut=0))
        self.outcome.lost_answer_is_there_once = bool(self.published(f"holder{self._number}"))
        steps = [one.partition("existing-puid/") for one in self.database.asked[asked:]]
        shown = ", ".join(f"{before}{mark}{'…' if mark else ''}" for before, mark, _ in steps)
        self.say(f"An answer that never came: it is there once. It asked: {shown}")

    def limited(self) -> None:
        """The database takes no more for two seconds."""
        asked = len(self.database.asked)
        many = Trouble("/api/v1/statement", before=True, status=429, body=b"Limit Reached.", retry_after="2")
        self.database.troubles.append(many)
        self.published(f"holder{self._number}")
        times = len(self.database.asked) - asked
        self.outcome.limit_was_respected = times <= 5
        self.say(f"Too many: it came again after two seconds, {times} requests in all.")

    def waiting(self) -> int:
        """How many deliveries are owed."""
        sql = "SELECT count(*) FROM obligations_obligation WHERE kind = 'deliver_reasons' AND state = 'owed'"
        return int(self.replay.ledger.one(sql))


def drill(data: Path, say: Callable[[str], None]) -> Outcome:
    """Play it on a new desk in this directory."""
    say(
        "Starting a desk, its worker, a sample site, and a database of the drill's own. The Commission's is not called."
    )
    with Server() as database, Pager() as pager:
        stack = Stack(data, BEGIN, pager.url)
        write_private(data / TOKEN_FILE, TOKEN.encode())
        with (data / CONFIG_NAME).open("a") as file:
            file.write(CONFIGURED.format(base=database.base, token=TOKEN_FILE))
        database.statements.clock = stack.time.now
        with stack:
            replay = Replay(stack, say, 1.0)
            replay.hire()
            return Drill(replay, database).play()


def _decisions(statement: dict[str, Any]) -> list[str]:
    return list(statement.get("decision_visibility", ()))
