"""What the adapter makes of sites that answer well, badly, late, twice, or not at all."""

import pytest

from answerable.platforms import base
from answerable.platforms.http import wire
from answerable.platforms.http.adapter import Adapter
from answerable.policy.words import Visibility
from tests.fakes.platform import Platform


def test_an_item_is_fetched_with_author_views_and_address(adapter: Adapter, site: Platform) -> None:
    item = adapter.fetch("3pic")
    assert (item.ref, item.kind, item.account, item.views) == ("3pic", "image", "uri", 12)
    assert item.url == f"{site.site.url}/p/3pic"
    assert item.posted_at is not None
    assert item.posted_at.utcoffset() is not None


def test_a_hidden_item_is_seen_as_hidden_and_its_bytes_stay_with_the_desk(
    adapter: Adapter, picture: bytes
) -> None:
    adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    assert adapter.visibility("3pic") is Visibility.HIDDEN
    media = adapter.fetch("3pic").media
    assert media is not None
    assert media.data == picture


def test_gone_is_looked_at_as_a_stranger(adapter: Adapter, site: Platform) -> None:
    adapter.set_visibility("3pic", Visibility.GONE, 1)
    assert adapter.visibility("3pic") is Visibility.GONE
    assert site.site.gets == ["/p/3pic", "/media/3pic"]


@pytest.mark.parametrize("wanted", [Visibility.HIDDEN, Visibility.GONE])
def test_a_site_that_says_gone_and_still_shows_it_is_not_believed(
    adapter: Adapter, site: Platform, wanted: Visibility
) -> None:
    site.site.faults = {"lies"}
    adapter.set_visibility("3pic", wanted, 1)
    assert adapter.visibility("3pic") is Visibility.VISIBLE


def test_a_site_that_says_visible_and_shows_nothing_is_not_believed(
    adapter: Adapter, site: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = adapter.ask_visibility
    adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    monkeypatch.setattr(
        adapter, "ask_visibility", lambda ref: real(ref).model_copy(update={"visibility": Visibility.VISIBLE})
    )
    assert adapter.visibility("3pic") is Visibility.HIDDEN


def test_an_item_that_is_no_longer_there_is_gone(adapter: Adapter) -> None:
    assert adapter.visibility("nothing") is Visibility.GONE
    adapter.set_visibility("nothing", Visibility.GONE, 1)
    with pytest.raises(base.ItemNotFound):
        adapter.set_visibility("nothing", Visibility.VISIBLE, 2)


def test_a_stale_request_changes_nothing_and_says_so(adapter: Adapter, site: Platform) -> None:
    adapter.set_visibility("3pic", Visibility.VISIBLE, 5)
    with pytest.raises(base.SerialBehind, match="5 there, 4 here"):
        adapter.set_visibility("3pic", Visibility.HIDDEN, 4)
    assert site.site.things["3pic"].wanted == "visible"


FAULTS = {
    "fails": base.PlatformFailed,
    "is_busy": base.PlatformFailed,
    "hangs": base.PlatformTooSlow,
    "drips": base.PlatformTooSlow,
    "endless": base.AnswerTooLarge,
    "malformed": base.AnswerMalformed,
    "wrong_types": base.AnswerMalformed,
    "no_echo": base.AnswerMalformed,
    "not_the_endpoint": base.AnswerMalformed,
    "wrong_item": base.AnswerMalformed,
    "redirects": base.RedirectRefused,
    "look_elsewhere": base.HostNotConfigured,
}


@pytest.mark.parametrize(("fault", "error"), FAULTS.items())
def test_each_fault_of_a_site_has_its_name(
    adapter: Adapter, site: Platform, fault: str, error: type[base.PlatformError]
) -> None:
    site.site.faults = {fault}
    with base.asking("1-1", within_seconds=0.6 if error is base.PlatformTooSlow else 9), pytest.raises(error):
        adapter.visibility("3pic")


def test_a_site_that_hangs_costs_the_time_given_and_no_more(adapter: Adapter, site: Platform) -> None:
    site.site.faults = {"hangs"}
    with base.asking("1-1", within_seconds=0.4) as bound:
        with pytest.raises(base.PlatformTooSlow):
            adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
        with pytest.raises(base.PlatformTooSlow, match="no time was left"):
            adapter.visibility("3pic")
        assert bound.seconds_left() == 0


def test_a_replayed_old_answer_is_refused(adapter: Adapter, site: Platform) -> None:
    adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    assert adapter.visibility("3pic") is Visibility.HIDDEN
    adapter.set_visibility("3pic", Visibility.VISIBLE, 2)
    site.site.faults = {"replays"}
    with pytest.raises(base.AnswerStale):
        adapter.visibility("3pic")


def test_a_site_that_is_down_is_unreachable_and_works_when_it_is_back(
    adapter: Adapter, site: Platform
) -> None:
    site.stop()
    with pytest.raises(base.PlatformUnreachable) as raised:
        adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    assert raised.value.retry_helps
    site.start()
    adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    assert adapter.visibility("3pic") is Visibility.HIDDEN


def test_nothing_is_sent_to_a_host_that_a_lying_site_names(adapter: Adapter, site: Platform) -> None:
    other = Platform()
    other.start()
    try:
        site.site.elsewhere = other.site.url
        for fault in ("redirects", "look_elsewhere"):
            site.site.faults = {fault}
            with pytest.raises((base.RedirectRefused, base.HostNotConfigured)):
                adapter.visibility("3pic")
        assert other.site.gets == []
        assert other.site.requests == []
    finally:
        other.stop()


def test_a_wrong_secret_is_refused_by_name(entry: object, site: Platform, tmp_path: object) -> None:
    secret = tmp_path / "other.secret"  # type: ignore[operator]
    secret.write_text("whsec_" + "QUJD" * 12)
    other = Adapter(entry.model_copy(update={"secret_file": str(secret)}))  # type: ignore[attr-defined]
    with pytest.raises(base.PlatformRefused, match="401"):
        other.fetch("3pic")


@pytest.mark.parametrize(
    "text", ["", "whsec_", "whsec_QUJD", "QUJD" * 12, "whsec_???", "whsec_" + "QUJD" * 40]
)
def test_a_secret_that_cannot_be_one_is_refused(text: str) -> None:
    with pytest.raises(base.SecretUnusable):
        wire.read_secret(text)


def test_requests_name_obligation_and_attempt_and_are_never_the_same(
    adapter: Adapter, site: Platform
) -> None:
    with base.asking("42-3"):
        adapter.visibility("3pic")
        adapter.visibility("3pic")
    ids = [request["id"] for request in site.site.requests]
    assert all(request_id.startswith("42-3-") for request_id in ids)
    assert len(set(ids)) == 2


def test_the_list_is_read_to_its_end(adapter: Adapter, site: Platform, picture: bytes) -> None:
    for number in range(4):
        site.add(f"4more{number}", picture)
    refs, cursor = [], ""
    while True:
        page = adapter.list_items(cursor)
        refs += [item.ref for item in page.items]
        cursor = page.cursor
        if not cursor:
            break
    assert refs == sorted(site.site.things)


def test_a_short_link_is_resolved_by_the_site(adapter: Adapter) -> None:
    named = adapter.resolve("https://s.example/3pic")
    assert named is not None
    assert (named.ref, named.kind) == ("3pic", "image")
    assert adapter.resolve("https://s.example/zzz") is None


def test_notices_suspensions_freezes_and_releases_reach_the_site(adapter: Adapter, site: Platform) -> None:
    adapter.notify("uri", "Something isn't visible.", "notice-1")
    adapter.notify("uri", "Something isn't visible.", "notice-1")
    assert list(site.site.notices) == ["notice-1"]
    adapter.suspend("uri")
    assert site.site.suspended == {"uri"}
    adapter.suspend("uri", suspended=False)
    assert site.site.suspended == set()
    adapter.freeze("3pic")
    assert site.site.things["3pic"].frozen
    adapter.release_upload("3pic")


def test_the_signature_is_that_of_the_standard() -> None:
    from datetime import UTC, datetime

    signer = wire.read_secret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    body = b'{"type":"case.updated","timestamp":"2026-01-02T03:04:05Z","data":{"id":"c1"}}'
    headers = wire.signed_headers(signer, "msg_1", body, datetime.fromtimestamp(1767323045, UTC))
    assert headers["webhook-signature"] == "v1,TT29PtZ9rTX2bTyNninsfQf+hKcztbGMMTiOF/+Zu18="
    assert headers["webhook-timestamp"] == "1767323045"


def test_an_error_says_what_happened_and_whether_trying_again_helps() -> None:
    assert str(base.PlatformFailed("status 500")) == (
        "The platform answered that it failed, or that it is too busy. It will be tried again. (status 500)"
    )
    assert "won't help" in str(base.AnswerMalformed("views: Input should be a valid integer"))


def test_what_a_site_answers_never_appears_in_an_error(adapter: Adapter) -> None:
    body = b'{"re": "x", "ref": ["something that a person wrote"]}'
    with pytest.raises(base.AnswerMalformed) as raised:
        wire.parse(wire.ItemAnswer, body, "x")
    assert "person wrote" not in str(raised.value)


def test_a_kept_connection_that_the_site_closed_is_opened_anew(adapter: Adapter, site: Platform) -> None:
    adapter.set_visibility("3pic", Visibility.HIDDEN, 1)
    site.stop()
    site.start()
    adapter.set_visibility("3pic", Visibility.VISIBLE, 2)
    assert site.site.things["3pic"].wanted == "visible"
