"""A platform's own list as a library."""

import json
from collections.abc import Callable

import pytest

from answerable.cases.models import Account, Backfill, Item
from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.session import CannotGoOn, Outcome
from tests.fakes.platform import Platform

pytestmark = pytest.mark.django_db
Run = Callable[..., Outcome]
SOURCE = "platform:site"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("answerable.matching.backfill.listing.WAITS_SECONDS", (0.0, 0.0))


@pytest.fixture
def full(site: Platform, draw: Callable[[int], bytes]) -> Platform:
    """The site with seven pictures, of which one is hidden, and a text."""
    for number in range(6):
        site.add(f"p{number}", draw(number), account=f"uri{number % 2}")
    site.add("hidden", draw(7), wanted="hidden")
    site.add("words", b"hello", kind="text")
    return site


def asked(site: Platform, verb: str) -> list[dict[str, str]]:
    return [request for request in site.site.requests if request["verb"] == verb]


def test_every_item_is_registered_with_what_the_platform_says_of_it(backfill: Run, full: Platform) -> None:
    outcome = backfill(SOURCE)
    assert "8 registered" in outcome.summary
    assert "1 passed over: neither image nor video" in outcome.summary
    item = Item.objects.select_related("content", "account").get(ref="p3")
    assert (item.url, item.views, item.kind) == (f"{full.site.url}/p/p3", 12, "image")
    assert item.account == Account.objects.get(platform="site", ref="uri1")
    assert item.posted_at is not None
    assert item.content is not None
    assert item.content.pdq is not None
    assert Item.objects.get(ref="hidden").content is not None
    assert len(asked(full, "items.list")) == 5


def test_it_goes_on_on_the_page_where_it_was_stopped(backfill: Run, full: Platform) -> None:
    Backfill.objects.create(
        key=Naming("site").digest(SOURCE),
        source=SOURCE,
        platform="site",
        position=json.dumps(["4", "p3"]),
        begun_at="2026-12-01T09:00Z",
    )
    backfill(SOURCE)
    assert asked(full, "items.list")[0]["cursor"] == "4"
    assert set(Item.objects.values_list("ref", flat=True)) == {"p4", "p5"}


def test_what_was_deleted_meanwhile_does_not_stop_it(backfill: Run, full: Platform) -> None:
    backfill(SOURCE)
    row = Backfill.objects.get()
    Backfill.objects.filter(pk=row.pk).update(ended_at=None, position=json.dumps(["4", "p3"]))
    del full.site.things["p3"]
    outcome = backfill(SOURCE)
    assert outcome.is_end
    assert Item.objects.count() == 8


def test_a_busy_platform_is_asked_again_and_a_silent_one_stops_it(backfill: Run, full: Platform) -> None:
    full.site.faults.add("is_busy")
    with pytest.raises(CannotGoOn, match="can't be listed"):
        backfill(SOURCE)
    full.site.faults.clear()
    assert "8 registered" in backfill(SOURCE).summary


def test_media_elsewhere_are_not_fetched(
    backfill: Run, full: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.matching.backfill.run.MOST_FAILURES", 3)
    full.site.faults.add("media_elsewhere")
    with pytest.raises(CannotGoOn, match="configured media hosts"):
        backfill(SOURCE)


def test_a_list_that_never_ends_is_noticed(backfill: Run, full: Platform) -> None:
    full.site.faults.add("endless_list")
    with pytest.raises(CannotGoOn, match="never ends"):
        backfill(SOURCE)


def test_it_asks_no_faster_than_told(backfill: Run, full: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr("threading.Event.wait", lambda _event, seconds=None: waited.append(seconds or 0))
    backfill(SOURCE, per_second=0.001)
    calls = len(asked(full, "items.list")) + len(full.site.gets)
    assert len(full.site.gets) == 7
    assert len([seconds for seconds in waited if seconds > 100]) == calls - 1


def test_a_platform_that_is_not_configured_is_said(backfill: Run) -> None:
    with pytest.raises(CannotGoOn, match="No platform of that name"):
        backfill("platform:nowhere")
