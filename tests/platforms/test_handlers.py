"""From a report to what stands on the site: the worker's handlers against a real HTTP server."""

import io
from datetime import datetime

import pytest
from django.db import transaction
from PIL import Image

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Link, ReportIn
from answerable.cases.models import Item, Notice
from answerable.media import MediaGone
from answerable.obligations import registry as kinds
from answerable.obligations import release
from answerable.obligations.models import Obligation
from answerable.platforms import base, handlers
from answerable.platforms.base import Capability
from answerable.platforms.http.adapter import Adapter
from answerable.platforms.notices import text_of
from answerable.platforms.registry import platforms
from answerable.policy import baseline, store
from answerable.policy.words import Age, Relation, Visibility
from tests.fakes.platform import Platform

pytestmark = pytest.mark.usefixtures("db", "configured")


@pytest.fixture(autouse=True)
def pack(db: None) -> None:
    with transaction.atomic():
        store.activate(baseline(), clock.now())


def report(ref: str = "3pic", link: str = "", kind: str = "image") -> int:
    """Dana reports; gives the report's number."""
    typed = link or f"https://photos.example/p/{ref}"
    filed = commands.file_report(
        ReportIn(
            harm="csam",
            relation=Relation.DEPICTED,
            age=Age.CHILD,
            links=(Link(typed, "site", "" if link else ref, kind),),
        ),
        now=clock.now(),
    )
    return filed.report_id


def owed(kind: str) -> Obligation:
    return Obligation.objects.get(kind=kind, state="owed")


def run(kind: str) -> Obligation:
    """One attempt; gives the obligation as it is afterwards."""
    obligation = owed(kind)
    handlers.kinds.find(kind).resolve()(obligation)
    obligation.refresh_from_db()
    return obligation


def want(visibility: Visibility) -> None:
    """The item is wanted otherwise, as a command would write it."""
    with transaction.atomic():
        item = Item.objects.get()
        item.wanted, item.wanted_serial = visibility, item.wanted_serial + 1
        item.save(update_fields=["wanted", "wanted_serial"])


def test_a_report_hides_the_item_and_the_three_times_are_kept(site: Platform) -> None:
    report()
    assert run("hide").state == "kept"
    assert site.site.things["3pic"].wanted == "hidden"
    item = Item.objects.get()
    assert item.seen == "hidden"
    assert item.asked_at <= item.acknowledged_at <= item.seen_at
    assert site.site.requests[0]["serial"] == item.wanted_serial


def test_a_lying_site_keeps_nothing(site: Platform) -> None:
    report()
    site.site.faults = {"lies"}
    with pytest.raises(base.NotAsWanted, match="wanted hidden, seen visible"):
        run("hide")
    assert owed("hide").state == "owed"
    assert Item.objects.get().seen == "visible"
    assert Item.objects.get().hidden_at is None


def test_what_is_wanted_now_is_asked_for_not_what_was_owed_then(site: Platform) -> None:
    report()
    want(Visibility.VISIBLE)
    run("hide")
    assert site.site.things["3pic"].wanted == "visible"
    assert site.site.requests[0]["wanted"] == "visible"


def test_a_site_that_is_down_delays_and_loses_nothing(site: Platform) -> None:
    report()
    site.stop()
    with pytest.raises(base.PlatformUnreachable):
        run("hide")
    assert owed("hide").state == "owed"
    site.start()
    assert run("hide").state == "kept"


def test_what_a_platform_cannot_do_goes_to_people_and_nothing_wider_happens(
    site: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    report()
    able = Adapter.capabilities - {Capability.HIDE}
    monkeypatch.setattr(platforms()["site"], "capabilities", able)
    assert run("hide").state == "released"
    assert owed("do_by_hand").by == "people"
    assert [one["verb"] for one in site.site.requests] == ["item.visibility"], "looked, and asked for nothing"
    assert site.site.things["3pic"].wanted == "visible"


@pytest.mark.parametrize(
    ("kind", "verb"),
    [("hide", "item.set_visibility"), ("hide", "item.visibility"), ("fetch_item", "item.get")],
)
def test_a_site_that_does_not_know_a_verb_leaves_it_to_people(site: Platform, kind: str, verb: str) -> None:
    report()
    site.site.faults = {f"no {verb}"}
    assert run(kind).state == "released"
    assert owed("do_by_hand").params["kind"] == kind
    assert owed("page_people")


def test_a_site_that_cannot_resolve_leaves_the_link_to_a_person(site: Platform) -> None:
    report(link="https://s.example/3pic")
    site.site.faults = {"no item.resolve"}
    assert run("resolve").state == "kept"
    assert owed("read_report").by == "people"


def test_an_item_that_is_no_longer_there_counts_as_hidden(site: Platform) -> None:
    report()
    del site.site.things["3pic"]
    assert run("hide").state == "kept"
    assert Item.objects.get().seen == "gone"


def test_putting_back_what_is_no_longer_there_goes_to_people(site: Platform) -> None:
    report()
    del site.site.things["3pic"]
    want(Visibility.VISIBLE)
    assert run("hide").state == "released"
    assert owed("do_by_hand").params["kind"] == "hide"


def test_fetching_brings_author_views_and_fingerprints(site: Platform) -> None:
    report()
    run("hide")
    assert run("fetch_item").state == "kept"
    item = Item.objects.select_related("account", "content").get()
    assert item.account is not None
    assert (item.account.ref, item.views, item.kind) == ("uri", 12, "image")
    assert item.content is not None
    assert len(bytes(item.content.pdq or b"")) == 32
    assert item.content.media_type == "image/png"


def test_what_is_hidden_while_it_is_fetched_is_asked_for_again(site: Platform) -> None:
    report()
    site.site.faults.add("hides_meanwhile")
    assert run("fetch_item").state == "kept"
    assert Item.objects.get().content is not None
    assert owed("look").by == "people"


def test_a_file_that_is_not_where_the_platform_says_closes_nothing(site: Platform) -> None:
    report()
    site.site.faults.add("no_file")
    with pytest.raises(MediaGone):
        run("fetch_item")
    assert (owed("look").by, owed("decide").by) == ("people", "people")
    Obligation.objects.filter(kind="fetch_item").update(attempt=handlers.ATTEMPTS_FOR_A_FILE)
    assert run("fetch_item").state == "released"
    assert "its file is not where the platform says" in owed("do_by_hand").params["reason"]
    assert (owed("look").by, owed("decide").by) == ("people", "people")


def test_media_are_fetched_from_configured_hosts_only(site: Platform) -> None:
    report()
    site.site.faults = {"media_elsewhere"}
    with pytest.raises(Exception, match="configured media hosts only"):
        run("fetch_item")
    assert owed("fetch_item").state == "owed"


@pytest.mark.parametrize("data", [b"not an image at all", b"", b"\x89PNG\r\n\x1a\n cut off"])
def test_bytes_that_are_no_image_are_fingerprinted_exactly_and_nothing_fails(
    site: Platform, data: bytes
) -> None:
    report()
    site.site.things["3pic"].data = data
    assert run("fetch_item").state == "kept"
    content = Item.objects.get().content
    assert content is not None
    assert content.pdq is None
    assert len(content.sha256) == 64


def test_a_bomb_is_fingerprinted_exactly_and_harms_nobody(site: Platform) -> None:
    report()
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    site.site.things["3pic"].data = file.getvalue()
    assert run("fetch_item").state == "kept"
    content = Item.objects.get().content
    assert content is not None
    assert content.pdq is None


def test_a_short_link_is_resolved_and_then_hidden(site: Platform) -> None:
    report(link="https://s.example/3pic")
    assert Item.objects.count() == 0
    assert run("resolve").state == "kept"
    assert Item.objects.get().ref == "3pic"
    assert run("hide").state == "kept"
    assert site.site.things["3pic"].wanted == "hidden"


def test_a_link_that_leads_nowhere_is_read_by_a_person(site: Platform) -> None:
    report(link="https://s.example/zzz")
    assert run("resolve").state == "kept"
    assert Item.objects.count() == 0
    assert owed("read_report").by == "people"


def test_a_text_behind_a_short_link_is_not_hidden_unlooked(site: Platform) -> None:
    site.add("9txt", b"words", kind="text")
    report(link="https://s.example/9txt")
    run("resolve")
    assert Item.objects.get().kind == "text"
    assert not Obligation.objects.filter(kind="hide").exists()


@pytest.mark.parametrize("kind", ["freeze", "suspend_account"])
def test_freezing_and_suspending_are_done_and_noted(site: Platform, kind: str) -> None:
    report()
    run("fetch_item")
    item = Item.objects.get()
    subject = f"item:{item.pk}" if kind == "freeze" else f"account:{item.account_id}"
    with transaction.atomic():
        _owe(kind, subject)
    assert run(kind).state == "kept"
    assert site.site.things["3pic"].frozen == (kind == "freeze")
    assert site.site.suspended == ({"uri"} if kind == "suspend_account" else set())


@pytest.mark.parametrize("says_so", [True, False])
def test_a_site_that_freezes_what_it_hides_is_not_asked_to_freeze_it(site: Platform, says_so: bool) -> None:
    site.site.freezes_what_it_hides = says_so
    report()
    run("fetch_item")
    frozen = Obligation.objects.get(kind="freeze")
    assert run("hide").state == "kept"
    frozen.refresh_from_db()
    assert frozen.state == ("kept" if says_so else "owed")
    assert site.site.things["3pic"].frozen is says_so
    if not says_so:
        assert run("freeze").state == "kept"
    asked = [one["verb"] for one in site.site.requests]
    assert ("item.freeze" in asked) is not says_so


def test_what_a_site_froze_while_it_still_shows_it_is_no_proof(site: Platform) -> None:
    site.site.freezes_what_it_hides = True
    site.site.faults.add("lies")
    report()
    run("fetch_item")
    with pytest.raises(base.NotAsWanted):
        run("hide")
    assert owed("freeze")


def test_freezing_waits_for_the_hiding_of_its_item(site: Platform) -> None:
    report()
    run("fetch_item")
    assert ["erase", "freeze", "hide", "limit", "remove", "restore"] in kinds.sharing_a_handler()


def suspend_or_not(kind: str) -> Obligation:
    """That kind is owed to Uri's account."""
    report()
    run("fetch_item")
    with transaction.atomic():
        return _owe(kind, f"account:{Item.objects.get().account_id}")


def test_a_suspension_is_lifted_on_the_platform(site: Platform) -> None:
    site.site.suspended = {"uri"}
    suspend_or_not("lift_account_effects")
    assert run("lift_account_effects").state == "kept"
    assert site.site.suspended == set()


def test_suspending_and_letting_go_are_one_work_so_that_neither_overtakes_the_other() -> None:
    assert ["lift_account_effects", "suspend_account"] in kinds.sharing_a_handler()


def test_a_suspension_that_is_no_longer_owed_is_not_asked_for(site: Platform) -> None:
    obligation = suspend_or_not("suspend_account")
    with transaction.atomic():
        release(obligation, "superseded", clock.now())
    handlers.make_account_so(obligation)
    assert site.site.suspended == set()


def test_a_suspension_that_a_look_does_not_find_is_tried_again(site: Platform) -> None:
    suspend_or_not("suspend_account")
    site.site.faults = {"does_nothing"}
    with pytest.raises(base.NotAsWanted):
        run("suspend_account")
    assert owed("suspend_account").state == "owed"


def test_where_a_site_says_nothing_of_accounts_its_word_is_taken(site: Platform) -> None:
    suspend_or_not("suspend_account")
    site.site.faults = {"no account.get"}
    assert run("suspend_account").state == "kept"


def _owe(kind: str, subject: str) -> Obligation:
    from datetime import timedelta

    from answerable.obligations import Owed, owe
    from answerable.policy.words import By

    now = clock.now()
    [row] = owe(
        [Owed(kind=kind, subject=subject, by=By.WORKER, due_at=now + timedelta(minutes=1), platform="site")],
        now=now,
        cause="test",
    )
    return row


def _notice(now: datetime, kind: str = "interim") -> Notice:
    item = Item.objects.select_related("account").get()
    with transaction.atomic():
        return Notice.objects.create(
            account=item.account, item=item, kind=kind, decided_at=now, code_hash=f"hash-{kind}"
        )


def test_the_holder_is_told_in_every_language_and_nothing_of_the_report(
    site: Platform, now: datetime
) -> None:
    report()
    run("fetch_item")
    notice = _notice(now)
    with transaction.atomic():
        obligation = _owe("tell_holder", f"notice:{notice.pk}")
        obligation.not_before = now  # it has waited
        obligation.save(update_fields=["not_before"])
    handlers.tell_holder(obligation)
    obligation.refresh_from_db()
    assert obligation.state == "kept"
    [text] = site.site.notices.values()
    assert "isn't visible at the moment" in text
    assert "n’est pas visible" in text
    assert "/appeal" in text
    assert "report" not in text.lower()
    assert "signal" not in text.lower()
    handlers.tell_holder(obligation)
    assert len(site.site.notices) == 1


def test_a_notice_that_could_hurt_a_child_is_not_sent_but_owed_for_later(
    site: Platform, now: datetime
) -> None:
    report()
    run("fetch_item")
    notice = _notice(now)
    with transaction.atomic():
        obligation = _owe("tell_holder", f"notice:{notice.pk}")
    handlers.tell_holder(obligation)
    assert not site.site.notices
    obligation.refresh_from_db()
    assert obligation.state == "released"
    again = Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}", state="owed")
    assert again.not_before is not None


@pytest.mark.parametrize("kind", sorted(baseline().notices))
def test_every_notice_of_the_pack_can_be_written(kind: str, now: datetime) -> None:
    report()
    run("fetch_item")
    assert text_of(_notice(now, kind), "")


def test_each_adapter_of_the_configuration_is_loaded_by_name() -> None:
    assert isinstance(platforms()["site"], Adapter)
    with pytest.raises(base.UnknownPlatform):
        handlers.registry.platform("nowhere")
