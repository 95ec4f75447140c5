"""Uri uploads, Dana looks, Max tries: the sample site over real HTTP, in a process of its own."""

import base64
import hashlib
import os
import re
import select
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from answerable.demo.sample.visitor import NotPosted
from answerable.platforms import base
from answerable.platforms.check import check
from answerable.policy.words import Visibility
from tests.demo.sample.conftest import Running, start, stop
from tests.fakes.desk import Desk

Draw = Callable[[int], bytes]


def test_an_upload_is_screened_shown_and_registered_with_its_bytes(sample: Running, draw: Draw) -> None:
    uri, dana = sample.visitor("uri"), sample.visitor()
    ref = uri.upload(draw(1), "A ridge")
    assert dana.sees(ref)
    assert sample.desk.screened[-1]["account"] == "uri"
    event = sample.desk.wait_for("item.registered", ref)
    data = event["data"]
    assert (data["kind"], data["account"], data["held"]) == ("image", "uri", False)
    assert data["url"] == f"{sample.url}/p/{ref}"
    assert base64.b64decode(data["media"]["inline"]) == draw(1)
    assert event["timestamp"]


def test_each_opening_of_a_post_is_a_view_and_the_desk_is_told_the_total(sample: Running, draw: Draw) -> None:
    ref = sample.visitor("uri").upload(draw(2))
    stranger = sample.visitor()
    for _ in range(5):
        stranger.page(f"/p/{ref}")
    assert "6 views" in stranger.page(f"/p/{ref}").text
    told = sample.desk.wait_for("item.viewed", ref)
    assert {"ref", "views"} == set(told["data"]["items"][0])


def test_hidden_takes_effect_at_once_for_everybody_at_every_address(sample: Running, draw: Draw) -> None:
    uri, dana = sample.visitor("uri"), sample.visitor()
    ref = uri.upload(draw(3), "Soon hidden")
    sample.adapter.set_visibility(ref, Visibility.HIDDEN, 1)
    for somebody in (uri, dana):
        assert not somebody.sees(ref)
        assert somebody.page(f"/p/{ref}").status_code == 404
        assert ref not in somebody.page("/").text
        assert ref not in somebody.page("/u/uri").text
    assert sample.adapter.visibility(ref) is Visibility.HIDDEN
    assert "is not visible" in uri.page("/u/uri").text or "are not visible" in uri.page("/u/uri").text


def test_limited_is_not_listed_and_behind_a_notice(sample: Running, draw: Draw) -> None:
    dana = sample.visitor()
    ref = sample.visitor("uri").upload(draw(4), "Words of the caption")
    sample.adapter.set_visibility(ref, Visibility.LIMITED, 1)
    assert ref not in dana.page("/").text
    page = dana.page(f"/p/{ref}")
    assert page.status_code == 200
    assert "Words of the caption" not in page.text
    assert "Words of the caption" in dana.page(f"/p/{ref}?show=1").text


def test_gone_is_sealed_and_put_back_with_the_same_bytes(sample: Running, draw: Draw) -> None:
    dana = sample.visitor()
    ref = sample.visitor("uri").upload(draw(5))
    sample.adapter.set_visibility(ref, Visibility.GONE, 1)
    assert not dana.sees(ref)
    media = sample.adapter.fetch(ref).media
    assert media is not None
    assert media.data == draw(5)
    sample.adapter.set_visibility(ref, Visibility.VISIBLE, 2)
    assert dana.page(f"/media/{ref}").content == draw(5)


def test_what_is_frozen_outlives_its_authors_deletion_and_is_seen_by_nobody(
    sample: Running, draw: Draw
) -> None:
    uri = sample.visitor("uri")
    kept, lost = uri.upload(draw(6)), uri.upload(draw(7))
    sample.adapter.freeze(kept)
    for ref in (kept, lost):
        uri.delete(ref)
        assert not sample.visitor().sees(ref)
        assert sample.adapter.visibility(ref) is Visibility.GONE
        sample.desk.wait_for("item.deleted", ref)
    media = sample.adapter.fetch(kept).media
    assert media is not None
    assert media.data == draw(6)
    with pytest.raises(base.ItemNotFound):
        sample.adapter.fetch(lost)
    assert not (sample.data / "media" / hashlib.sha256(draw(7)).hexdigest()).exists()


def test_a_private_message_is_for_two_and_the_desk_looks_as_its_recipient(
    sample: Running, draw: Draw
) -> None:
    uri, dana, max_ = sample.visitor("uri"), sample.visitor("dana"), sample.visitor("max")
    ref = uri.send("dana", "for you", draw(8))
    assert (uri.sees(ref), dana.sees(ref), max_.sees(ref), sample.visitor().sees(ref)) == (
        True,
        True,
        False,
        False,
    )
    assert sample.adapter.visibility(ref) is Visibility.VISIBLE
    sample.adapter.set_visibility(ref, Visibility.HIDDEN, 1)
    assert not dana.sees(ref)
    assert sample.adapter.visibility(ref) is Visibility.HIDDEN


def test_a_token_to_look_opens_one_message_only(sample: Running, draw: Draw) -> None:
    uri = sample.visitor("uri")
    sample.visitor("dana")
    one, other = uri.send("dana", "one", draw(9)), uri.send("dana", "other", draw(10))
    page = sample.adapter.ask_visibility(one).look.page
    assert page is not None
    token = page.partition("?look=")[2]
    stranger = sample.visitor()
    assert stranger.page(f"/m/{one}?look={token}").status_code == 200
    for forged in (
        token,
        token[:-1] + ("0" if token[-1] != "0" else "1"),
        "9999999999-" + token[11:],
        "",
        "x",
        "-",
    ):
        assert stranger.page(f"/m/{other}?look={forged}").status_code == 404
    assert stranger.page(f"/m/{one}?look=9999999999-{token[11:]}").status_code == 404


def test_of_a_profile_only_the_picture_is_hidden(sample: Running, draw: Draw) -> None:
    uri = sample.visitor("uri")
    uri.set_picture(draw(11))
    assert sample.adapter.fetch("uri").kind == "profile"
    sample.adapter.set_visibility("uri", Visibility.HIDDEN, 1)
    assert sample.adapter.visibility("uri") is Visibility.HIDDEN
    assert not sample.visitor().sees("uri")
    assert sample.visitor().page("/u/uri").status_code == 200


def test_a_repost_stands_and_falls_with_the_post(sample: Running, draw: Draw) -> None:
    ref = sample.visitor("uri").upload(draw(12))
    dana = sample.visitor("dana")
    assert dana.repost(ref) == 302
    assert ref in dana.page("/u/dana").text
    sample.adapter.set_visibility(ref, Visibility.HIDDEN, 1)
    assert ref not in dana.page("/u/dana").text
    assert sample.visitor("max").repost(ref) == 404


def test_an_edit_is_told_with_the_new_bytes_and_hidden_things_cannot_be_edited(
    sample: Running, draw: Draw
) -> None:
    uri = sample.visitor("uri")
    ref = uri.upload(draw(13))
    uri.edit(ref, "another picture", draw(14))
    told = sample.desk.wait_for("item.edited", ref)
    assert base64.b64decode(told["data"]["media"]["inline"]) == draw(14)
    sample.adapter.set_visibility(ref, Visibility.HIDDEN, 1)
    with pytest.raises(NotPosted, match="while it is not visible"):
        uri.edit(ref, "once more", draw(15))
    with pytest.raises(NotPosted, match="404"):
        sample.visitor("max").edit(ref, "mine now")


def test_what_the_desk_blocks_is_refused_politely_and_kept_nowhere(sample: Running, draw: Draw) -> None:
    sample.desk.verdict = "block"
    with pytest.raises(NotPosted, match="matches one that was removed"):
        sample.visitor("uri").upload(draw(16))
    assert not (sample.data / "media" / hashlib.sha256(draw(16)).hexdigest()).exists()


def test_what_the_desk_holds_is_stored_and_shown_to_nobody_until_it_is_put_back(
    sample: Running, draw: Draw
) -> None:
    sample.desk.verdict = "hold"
    uri = sample.visitor("uri")
    assert uri.upload(draw(17), "held") == ""
    event = _held_event(sample)
    ref = event["data"]["ref"]
    assert not uri.sees(ref)
    assert sample.adapter.visibility(ref) is Visibility.HIDDEN
    sample.adapter.set_visibility(ref, Visibility.VISIBLE, 1)
    assert uri.sees(ref)


def _is_held(event: dict[str, dict[str, object]]) -> bool:
    return bool(event["data"].get("held"))


def _held_event(sample: Running) -> dict[str, dict[str, str]]:
    with sample.desk.came:
        assert sample.desk.came.wait_for(lambda: any(_is_held(e) for e in sample.desk.events), 15)
    return next(e for e in sample.desk.events if _is_held(e))


def test_a_released_upload_is_shown(sample: Running, draw: Draw) -> None:
    sample.desk.verdict = "hold"
    uri = sample.visitor("uri")
    before = {event["data"].get("ref") for event in sample.desk.events}
    uri.upload(draw(18))
    with sample.desk.came:
        assert sample.desk.came.wait_for(
            lambda: {e["data"].get("ref") for e in sample.desk.events if _is_held(e)} - before, 15
        )
    [ref] = {str(e["data"]["ref"]) for e in sample.desk.events if _is_held(e)} - before
    sample.adapter.release_upload(ref)
    assert uri.sees(ref)


def test_a_suspended_account_posts_nothing_until_it_is_let_go(sample: Running, draw: Draw) -> None:
    max_ = sample.visitor("max")
    sample.adapter.suspend("max")
    with pytest.raises(NotPosted, match="can't post"):
        max_.upload(draw(19))
    sample.adapter.suspend("max", suspended=False)
    assert max_.upload(draw(19))


def test_a_notice_reaches_its_holder_once(sample: Running) -> None:
    uri = sample.visitor("uri")
    for _ in range(2):
        sample.adapter.notify("uri", "Something isn't visible at the moment.", "notice-77")
    assert uri.page("/notices").text.count("Something isn&#x27;t visible at the moment.") == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "Choose a picture first"),
        (b"not an image", "not a picture that can be shown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be shown"),
        (b"x" * 12_000_001, "larger than 12 MB"),
    ],
)
def test_what_is_not_a_picture_is_refused_with_a_reason(sample: Running, data: bytes, words: str) -> None:
    with pytest.raises(NotPosted, match=words):
        sample.visitor("uri").upload(data)


def test_a_truncated_picture_is_refused_by_name(sample: Running, draw: Draw) -> None:
    with pytest.raises(NotPosted, match="damaged"):
        sample.visitor("uri").upload(draw(20)[:2000])


def test_everything_has_a_link_that_leads_to_the_report_form(sample: Running, draw: Draw) -> None:
    uri = sample.visitor("uri")
    sample.visitor("dana")
    post, message = uri.upload(draw(21)), uri.send("dana", "words alone")
    places = {
        f"/p/{post}": f"/p/{post}",
        f"/m/{message}": f"/m/{message}",
        "/u/uri": "/u/uri",
        "/messages": f"/m/{message}",
    }
    for page, about in places.items():
        link = httpx.URL(sample.desk.url + "/", params={"link": f"{sample.url}{about}"})
        links = [
            httpx.URL(found) for found in re.findall(r'class="report" href="([^"]+)"', uri.page(page).text)
        ]
        assert link in links, page


@pytest.mark.parametrize("path", ["/p/3nothing", "/m/3nothing", "/media/3nothing", "/u/nobody"])
def test_what_never_existed_looks_like_what_is_hidden(sample: Running, draw: Draw, path: str) -> None:
    ref = sample.visitor("uri").upload(draw(22))
    sample.adapter.set_visibility(ref, Visibility.HIDDEN, 1)
    stranger = sample.visitor()
    assert stranger.page(path).status_code == 404
    assert stranger.page(path).text == stranger.page(f"/p/{ref}").text


def test_the_sample_follows_the_contract(sample: Running, draw: Draw) -> None:
    ref = sample.visitor("uri").upload(draw(23))
    problems = {
        step.name: step.problem
        for step in check(f"{sample.url}/answerable", sample.secret, ref=ref)
        if not step.passed
    }
    assert problems == {}


def test_while_the_desk_is_away_uploads_wait_and_nothing_is_lost(tmp_path: Path, draw: Draw) -> None:
    desk = Desk()
    desk.start()
    site = start(tmp_path / "lumen", desk, "--no-demo-data")
    try:
        desk.stop()
        uri = site.visitor("uri")
        assert uri.upload(draw(30), "posted meanwhile") == ""
        assert "1 of your pictures is not visible" in uri.page("/u/uri").text
        desk.start()
        event = desk.wait_for("item.registered", seconds=30)
        assert event["data"]["held"] is False
        assert uri.sees(event["data"]["ref"])
    finally:
        stop(site)
        desk.stop()


def test_the_first_start_brings_people_and_pictures_and_tells_the_desk(tmp_path: Path) -> None:
    desk = Desk()
    desk.start()
    site = start(tmp_path / "lumen", desk)
    try:
        home = site.visitor().page("/").text
        refs = re.findall(r'href="/p/(\w+)"><img', home)
        assert len(refs) >= 10
        for ref in refs:
            desk.wait_for("item.registered", ref, seconds=40)
        assert len(set(desk.keys)) == len(desk.keys)
    finally:
        stop(site)
        desk.stop()


def test_the_site_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    desk = Desk()
    site = start(tmp_path / "lumen", desk, "--no-demo-data")
    children = Path(f"/proc/{site.process.pid}/task/{site.process.pid}/children").read_text().split()
    assert children
    ends = [os.pidfd_open(int(child)) for child in children]
    site.process.kill()
    site.process.wait(10)
    for end in ends:
        assert select.select([end], [], [], 10)[0], "the site outlives the process that started it"
        os.close(end)


def test_an_event_that_the_desk_will_never_take_does_not_hold_up_the_next(
    sample: Running, draw: Draw
) -> None:
    sample.desk.status = 422
    uri = sample.visitor("uri")
    tries = len(sample.desk.keys)
    refused = uri.upload(draw(40))
    with sample.desk.came:
        assert sample.desk.came.wait_for(lambda: len(sample.desk.keys) > tries, 15)
    sample.desk.status = 202
    taken = uri.upload(draw(41))
    sample.desk.wait_for("item.registered", taken)
    assert all(
        event["data"].get("ref") != refused
        for event in sample.desk.events
        if event["type"] == "item.registered"
    )
