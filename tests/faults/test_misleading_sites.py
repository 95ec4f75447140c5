"""Sites that mislead: what is owed is kept late and in sight, never lost, and never taken for kept."""

import urllib.request
from datetime import timedelta
from email.utils import format_datetime

import pytest

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import ItemIn
from answerable.cases.models import Item
from answerable.obligations.models import Obligation
from answerable.platforms import looking
from tests.fakes.platform import Platform
from tests.faults.conftest import Reporter, assert_log_whole, owed, owed_kinds
from tests.support.turns import Turns

CHECKED = "Hidden, and checked on the site."


def hide() -> Obligation:
    return Obligation.objects.filter(kind="hide", subject=f"item:{Item.objects.get(ref='3pic').pk}").latest(
        "pk"
    )


def a_stranger_looks(site: Platform) -> None:
    for place in ("p", "media"):
        urllib.request.urlopen(f"{site.site.url}/{place}/3pic").read()


def hidden(dana: Reporter, worker: Turns, site: Platform) -> str:
    code = dana.report()
    worker.settle()
    assert hide().state == "kept"
    return code


def test_a_cache_of_thirty_seconds_is_believed_as_little_as_the_site(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    a_stranger_looks(site)
    site.site.faults = {"caches"}
    code = dana.report()
    worker.settle()
    assert site.site.things["3pic"].wanted == "hidden", "the site did as it was asked"
    assert owed("hide").last_error.startswith("NotAsWanted"), "and strangers still get it from the cache"
    assert CHECKED not in dana.status(code)
    worker.live(seconds=30)
    assert hide().state == "owed"
    site.site.faults.clear()  # the thirty seconds are over
    worker.live(seconds=30)
    assert hide().state == "kept"
    assert CHECKED in dana.status(code)
    assert_log_whole()


def test_a_site_that_lost_its_database_is_found_out_and_hides_it_again(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    hidden(dana, worker, site)
    thing = site.site.things["3pic"]
    thing.wanted, thing.serial = "visible", 0  # an old backup, or none
    worker.pass_(minutes=59)
    assert looking.look_again(worker.now) == 0, "looked at again within the hour, not before"
    worker.pass_(minutes=2)
    assert looking.look_again(worker.now) == 1
    assert {"hide", "page_people"} <= owed_kinds()
    worker.settle()
    assert (thing.wanted, hide().state) == ("hidden", "kept")
    assert_log_whole()


@pytest.mark.parametrize("there", [1, 7])
def test_a_serial_from_before_this_desk_or_its_backup_holds_nothing_up_for_good(
    dana: Reporter, worker: Turns, site: Platform, there: int
) -> None:
    """`answerable platform check` and a desk that was there before leave serials that this one never gave."""
    site.site.things["3pic"].serial = there
    dana.report()
    worker.settle()
    worker.live(seconds=5)
    assert hide().state == "kept"
    thing = site.site.things["3pic"]
    assert (thing.wanted, thing.serial) == ("hidden", Item.objects.get().wanted_serial)
    assert thing.serial == (1 if there == 1 else 8)
    assert_log_whole()


def test_a_later_wish_of_this_desk_is_never_overtaken_by_an_older_one(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    hidden(dana, worker, site)
    item = Item.objects.get()
    assert not commands.serial_passed(item.pk, there=item.wanted_serial, now=worker.now)
    assert not commands.serial_passed(item.pk, there=2**62, now=worker.now), "no honest serial is so high"
    item.refresh_from_db()
    assert item.wanted_serial == 1


def test_what_changes_after_hiding_is_looked_at_at_once_and_hidden_again(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    hidden(dana, worker, site)
    thing = site.site.things["3pic"]
    thing.data, thing.wanted = thing.data + b" ", "visible"  # edited, and shown again by it
    commands.register_item(
        ItemIn(platform="site", ref="3pic", kind="image", fetch=True, edited=True), now=worker.now
    )
    assert looking.look_again(worker.now) == 1
    worker.settle()
    assert thing.wanted == "hidden"
    assert owed("look").subject == f"item:{Item.objects.get().pk}", "the new bytes are looked at anew"
    assert_log_whole()


def test_wrong_content_for_an_id_is_refused_and_waits(dana: Reporter, worker: Turns, site: Platform) -> None:
    site.site.faults = {"wrong_item"}
    code = dana.report()
    worker.settle()
    assert owed("hide").last_error.startswith("AnswerMalformed")
    assert owed("fetch_item").last_error.startswith("AnswerMalformed")
    assert Item.objects.get().content is None, "nothing was hashed in another item's name"
    assert CHECKED not in dana.status(code)


def test_media_that_redirect_elsewhere_are_not_followed(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    other = Platform()
    other.start()
    try:
        site.site.elsewhere, site.site.faults = other.site.url, {"media_redirects"}
        code = dana.report()
        worker.settle()
        assert owed("hide").last_error.startswith("RedirectRefused")
        assert owed("fetch_item").last_error != ""
        assert other.site.gets == []
        assert CHECKED not in dana.status(code)
    finally:
        other.stop()


def test_an_account_that_the_site_deleted_with_all_its_items_leaves_nothing_undone(
    dana: Reporter, worker: Turns, site: Platform
) -> None:
    hidden(dana, worker, site)
    del site.site.things["3pic"]
    worker.pass_(minutes=61)
    assert looking.look_again(worker.now) == 0, "what is gone is not shown"
    assert Item.objects.get().seen == "gone"
    assert "do_by_hand" not in owed_kinds("people")


def test_hidden_without_a_place_to_look_is_not_kept(dana: Reporter, worker: Turns, site: Platform) -> None:
    site.site.faults = {"names_no_place"}
    code = dana.report()
    worker.settle()
    assert owed("hide").last_error.startswith("AnswerMalformed: ")
    assert CHECKED not in dana.status(code)


@pytest.mark.parametrize(
    ("said", "seconds"), [("40", 40), ("86400", 300), ("", 1), ("soon", 1), ("date", 40), ("0", 1)]
)
def test_a_busy_site_is_left_alone_for_as_long_as_it_asks_up_to_five_minutes(
    dana: Reporter, worker: Turns, site: Platform, said: str, seconds: int
) -> None:
    site.site.retry_after = (
        format_datetime(clock.system_now() + timedelta(seconds=41), usegmt=True) if said == "date" else said
    )
    site.site.faults = {"is_busy"}
    dana.report()
    worker.settle()
    waits = (owed("hide").next_attempt_at - worker.now).total_seconds()
    assert seconds / 2 <= waits <= seconds + 1
    assert waits >= seconds - 2 or seconds == 1
    site.site.faults.clear()
    worker.live(seconds=seconds + 1)
    assert hide().state == ("kept" if seconds < 60 else "kept_late")
