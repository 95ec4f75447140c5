"""What was seen hidden is looked at again: an hour later, then less often, and hidden again should it be back."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.models import Item
from answerable.obligations.models import Obligation
from answerable.platforms import looking
from answerable.policy.words import Visibility
from tests.fakes.platform import Platform
from tests.faults.conftest import Reporter, assert_log_whole, owed
from tests.support.turns import Turns


def look(worker: Turns, **later: float) -> int:
    worker.now += timedelta(**later)
    return looking.look_again(worker.now)


@pytest.fixture
def hidden(dana: Reporter, worker: Turns, site: Platform) -> Item:
    """An item that was hidden, and seen hidden."""
    dana.report()
    worker.settle()
    item = Item.objects.get()
    assert (item.seen, item.look_again_at) == ("hidden", worker.now + timedelta(hours=1))
    return item


def test_an_item_that_is_back_is_owed_anew_hidden_again_and_people_are_paged(
    hidden: Item, worker: Turns, site: Platform
) -> None:
    site.site.things["3pic"].wanted = "visible"  # a backup was put back
    site.site.things["3pic"].serial = 0
    assert look(worker, minutes=59) == 0, "not yet"
    assert look(worker, minutes=1) == 1
    hide = owed("hide")
    assert hide.due_at <= worker.now + timedelta(minutes=1)
    assert Obligation.objects.filter(kind="page_people", state="owed", params__why="reappeared").exists()
    assert AuditEntry.objects.filter(kind="item_reappeared").count() == 1
    hidden.refresh_from_db()
    assert (hidden.seen, hidden.look_again_at) == ("visible", None)
    worker.settle()
    assert site.site.things["3pic"].wanted == "hidden"
    hide.refresh_from_db()
    hidden.refresh_from_db()
    assert (hide.state, hidden.seen) == ("kept", "hidden")
    assert hidden.look_again_at is not None
    assert_log_whole()


def test_what_stays_hidden_is_looked_at_after_an_hour_and_in_the_end_weekly(
    hidden: Item, worker: Turns, site: Platform
) -> None:
    began, looks = worker.now, list[datetime]()
    while worker.now < began + timedelta(days=60):
        assert hidden.look_again_at is not None
        worker.now = hidden.look_again_at
        assert looking.look_again(worker.now) == 0
        looks.append(worker.now)
        hidden.refresh_from_db()
    waits = [later - earlier for earlier, later in zip([began, *looks], looks, strict=False)]
    assert waits[0] == timedelta(hours=1)
    assert waits == sorted(waits), "each at least as long as the one before"
    assert waits[-1] == timedelta(days=7)
    assert len(looks) < 25
    assert not Obligation.objects.filter(kind="hide", state="owed").exists()


def test_a_site_that_is_away_or_an_item_that_can_not_be_looked_at_takes_no_others_turn(
    hidden: Item, worker: Turns, site: Platform
) -> None:
    unknown = [
        Item(
            platform="closed-down",
            ref=str(number),
            wanted=Visibility.HIDDEN,
            wanted_at=worker.now,
            registered_at=worker.now,
            look_again_at=worker.now,
        )
        for number in range(2 * looking.AT_ONCE)
    ]
    with transaction.atomic():
        Item.objects.bulk_create(unknown)
    site.site.things["3pic"].wanted = "visible"
    assert [look(worker, hours=1), look(worker, seconds=5), look(worker, seconds=5)] == [0, 0, 1]
    assert owed("hide").subject == f"item:{hidden.pk}"


def test_while_the_site_fails_nothing_is_claimed_and_it_is_looked_at_later(
    hidden: Item, worker: Turns, site: Platform
) -> None:
    site.site.faults = {"fails"}
    assert look(worker, hours=1) == 0
    hidden.refresh_from_db()
    assert hidden.look_again_at == worker.now + timedelta(minutes=5)
    site.site.faults = set()
    assert look(worker, minutes=5) == 0
    hidden.refresh_from_db()
    assert hidden.seen_at == worker.now


def test_a_look_that_comes_late_changes_nothing(hidden: Item, worker: Turns) -> None:
    early = worker.now - timedelta(seconds=1)
    for serial, at in ((hidden.wanted_serial, early), (hidden.wanted_serial - 1, worker.now)):
        assert commands.seen_again(
            hidden.pk, visibility=Visibility.VISIBLE, serial=serial, seen_at=at, now=worker.now
        )
    hidden.refresh_from_db()
    assert hidden.seen == "hidden"
    assert not Obligation.objects.filter(kind="hide", state="owed").exists()


def test_what_is_already_being_hidden_again_pages_nobody_twice(
    hidden: Item, worker: Turns, site: Platform
) -> None:
    site.site.things["3pic"].wanted = "visible"
    look(worker, hours=1)
    again = commands.seen_again(
        hidden.pk,
        visibility=Visibility.VISIBLE,
        serial=hidden.wanted_serial,
        seen_at=worker.now,
        now=worker.now,
    )
    assert again, "somebody is at it"
    assert AuditEntry.objects.filter(kind="item_reappeared").count() == 1
