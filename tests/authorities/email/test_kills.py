"""`kill -9` at every point of a letter: it is sent, every copy of it to the byte, and the duty is kept."""

from typing import Any

import pytest
from django.db import transaction

from answerable import clock
from answerable.authorities import filing
from answerable.cases.models import Letter, Person
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.worker import parties
from answerable.worker.attempt import attempt
from tests.cases.desk import TestDesk
from tests.fakes.smtp import Server
from tests.support.desks import Desk
from tests.support.kills import killed_until_done

MATTERS = 6


@pytest.fixture
def desk(fresh_database: Desk, configure: Any, settings: Any, ravi: Person) -> TestDesk:
    """A desk that owes the police several reports, each about another account's item in another case."""
    settings.DATA = fresh_database.data
    configure(names=("eu_police",))
    parties.register()
    parties.warm()
    made = TestDesk(clock.now())
    for number in range(MATTERS):
        made.upload(f"p{number}", account=f"holder{number}")
        made.report(f"p{number}")
        made.yes(ravi, f"p{number}")
    with transaction.atomic():
        others = Obligation.objects.filter(state="owed", by="worker")
        others.update(state="released", closed_at=made.clock.now, reason="of no matter here")
    return made


def turn() -> bool:
    """A worker that starts, drafts, and takes one obligation. Whether anything is left to do."""
    with transaction.atomic():
        attempts.clear_leases()
        Obligation.objects.filter(state="owed", kind="send_letter").update(next_attempt_at=clock.now())
    drafted = filing.draft_due(clock.now())
    for claimed in attempts.claim("turns", 1, clock.now()):
        attempt(claimed)
    return drafted > 0 or Obligation.objects.filter(state="owed", by="worker").exists()


def test_a_kill_anywhere_sends_each_letter_and_no_other(desk: TestDesk, post: Server) -> None:
    post.answers += [("end", ""), ("rcpt", "450 busy")]
    kills = killed_until_done(turn, latest=30)
    assert 15 <= kills < 300
    letters = Letter.objects.exclude(state="dropped")
    assert set(letters.values_list("state", flat=True)) == {"accepted"}
    assert letters.count() == MATTERS
    by_name: dict[str, set[bytes]] = {}
    for taken in post.taken:
        by_name.setdefault(str(taken.mail["Message-ID"]), set()).add(taken.raw)
    assert set(by_name) == set(letters.values_list("message_id", flat=True))
    assert all(len(copies) == 1 for copies in by_name.values())
    duties = Obligation.objects.filter(kind="report_authority", regime="eu")
    assert set(duties.values_list("state", flat=True)) == {"kept"}
    assert Obligation.objects.filter(kind="enter_receipt", state="owed").count() == MATTERS
    print(f"{kills} kills; {len(post.taken)} mails of {MATTERS} letters")
