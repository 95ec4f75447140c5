"""Servers that are away, slow, busy, lie, redirect, forget; sessions that end. Nothing is lost, nothing is claimed."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from answerable.demo.atproto.network import Network
from answerable.demo.atproto.person import Account, Post, Stranger
from answerable.platforms import base
from answerable.platforms.atproto.adapter import Adapter
from answerable.policy.words import Visibility
from answerable.settings.config import Platform as Entry
from tests.platforms.atproto.between import Answer, Between
from tests.platforms.atproto.people import Moderators, landscape, png
from tests.platforms.atproto.waiting import until

pytestmark = [pytest.mark.atproto, pytest.mark.usefixtures("db")]
SEEDS = iter(range(1000, 2000))


@pytest.fixture
def pds(network: Network) -> Iterator[Between]:
    """What stands before the data server."""
    proxy = Between(network.pds)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def appview(network: Network) -> Iterator[Between]:
    """What stands before the AppView."""
    proxy = Between(network.appview)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def adapter(
    make_entry: Callable[..., Entry], pds: Between, appview: Between, settings: Any, tmp_path: Any
) -> Adapter:
    """One that meets both."""
    settings.DATA = tmp_path
    return Adapter(make_entry(pds=pds.url, appview=appview.url))


@pytest.fixture
def post(uri: Account, max_: Stranger) -> Post:
    """A post that the AppView knows."""
    made = uri.post(png(landscape(next(SEEDS))))
    until(lambda: max_.in_appview(made))
    return made


def fixed(status: int, body: bytes = b"{}") -> Callable[[], Answer]:
    return lambda: (status, body)


BROKEN: dict[str, tuple[Callable[[], Answer | None], type[base.PlatformError]]] = {
    "busy": (fixed(429, b'{"error":"RateLimitExceeded"}'), base.PlatformFailed),
    "failing": (fixed(503, b"<html>"), base.PlatformFailed),
    "silent": (lambda: None, base.PlatformError),
    "elsewhere": (fixed(302), base.RedirectRefused),
    "refusing": (fixed(401, b'{"error":"AuthMissing"}'), base.PlatformRefused),
    "mumbling": (fixed(200, b"[]"), base.AnswerMalformed),
}


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("where", ["pds", "appview"])
def test_a_broken_server_is_no_hiding_and_then_it_is_hidden(
    adapter: Adapter, post: Post, max_: Stranger, pds: Between, appview: Between, fault: str, where: str
) -> None:
    broken = {"pds": pds, "appview": appview}[where]
    act, error = BROKEN[fault]
    broken.faults["updateSubjectStatus"] = act
    asking = partial(base.asking, within_seconds=1.5)
    with asking("1-1"), pytest.raises(error):
        adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    if fault != "mumbling":  # that one took it down, and answered nonsense
        assert adapter.visibility(post.ref()) is Visibility.VISIBLE
    broken.faults.clear()
    assert adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert adapter.visibility(post.ref()) is Visibility.HIDDEN
    assert max_.everywhere(post)[:3] == [False, False, False]


def test_a_server_that_answers_200_and_does_nothing_is_found_by_the_look(
    adapter: Adapter, post: Post, pds: Between
) -> None:
    pds.faults["updateSubjectStatus"] = fixed(200)
    adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert adapter.visibility(post.ref()) is Visibility.VISIBLE


def test_a_server_that_is_down_says_nothing_of_what_strangers_get(
    adapter: Adapter, post: Post, pds: Between
) -> None:
    adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    pds.stop()
    with pytest.raises(base.PlatformUnreachable):
        adapter.visibility(post.ref())
    with pytest.raises(base.PlatformUnreachable):
        adapter.set_visibility(post.ref(), Visibility.GONE, 2)
    pds.start()
    adapter.set_visibility(post.ref(), Visibility.GONE, 2)
    assert adapter.visibility(post.ref()) is Visibility.GONE


def test_something_in_front_that_finds_nothing_does_not_pass_for_gone(
    adapter: Adapter, post: Post, pds: Between, appview: Between
) -> None:
    for status in (404, 400, 500, 302, 401):
        for proxy in (pds, appview):
            proxy.faults["/"] = fixed(status, b"<h1>no such host</h1>")
        with pytest.raises(base.PlatformError) as refused:
            adapter.visibility(post.ref())
        assert not isinstance(refused.value, base.ItemNotFound), "which would be taken for gone"


def test_other_bytes_under_a_name_are_refused(adapter: Adapter, post: Post, pds: Between) -> None:
    pds.faults["getBlob"] = fixed(200, png(landscape(1)))
    with pytest.raises(base.AnswerMalformed, match="not the blob"):
        adapter.fetch(post.ref())
    assert not adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1), "what is not it isn't kept"
    pds.faults.clear()
    assert adapter.visibility(post.ref()) is Visibility.HIDDEN
    with pytest.raises(base.CannotDo, match="gives its bytes to nobody") as refused:
        adapter.fetch(post.ref())
    assert refused.value.by_hand.startswith("https://ozone.example/")


def test_without_ozone_it_is_hidden_all_the_same_and_its_removal_waits_for_the_history(
    adapter: Adapter, post: Post, pds: Between, moderators: Moderators, max_: Stranger
) -> None:
    pds.faults["emitEvent"] = fixed(502)
    assert adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert adapter.visibility(post.ref()) is Visibility.HIDDEN
    with pytest.raises(base.PlatformFailed):
        adapter.set_visibility(post.ref(), Visibility.GONE, 2)
    assert max_.everywhere(post) == [False] * 5, "gone at once, and said late"
    pds.faults.clear()
    adapter.set_visibility(post.ref(), Visibility.GONE, 2)
    assert len(moderators.events("Takedown", subject=post.uri)) == 1


def _ends_once(error: str) -> Callable[[], Answer]:
    return fixed(400, json.dumps({"error": error, "message": "Token has expired"}).encode())


def test_a_session_that_ended_is_renewed_and_else_made_anew(
    adapter: Adapter, uri: Account, pds: Between, moderators: Moderators
) -> None:
    adapter.notify(uri.did, "First.", "n-1")
    for key, error, refresh in (
        ("n-2", "ExpiredToken", None),
        ("n-3", "ExpiredToken", fixed(401, b'{"error":"ExpiredToken"}')),
        ("n-4", "InvalidToken", None),
    ):
        pds.asked.clear()
        once = [True]

        def ended(error: str = error, once: list[bool] = once) -> Answer:
            del pds.faults["queryEvents"]
            return _ends_once(error)()

        pds.faults["queryEvents"] = ended
        if refresh is not None:
            pds.faults["refreshSession"] = refresh
        adapter.notify(uri.did, "Again.", key)
        pds.faults.clear()
        calls = [path.rpartition(".")[2] for path in pds.asked if "Session" in path]
        expected = {
            "n-2": ["refreshSession"],
            "n-3": ["refreshSession", "createSession"],
            "n-4": ["createSession"],
        }
        assert calls == expected[key]
    assert len(moderators.events("Email", subject=uri.did)) == 4


def test_wrong_passwords_are_refused_by_name_and_never_shown(
    adapter: Adapter, post: Post, tmp_path: Any
) -> None:
    (tmp_path / "pds.secret").write_text("a wrong password")
    with pytest.raises(base.PlatformRefused) as refused:
        adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert "a wrong password" not in str(refused.value)
    (tmp_path / "moderator.secret").write_text("another")
    with pytest.raises(base.PlatformRefused) as refused:
        adapter.notify(post.did, "x", "k")
    assert "another" not in str(refused.value)
    with pytest.raises(base.PlatformRefused, match="a moment ago"):
        adapter.notify(post.did, "x", "k")  # the server counts tries: it isn't asked again at once
    (tmp_path / "moderator.secret").unlink()
    with pytest.raises(base.SecretMissing, match=r"moderator\.secret"):
        adapter.notify(post.did, "x", "k")


def test_a_cache_thirty_seconds_old_is_seen_until_it_runs_out(
    adapter: Adapter, post: Post, appview: Between, uri: Account
) -> None:
    picture = png(landscape(2))
    appview.faults["/img/feed_fullsize"] = fixed(200, picture)
    with pytest.raises(base.CannotDo, match="purge"):
        adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert adapter.visibility(post.ref()) is Visibility.VISIBLE
    appview.faults.clear()
    assert adapter.visibility(post.ref()) is Visibility.HIDDEN
    assert uri.did == post.did


def test_a_cache_that_refuses_to_forget_is_a_failure(
    make_entry: Callable[..., Entry], cache: Any, post: Post, settings: Any, tmp_path: Any, max_: Stranger
) -> None:
    settings.DATA = tmp_path
    adapter = Adapter(make_entry(purge=cache.url))
    (tmp_path / "purge.secret").write_text("a wrong token")
    with pytest.raises(base.PlatformFailed, match="403"):
        adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    assert not max_.blob(post.did, post.blobs[0])


def test_restarted_in_the_middle_it_keeps_what_was_taken_down(
    adapter: Adapter, post: Post, network: Network, max_: Stranger
) -> None:
    adapter.set_visibility(post.ref(), Visibility.HIDDEN, 1)
    network.order("restart_pds", seconds=0.2)
    assert adapter.visibility(post.ref()) is Visibility.HIDDEN
    adapter.set_visibility(post.ref(), Visibility.VISIBLE, 2)
    assert adapter.visibility(post.ref()) is Visibility.VISIBLE
    assert max_.blob(post.did, post.blobs[0])
