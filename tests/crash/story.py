"""One matter, from its report to a decision overturned, in steps that a client and a worker may begin again.

A step that was killed is simply done again, as a browser's user, a reviewer and a restarted worker would. What
the desk acknowledged is written to the client's own journal, outside the database, after the answer came.
"""

import json
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from django.db import transaction

from answerable.cases import codes, commands
from answerable.cases.inputs import AlreadyDone, Link, ReportIn, ReviewIn
from answerable.cases.models import Item, Notice, Person
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation, Verdict
from tests.support.turns import Turns


class Journal:
    """What the client was told, one line of JSON each, on disk before the client goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def acknowledged(self, **facts: object) -> None:
        """Note an acknowledgement that came."""
        with self.path.open("a") as file:
            file.write(json.dumps(facts) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def lines(self) -> list[dict[str, object]]:
        """All that was acknowledged."""
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []


class Matter:
    """One item of the site and what becomes of it. Times are of the test's clock."""

    def __init__(self, ref: str, begins_at: datetime, journal: Journal) -> None:
        self.ref = ref
        self.begins_at = begins_at
        self.journal = journal

    def report(self, turns: Turns) -> None:
        """Dana reports, with the same nonce each time she presses the button."""
        filed = commands.file_report(
            ReportIn(
                harm="csam",
                relation=Relation.DEPICTED,
                age=Age.CHILD,
                links=(Link(f"https://photos.example/p/{self.ref}", "site", self.ref),),
                statement="It is me.",
                idempotency=("intake", self.ref, self.ref),
            ),
            now=turns.now,
        )
        self.journal.acknowledged(
            report=filed.report_id, code=filed.code, entry=filed.entry_id, owed=filed.owed_kinds
        )

    def work(self, turns: Turns) -> None:
        """The worker (re)starts, as the one of its machine, and works until nothing is due."""
        with transaction.atomic():
            attempts.clear_leases()
        turns.settle()

    def judge(self, turns: Turns, who: str, verdict: Verdict) -> None:
        """A reviewer sends a judgement; told that it is there already, they go on."""
        content_id = Item.objects.values_list("content_id", flat=True).get(ref=self.ref)
        assert content_id is not None
        review_in = ReviewIn(
            content_ids=(content_id,),
            person_id=Person.objects.get(pseudonym=who).pk,
            verdict=verdict,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="as the clause says",
            began_at=turns.now,
        )
        with suppress(AlreadyDone):
            commands.review(review_in, now=turns.now)
        self.journal.acknowledged(review=content_id, who=who, verdict=str(verdict))

    def appeal(self, turns: Turns) -> None:
        """Uri contests the removal with the code of his notice."""
        notice = Notice.objects.filter(item__ref=self.ref).latest("pk")
        with suppress(AlreadyDone):
            commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="This is a lake.", now=turns.now)
        self.journal.acknowledged(appeal=notice.pk)

    def steps(self) -> dict[str, Callable[[Turns], None]]:
        """The whole story, in order."""
        return {
            "report": self.report,
            "hide": self.work,
            "yes of Ravi": lambda turns: self.judge(turns, "Ravi", Verdict.VIOLATING),
            "remove": self.work,
            "appeal": self.appeal,
            "no of Rosa": lambda turns: self.judge(turns, "Rosa", Verdict.NOT_VIOLATING),
            "no of Lena": lambda turns: self.judge(turns, "Lena", Verdict.NOT_VIOLATING),
            "put back": self.work,
        }

    def do(self, step: str, turns: Turns) -> None:
        """One step, at its time."""
        turns.now = self.at(step)
        self.steps()[step](turns)

    def at(self, step: str) -> datetime:
        """When a step happens: each a minute after the one before."""
        return self.begins_at + timedelta(minutes=list(self.steps()).index(step))

    def owed_in_all(self) -> Counter[tuple[str, str, str]]:
        """Everything that was ever owed for this matter: kind, what it is about, and how it ended."""
        item = Item.objects.get(ref=self.ref)
        case_id = item.case_id
        rows = Obligation.objects.filter(case_id=case_id).values_list("kind", "subject", "state")
        return Counter((kind, subject.partition(":")[0], state) for kind, subject, state in rows)


EVERY_STEP: Final = tuple(Matter("", datetime.min.replace(tzinfo=UTC), Journal(Path())).steps())
