"""The drill of filing with NCMEC: a desk of its own, a CyberTipline on this machine, and what goes wrong between them.

Nothing here calls NCMEC. The service is the drill's own (`authorities/ncmec/drill`), as strict as the real one is
documented to be; everything else is the desk as it runs.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from answerable.authorities.ncmec.drill.reports import Filed, State
from answerable.authorities.ncmec.drill.server import LOGIN, Server
from answerable.authorities.ncmec.drill.trouble import Trouble
from answerable.demo.acts.overturn import notice_code
from answerable.demo.acts.story import BEGIN
from answerable.demo.drilling import Drilling
from answerable.demo.pager import Pager
from answerable.demo.replay import Replay
from answerable.demo.reporter import appeal
from answerable.demo.reviewer import NOT_VIOLATING, VIOLATING
from answerable.demo.stack import Stack
from answerable.settings.config import CONFIG_NAME
from answerable.settings.create import write_private

LOGIN_FILE: Final = "ncmec.login"
WATCHED_STEP_SECONDS: Final = 1.5
CONFIGURED: Final = """
[authorities.ncmec]
base_url = "{base}"
environment = "production"           # of the drill: what is filed there keeps the duty
login_file = "{login}"
send = "at_once"

[authorities.ncmec.reporter]
email = "reports@photos.example"
about_us = "The sample site of the drill. Nothing of it is real."

[authorities.ncmec.platforms.sample]
name = "Sample"
public = true
"""


@dataclass
class Outcome:
    """What the drill ended with, each as it should be."""

    filed_once: bool = False
    viewed_is_true: bool = False
    follow_up_names_the_first: bool = False
    lost_upload_filed_once: bool = False
    lost_finish_filed_once: bool = False
    correction_names_the_first: bool = False
    nothing_left_open: bool = False
    duties_kept: bool = False

    @property
    def wrong(self) -> list[str]:
        """What did not come out as it should."""
        return [name.replace("_", " ") for name, good in asdict(self).items() if not good]


class Drill(Drilling):
    """The acts, on a desk that runs."""

    def __init__(self, replay: Replay, ncmec: Server) -> None:
        super().__init__(replay)
        self.ncmec = ncmec
        self.outcome = Outcome()

    def play(self) -> Outcome:
        """All of it, in order."""
        first = self.filed("uri", "Ravi")
        (file,) = first.files.values()
        self.outcome.filed_once = len(self.finished) == 1
        self.outcome.viewed_is_true = file.details is not None and (
            file.details.findtext("fileViewedByEsp") == "true"
        )
        self.say(f"Filed as report {first.number}, with one file, which Ravi saw: and so it says.")
        second = self.filed("uri", "Ravi")
        self.outcome.follow_up_names_the_first = _prior(second) == [str(first.number)]
        self.say(f"The same account again: report {second.number} names {', '.join(_prior(second))}.")
        self.lost("/upload", "An upload whose answer never came")
        self.outcome.lost_upload_filed_once = bool(self.ncmec.reports.in_state(State.RETRACTED))
        before = len(self.finished)
        self.lost("/finish", "A finished report whose answer never came")
        self.outcome.lost_finish_filed_once = len(self.finished) == before + 1
        self.corrected()
        self.replay.settle()
        self.outcome.nothing_left_open = not self.ncmec.reports.in_state(State.OPEN)
        self.outcome.duties_kept = self.owed() == 0
        return self.outcome

    @property
    def finished(self) -> list[Filed]:
        """What the service has, finished."""
        return self.ncmec.reports.in_state(State.FINISHED)

    def filed(self, account: str, who: str, *, stands: bool = True) -> Filed:
        """Somebody posts, somebody reports it, one person decides: the next report that arrives."""
        before = len(self.finished)
        item = self.decided(account, who, stands=stands)
        self.until(lambda: len(self.finished) > before, f"a report about item {item}")
        self.until(lambda: self.owed() == 0, "the duty to be kept")
        return self.finished[-1]

    def lost(self, path: str, what: str) -> None:
        """The connection breaks after the service carried a step out."""
        self.ncmec.troubles.append(Trouble(path, cut=0))
        asked = len(self.ncmec.asked)
        report = self.filed(f"holder{self._number}", "Ravi")
        steps = " ".join(self.ncmec.asked[asked:])
        self.say(f"{what}: filed once, as report {report.number}. It asked: {steps}")

    def corrected(self) -> None:
        """Two others decide otherwise on appeal: what was filed is taken back by another report."""
        filed = self.filed("oskar", "Ravi", stands=False)
        item = int(self.replay.ledger.one("SELECT max(id) FROM cases_item WHERE case_id IS NOT NULL"))
        self.replay.people["Rosa"].judge(item, VIOLATING)
        self.replay.settle()
        code = notice_code(self.replay)
        appeal(self.replay.stack.public_url, code, "That is a lake, and nobody is in it.")
        self.replay.settle()
        before = len(self.finished)
        for name in ("Lena", "Noor"):
            self.replay.people[name].judge(item, NOT_VIOLATING)
            self.replay.settle()
        self.until(lambda: len(self.finished) > before, "the correction")
        correction = self.finished[-1]
        self.outcome.correction_names_the_first = _prior(correction) == [str(filed.number)]
        self.say(
            f"Overturned: report {correction.number} takes {filed.number} back, since nothing that is finished can be."
        )

    def owed(self) -> int:
        """How many reports and corrections are owed to NCMEC."""
        return int(
            self.replay.ledger.one(
                "SELECT count(*) FROM obligations_obligation WHERE state = 'owed' AND regime = 'us'"
                " AND kind IN ('report_authority', 'correct_authority')"
            )
        )


def drill(data: Path, say: Callable[[str], None], watch: Callable[[Replay], None] | None = None) -> Outcome:
    """Play it on a new desk in this directory.

    `watch` is called when people could sign in, before anything happens; then each step takes long enough to be seen.
    """
    say(
        "Starting a desk, its worker, a sample site, and a CyberTipline of the drill's own. NCMEC is not called."
    )
    with Server() as ncmec, Pager() as pager:
        stack = Stack(data, BEGIN, pager.url)
        write_private(data / LOGIN_FILE, LOGIN.encode())
        with (data / CONFIG_NAME).open("a") as file:
            file.write(CONFIGURED.format(base=ncmec.base, login=LOGIN_FILE))
        ncmec.reports.clock = stack.time.now
        with stack:
            replay = Replay(stack, say, 1.0)
            replay.hire()
            if watch is not None:
                watch(replay)
                ncmec.before = lambda _: time.sleep(WATCHED_STEP_SECONDS)
            return Drill(replay, ncmec).play()


def _prior(report: Filed) -> list[str]:
    """The earlier reports that one names."""
    return [one.text or "" for one in report.root.findall("personOrUserReported/priorCTReports")]
