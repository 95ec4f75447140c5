"""`kill -9` at every point of telling and delivering: each holder's statement is in the database once, by its name."""

import os
from typing import Any

import pytest
from django.db import transaction

from answerable import clock
from answerable.authorities import filing
from answerable.authorities.dsa import delivering
from answerable.cases.models import Person, ReasonsDelivery, StatementOfReasons
from answerable.obligations import attempts
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation
from answerable.worker import parties
from answerable.worker.attempt import attempt
from tests.cases.desk import TestDesk
from tests.fakes.dsa import Server, Trouble
from tests.fakes.platform import Platform
from tests.support.desks import Desk
from tests.support.kills import killed_until_done

MATTERS = 13
SOAK = bool(os.environ.get("ANSWERABLE_SOAK_KILLS"))
POINTS = 60 if SOAK else 24


@pytest.fixture
def desk(
    fresh_database: Desk, configure: Any, settings: Any, site: Platform, ravi: Person, monkeypatch: Any
) -> TestDesk:
    """A desk whose holders were told of removals, just before it was configured. Two statements fill a bundle."""
    settings.DATA = fresh_database.data
    monkeypatch.setattr(delivering, "MOST", 2)
    configure(dsa=None)
    parties.register()
    parties.warm()
    made = TestDesk(clock.now())
    for number in range(MATTERS):
        ref = f"p{number}"
        site.add(ref, ref.encode(), account=f"holder{number}")
        made.upload(ref, account=f"holder{number}")
        made.report(ref, harm="ncii", age=Age.ADULT, relation=Relation.WITNESS)
        made.yes(ravi, ref, age=Age.ADULT, clause="ncii.shared")
    with transaction.atomic():  # only what is told, and what follows from it
        others = Obligation.objects.filter(state="owed", by="worker").exclude(kind="tell_holder")
        others.update(state="released", closed_at=made.clock.now, reason="of no matter here")
    while turn():
        pass
    configure()
    return made


def turn() -> bool:
    """A worker that starts, and takes one obligation. Whether anything is left to do."""
    with transaction.atomic():
        attempts.clear_leases()
        Obligation.objects.filter(state="owed").update(next_attempt_at=clock.now())
    filing.draft_due(clock.now())
    for claimed in attempts.claim("turns", 1, clock.now()):
        attempt(claimed)
    return Obligation.objects.filter(state="owed", by="worker").exists()


def test_a_kill_anywhere_delivers_each_statement_once(desk: TestDesk, database: Server) -> None:
    database.troubles += [Trouble("/api/v1/statement", cut=cut) for cut in (0, 300)]
    kills = killed_until_done(turn, latest=POINTS)
    assert 15 <= kills < 300
    wanted = set(StatementOfReasons.objects.filter(notice__kind="removed").values_list("puid", flat=True))
    assert len(wanted) == MATTERS
    assert database.puids == wanted
    assert ReasonsDelivery.objects.filter(state="delivered").count() == MATTERS
    kept = Obligation.objects.filter(kind="deliver_reasons")
    assert set(kept.values_list("state", flat=True)) == {"kept"}
    posts = [one for one in database.asked if one.startswith("POST")]
    print(f"{kills} kills; {len(posts)} posts for {MATTERS} statements")
