"""Hiding in a bucket is moving, checked, and undone by moving back: against a store that breaks on demand."""

import urllib.error
import urllib.request
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable import media
from answerable.matching.backfill.listing import Listing
from answerable.matching.backfill.pieces import Rate
from answerable.platforms import base
from answerable.platforms.base import ItemKind, Named
from answerable.platforms.registry import locate
from answerable.platforms.s3.adapter import Adapter
from answerable.platforms.s3.naming import key_of, ref_of
from answerable.policy.words import Visibility
from answerable.settings.config import ConfigError
from tests.fakes.s3 import NAME, SEALED, FakeS3
from tests.platforms.s3.conftest import KEY, REF

HIDDEN, GONE, VISIBLE = Visibility.HIDDEN, Visibility.GONE, Visibility.VISIBLE


def stranger_gets(s3: FakeS3, bucket: str, key: str) -> bytes | int:
    try:
        return urllib.request.urlopen(f"{s3.endpoint}/{bucket}/{quote(key)}").read()
    except urllib.error.HTTPError as error:
        return error.code


@given(st.text(max_size=40))
def test_every_key_has_a_ref_that_leads_back_to_it_or_none(key: str) -> None:
    ref = ref_of(key)
    if ref is not None:
        assert key_of(ref) == key
        assert not {"/", "%", " "} & set(ref)


@pytest.mark.parametrize("key", ["", "a//b", "a/../b", "./a", "a/", "x" * 201])
def test_a_key_that_an_address_would_change_has_no_ref(key: str) -> None:
    assert ref_of(key) is None


@pytest.mark.parametrize("ref", ["", "a/b", "a%20b", "a!2", "a!2f", "!FF", "!41"])
def test_what_no_key_is_called_leads_nowhere(adapter: Adapter, ref: str) -> None:
    assert key_of(ref) is None
    with pytest.raises(base.ItemNotFound):
        adapter.visibility(ref)


def test_a_reported_link_names_the_object_without_asking(adapter: Adapter, s3: FakeS3) -> None:
    assert adapter.ref_of(f"{s3.endpoint}/{NAME}/{quote(KEY)}") == Named(REF, ItemKind.IMAGE)
    assert adapter.ref_of(f"{s3.endpoint}/{NAME}/elsewhere/a.png") is None
    assert adapter.ref_of(f"{s3.endpoint}/{NAME}/media/a.mp4") == Named("media:a.mp4", ItemKind.VIDEO)
    typed = f"look: {s3.endpoint}/{NAME}/{quote(KEY)}"
    assert locate(typed).ref == REF, "the form reads it before the adapter does: the space stays in the name"
    assert s3.state.asked == []


def test_a_name_that_can_be_written_in_two_ways_is_looked_up(adapter: Adapter, s3: FakeS3) -> None:
    composed, apart = "media/\u00e9.png", "media/e\u0301.png"
    s3.state.objects[apart] = b"an accent of its own"
    link = f"{s3.endpoint}/{NAME}/{quote(composed)}"
    assert adapter.ref_of(link) is None
    named = adapter.resolve(link)
    assert named is not None
    assert key_of(named.ref) == apart
    assert adapter.resolve(f"{s3.endpoint}/{NAME}/media/{quote('ü')}.png") is None


def test_hidden_moves_it_and_restored_moves_it_back_with_its_bytes(
    adapter: Adapter, s3: FakeS3, picture: bytes
) -> None:
    assert adapter.visibility(REF) is VISIBLE
    assert adapter.set_visibility(REF, HIDDEN, 1), "moving freezes"
    assert adapter.visibility(REF) is HIDDEN
    assert KEY not in s3.state.objects
    [sealed] = s3.state.sealed
    assert s3.state.sealed[sealed] == picture
    assert stranger_gets(s3, NAME, KEY) == 404
    assert stranger_gets(s3, SEALED, sealed) == 403

    fetched = adapter.fetch(REF)
    assert (fetched.account, fetched.kind) == ("uri", ItemKind.IMAGE)
    assert fetched.media is not None
    assert media.fetch(fetched.media.url, (s3.host,)).data == picture, "reviewers still see it"

    adapter.set_visibility(REF, VISIBLE, 2)
    assert adapter.visibility(REF) is VISIBLE
    assert stranger_gets(s3, NAME, KEY) == picture
    assert (s3.state.sealed, s3.state.acls[KEY]) == ({}, "public-read")


def test_gone_is_told_from_hidden_and_undone(adapter: Adapter, s3: FakeS3, picture: bytes) -> None:
    adapter.set_visibility(REF, HIDDEN, 1)
    adapter.set_visibility(REF, GONE, 2)
    assert adapter.visibility(REF) is GONE
    adapter.set_visibility(REF, HIDDEN, 3)
    assert adapter.visibility(REF) is HIDDEN
    adapter.set_visibility(REF, GONE, 4)
    adapter.set_visibility(REF, VISIBLE, 5)
    assert (s3.state.objects[KEY], s3.state.sealed) == (picture, {})


def test_asking_twice_changes_nothing_and_what_is_not_there_is_said(adapter: Adapter, s3: FakeS3) -> None:
    for serial in (1, 2):
        adapter.set_visibility(REF, HIDDEN, serial)
    assert len(s3.state.sealed) == 1
    for wanted in (HIDDEN, GONE, VISIBLE):
        with pytest.raises(base.ItemNotFound):
            adapter.set_visibility("media:nothing.png", wanted, 1)
    assert adapter.visibility("media:nothing.png") is GONE
    with pytest.raises(base.ItemNotFound):
        adapter.fetch("media:nothing.png")


def test_frozen_it_stays_visible_and_outlives_its_deletion(
    adapter: Adapter, s3: FakeS3, picture: bytes
) -> None:
    adapter.freeze(REF)
    assert adapter.visibility(REF) is VISIBLE
    del s3.state.objects[KEY]
    found = adapter.fetch(REF).media
    assert found is not None
    assert media.fetch(found.url, (s3.host,)).data == picture


def test_a_new_upload_of_a_hidden_name_is_hidden_too_and_both_are_kept(
    adapter: Adapter, s3: FakeS3, picture: bytes
) -> None:
    adapter.set_visibility(REF, HIDDEN, 1)
    s3.state.objects[KEY] = b"the same name, another file"
    assert adapter.visibility(REF) is VISIBLE
    adapter.set_visibility(REF, HIDDEN, 1)
    assert adapter.visibility(REF) is HIDDEN
    assert sorted(s3.state.sealed.values()) == sorted([picture, b"the same name, another file"])
    adapter.set_visibility(REF, VISIBLE, 2)
    assert s3.state.objects[KEY] == b"the same name, another file", "the newest comes back"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ("spoils_copies", "not the same"),
        ("fails_with_200", "InternalError"),
        ("changes", "changed"),
        ("denies", "status 403"),
        ("moved", "redirects elsewhere"),
        ("busy_once", "status 503"),
    ],
)
def test_nothing_is_deleted_that_was_not_copied_right(
    adapter: Adapter, s3: FakeS3, picture: bytes, fault: str, why: str
) -> None:
    s3.state.faults = {fault}
    with pytest.raises(base.PlatformError, match=why):
        adapter.set_visibility(REF, HIDDEN, 1)
    assert s3.state.objects[KEY] in (picture, b"another upload of the same name")
    s3.state.faults.clear()
    assert adapter.visibility(REF) is VISIBLE
    if fault != "spoils_copies":
        adapter.set_visibility(REF, HIDDEN, 1)
        assert adapter.visibility(REF) is HIDDEN


def test_a_spoilt_copy_is_made_again(adapter: Adapter, s3: FakeS3, picture: bytes) -> None:
    s3.state.faults = {"spoils_copies"}
    with pytest.raises(base.PlatformFailed):
        adapter.set_visibility(REF, HIDDEN, 1)
    s3.state.faults.clear()
    adapter.set_visibility(REF, HIDDEN, 1)
    assert list(s3.state.sealed.values()) == [picture]


def test_what_was_uploaded_in_parts_is_compared_by_its_bytes(adapter: Adapter, s3: FakeS3) -> None:
    s3.state.composed.add(KEY)
    adapter.set_visibility(REF, HIDDEN, 1)
    assert adapter.visibility(REF) is HIDDEN


def test_a_store_that_deletes_nothing_is_not_believed(adapter: Adapter, s3: FakeS3) -> None:
    s3.state.faults = {"keeps_all"}
    adapter.set_visibility(REF, HIDDEN, 1)
    assert adapter.visibility(REF) is VISIBLE


def test_a_sealed_bucket_that_anybody_can_read_hides_nothing(adapter: Adapter, s3: FakeS3) -> None:
    s3.state.sealed_is_public = True
    adapter.set_visibility(REF, HIDDEN, 1)
    assert adapter.visibility(REF) is VISIBLE


def test_what_lies_there_and_is_not_shown_is_neither_visible_nor_hidden(adapter: Adapter, s3: FakeS3) -> None:
    s3.state.public = False
    assert adapter.visibility(REF) is Visibility.LIMITED


def test_the_list_goes_on_at_any_key(adapter: Adapter, s3: FakeS3) -> None:
    s3.state.objects |= {f"media/{n}.png": b"x" for n in range(4)} | {"other/a.png": b"x", "media/": b""}
    s3.state.page_size = 2
    found, cursor = [], ""
    while True:
        page = adapter.list_items(cursor)
        found += [item.ref for item in page.items]
        if not (cursor := page.cursor):
            break
    assert found == [*(f"media:{n}.png" for n in range(4)), REF]


def test_a_backfill_reads_every_object_by_the_adapters_own_refs(
    adapter: Adapter, s3: FakeS3, picture: bytes
) -> None:
    s3.state.objects["media/gil/a.png"] = picture
    pieces = list(Listing("site", Rate(0)).pieces(""))
    assert [piece.place.ref for piece in pieces if piece.place] == ["media:gil:a.png", REF]
    for piece in pieces:
        with piece.open() as opened:
            assert opened.file.read() == picture


def test_what_a_bucket_cannot_do_is_said(adapter: Adapter) -> None:
    with pytest.raises(base.CannotDo):
        adapter.set_visibility(REF, Visibility.LIMITED, 1)
    for ask in (lambda: adapter.suspend("uri"), lambda: adapter.notify("uri", "text", "key")):
        with pytest.raises(base.CannotDo):
            ask()


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("public_urls", ["https://cdn.example/"], "write the whole address"),
        ("account", "(", "not a regular expression"),
        ("account", "(.*)", "name the part"),
        ("nonsense", 1, "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_said_by_its_name(entry: object, option: str, value: object, says: str) -> None:
    options = {**entry.options, option: value}  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=f"site.options.{option}.*{says}"):
        Adapter(entry.model_copy(update={"options": options}))  # type: ignore[attr-defined]
