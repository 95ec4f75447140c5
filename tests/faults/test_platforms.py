"""A site that fails, hangs, lies, replays or is away delays what is owed; nothing is lost, nothing is claimed."""

import itertools
from datetime import timedelta
from functools import partial

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.inputs import ReviewIn
from answerable.cases.models import Item, Person
from answerable.obligations.models import Obligation
from answerable.platforms import base, handlers
from answerable.policy.words import Age, Verdict
from tests.fakes.platform import Platform
from tests.faults.conftest import Reporter, assert_log_whole, owed, owed_kinds
from tests.support.turns import Turns

FAULTS = {
    "fails": "PlatformFailed",
    "is_busy": "PlatformFailed",
    "hangs": "PlatformTooSlow",
    "lies": "NotAsWanted",
    "does_nothing": "NotAsWanted",
    "replays": "AnswerStale",
    "malformed": "AnswerMalformed",
    "not_the_endpoint": "AnswerMalformed",
    "redirects": "RedirectRefused",
    "down": "PlatformUnreachable",
}
CHECKED = "Hidden, and checked on the site."
IMPATIENT_SECONDS = 0.05
"""What a handler gives a hanging site here, instead of nine seconds."""
LONGEST_WAIT = timedelta(minutes=5)


def break_(site: Platform, fault: str) -> None:
    if fault == "down":
        site.stop()
    else:
        site.site.faults = {fault}


def heal(site: Platform, fault: str) -> None:
    if fault == "down":
        site.start()
    else:
        site.site.faults = set()


@pytest.fixture
def known_before(dana: Reporter, worker: Turns, site: Platform, picture: bytes) -> None:
    """The site served the desk well until now: there are old answers that it could replay."""
    site.add("0old", picture)
    dana.report("0old")
    worker.settle()
    assert site.site.things["0old"].wanted == "hidden"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.usefixtures("known_before")
def test_a_broken_site_delays_the_hiding_and_an_hour_later_it_is_hidden(
    dana: Reporter, worker: Turns, site: Platform, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_(site, fault)
    if fault == "hangs":
        monkeypatch.setattr(handlers, "asking", partial(base.asking, within_seconds=IMPATIENT_SECONDS))
    code = dana.report()
    worker.settle()
    hide = owed("hide")
    assert (hide.attempt, hide.last_error.split(":")[0]) == (1, FAULTS[fault])
    assert CHECKED not in dana.status(code)
    assert Item.objects.get(ref="3pic").hidden_at is None

    due_at = hide.due_at
    moments = worker.live(hours=1)
    hide.refresh_from_db()
    assert (hide.state, hide.due_at, hide.alarmed_at is not None) == ("owed", due_at, True)
    assert 12 < hide.attempt < 40, "often at first, then at least every five minutes"
    assert all(later - earlier <= LONGEST_WAIT for earlier, later in itertools.pairwise(moments))
    assert AuditEntry.objects.filter(kind="obligation_alarmed").count() >= 1

    heal(site, fault)
    monkeypatch.setattr(handlers, "asking", base.asking)
    healed_at = worker.now
    worker.live(minutes=5)
    hide.refresh_from_db()
    assert hide.state == "kept_late"
    assert hide.closed_at is not None
    assert hide.closed_at - healed_at <= LONGEST_WAIT
    assert site.site.things["3pic"].wanted == "hidden"
    worker.live(minutes=6)
    assert owed_kinds() == set(), "what waited for the fetch came, too"
    assert CHECKED in dana.status(code)
    assert_log_whole()


def test_gone_but_still_visible_is_not_gone_until_it_is(
    dana: Reporter, worker: Turns, site: Platform, ravi: Person
) -> None:
    code = dana.report()
    worker.settle()
    item = Item.objects.get()
    worker.now += timedelta(minutes=1)
    commands.review(
        ReviewIn(
            content_ids=(item.content_id or 0,),
            person_id=ravi.pk,
            verdict=Verdict.VIOLATING,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="as the clause says",
            began_at=worker.now,
        ),
        now=worker.now,
    )
    site.site.faults = {"lies"}
    worker.settle()
    remove = owed("remove")
    assert remove.last_error.startswith("NotAsWanted")
    assert site.site.things["3pic"].wanted == "gone", "it says so"
    item.refresh_from_db()
    assert (item.seen, item.acknowledged_at is not None) == ("visible", True), "asked, acknowledged, not seen"
    assert "Being removed" in dana.status(code)
    worker.live(minutes=10)
    assert owed("remove").alarmed_at is not None
    site.site.faults = set()
    worker.live(minutes=5)
    remove.refresh_from_db()
    item.refresh_from_db()
    assert (remove.state, item.seen) == ("kept_late", "gone")
    assert_log_whole()


def test_a_site_that_comes_back_does_what_is_wanted_now_not_what_it_missed(
    dana: Reporter, worker: Turns, site: Platform, ravi: Person
) -> None:
    """Hidden while the site was away, lifted while it was away: when it is back, the item stays visible."""
    dana.report()
    worker.settle()
    item = Item.objects.get()
    site.stop()
    worker.now += timedelta(minutes=1)
    commands.review(
        ReviewIn(
            content_ids=(item.content_id or 0,),
            person_id=ravi.pk,
            verdict=Verdict.NOT_VIOLATING,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="a landscape",
            began_at=worker.now,
            nobody_in_it=True,
        ),
        now=worker.now,
    )
    worker.live(hours=1)
    assert owed("restore").attempt > 5
    site.start()
    worker.live(minutes=6)
    assert site.site.things["3pic"].wanted == "visible"
    assert Item.objects.get().seen == "visible"
    assert owed_kinds() == set()
    asked = [one["wanted"] for one in site.site.requests if one["verb"] == "item.set_visibility"]
    assert asked == ["hidden", "visible"], "nothing stale reached the site"


def test_what_people_owe_is_not_held_up_by_a_broken_site(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    site.stop()
    dana.report()
    worker.settle()
    assert {"look", "decide"} <= owed_kinds("people")
    assert Obligation.objects.filter(kind="acknowledge", state="kept").count() == 1
