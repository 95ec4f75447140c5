"""What is read without asking anybody: refs, records, messages of the stream, options; hostile ones by name."""

import contextlib
import json
from pathlib import Path
from typing import Any

import libipld
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.platforms import base
from answerable.platforms.atproto import refs, stream, wire
from answerable.platforms.atproto.acting import _alone
from answerable.platforms.atproto.adapter import Adapter
from answerable.platforms.atproto.listing import rev_at
from answerable.platforms.atproto.refs import Ref
from answerable.platforms.atproto.sealed import Sealed
from answerable.platforms.atproto.watching import Cursor
from answerable.platforms.base import ItemKind
from answerable.settings.config import Platform as Entry

DID = "did:plc:ewvi7nxzyoun6zhxrhs64oiz"
DATA = b"a landscape"
CID = refs.cid_of(DATA)
BLOB = {"$type": "blob", "ref": {"$link": CID}, "mimeType": "image/png", "size": 11}


def entry(**options: Any) -> Entry:
    return Entry(
        name="sky",
        adapter="atproto",
        base_url="http://127.0.0.1:9",
        secret_file="pds.secret",
        hosts=("sky.example",),
        options=options,
    )


def test_a_ref_says_account_record_and_blob_and_reads_back() -> None:
    for ref in (
        Ref(DID),
        Ref(DID, refs.POST, "3kabc"),
        Ref(DID, "chat.bsky.convo.message", "a.b"),
        Ref(DID, refs.POST, "3k:a~b_c.d-e", CID),
        Ref("did:web:a.example%3A8080", refs.PROFILE, "self", CID),
    ):
        assert Ref.read(str(ref)) == ref
    assert Ref.of_uri(f"at://{DID}/{refs.POST}/3kabc") == Ref(DID, refs.POST, "3kabc")
    with pytest.raises(refs.RefTooLong):
        str(Ref(DID, refs.POST, "k" * 300, CID))


@pytest.mark.parametrize(
    "text",
    ["", "3pic", f"{DID}!", f"{DID}!{refs.POST}", f"{DID}!{refs.POST}!a", f"{DID}!a!b!{CID}!x", f" {DID}"],
)
def test_what_is_no_ref_is_refused_by_name(text: str) -> None:
    with pytest.raises(base.ItemNotFound):
        Ref.read(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading_of_refs_and_paths(text: str) -> None:
    refs.web_path(text)
    Ref.of_uri(text)
    with contextlib.suppress(base.ItemNotFound):
        assert str(Ref.read(text)) == text


def test_the_media_of_a_record_are_found_wherever_they_stand() -> None:
    other = refs.cid_of(b"another")
    old = {"cid": refs.cid_of(b"before 2023"), "mimeType": "image/jpeg"}
    video = {**BLOB, "ref": {"$link": refs.cid_of(b"film")}, "mimeType": "video/mp4"}
    captions = {**BLOB, "ref": {"$link": refs.cid_of(b"words")}, "mimeType": "text/vtt"}
    record = {
        "embed": {"media": {"images": [{"image": BLOB}, {"image": BLOB}, {"thumb": old}]}},
        "video": video,
        "captions": [captions],
        "raw": {**BLOB, "ref": libipld.decode_multibase(other)[1]},
    }
    found = refs.blobs_of(record, refs.POST)
    assert [(one.cid, one.kind) for one in found] == [
        (CID, ItemKind.IMAGE),
        (old["cid"], ItemKind.IMAGE),
        (refs.cid_of(b"film"), ItemKind.VIDEO),
        (other, ItemKind.IMAGE),
    ]
    (avatar,) = refs.blobs_of({"avatar": BLOB}, refs.PROFILE)
    assert avatar.kind is ItemKind.PROFILE


def test_a_blob_whose_name_is_no_sha256_of_its_bytes_is_none() -> None:
    for name in (
        "bafyreigkdhcq4ixqyfpbelzpuxk7lyk6jdlf735uso25bdiyj2posikvaq",
        "b",
        "",
        "zzz",
        "b!!!",
        None,
        5,
    ):
        assert refs.blobs_of({"image": {**BLOB, "ref": {"$link": name}}}, refs.POST) == ()
    assert refs.is_blob(DATA, CID)
    assert not refs.is_blob(b"a lake", CID)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.binary(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$type", "ref", "mimeType", "cid", "$link", "x"]), inner, max_size=4
        )
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=4))
def test_no_record_breaks_the_search_for_media(record: dict[str, Any]) -> None:
    refs.blobs_of(record, refs.POST)


def test_a_record_as_deep_as_a_well_ends_at_the_limit() -> None:
    record: Any = {"image": BLOB}
    for _ in range(1000):
        record = {"x": record}
    assert refs.blobs_of(record, refs.POST) == ()
    wide = {"x": [[]] * 100_000, "image": BLOB}
    refs.blobs_of(wide, refs.POST)


def test_only_a_record_with_one_picture_goes_as_a_whole() -> None:
    post, profile = Ref(DID, refs.POST, "3k", CID), Ref(DID, refs.PROFILE, "self", CID)
    assert _alone(post, {"image": BLOB})
    assert _alone(Ref(DID, refs.POST, "3k"), {"text": "words"})
    assert not _alone(post, {"image": BLOB, "more": {**BLOB, "ref": {"$link": refs.cid_of(b"2")}}})
    assert not _alone(post, {}), "of what its author deleted, no record is taken down"
    assert not _alone(profile, {"avatar": BLOB})


def message(header: dict[str, Any], body: Any) -> bytes:
    return libipld.encode_dag_cbor(header) + libipld.encode_dag_cbor(body)


def commit(**changes: Any) -> bytes:
    body = {"seq": 7, "time": "2026-11-27T08:00:00Z", "repo": DID, "ops": [], "blocks": b"", "tooBig": False}
    return message({"op": 1, "t": "#commit"}, {**body, **changes})


def test_messages_of_the_stream_say_what_happened() -> None:
    deletion = {"action": "delete", "path": f"{refs.POST}/3k", "cid": None}
    car = _car({"$type": refs.POST, "text": "hi"})
    write = {"action": "create", "path": f"{refs.POST}/3m", "cid": car[1]}
    happened = stream.read(commit(ops=[deletion, write], blocks=car[0]))
    assert happened.seq == 7
    assert [(one.ref.rkey, one.record is None) for one in happened.written] == [("3k", True), ("3m", False)]
    assert stream.read(commit(blocks=b"garbage")).again == DID, "nothing that can't be read is skipped"
    assert stream.read(commit(ops=[{**write, "cid": b"\x01"}], blocks=car[0])).again == DID
    assert stream.read(commit(ops=[{"what": 1}], blocks=car[0])).again == DID
    assert stream.read(commit(tooBig=True)).again == DID
    odd = {**deletion, "path": "no such/name!at all"}
    assert stream.read(commit(ops=[odd, write], blocks=car[0])).written[0].ref.rkey == "3m"
    place = {"seq": 8, "time": "2026-11-27T08:00:01Z", "did": DID}
    assert stream.read(message({"op": 1, "t": "#sync"}, place)).again == DID
    gone = {**place, "active": False, "status": "deleted"}
    assert stream.read(message({"op": 1, "t": "#account"}, gone)).deleted_account == DID
    down = {**place, "active": False, "status": "takendown"}
    assert stream.read(message({"op": 1, "t": "#account"}, down)) == stream.Happened(8, place["time"])
    assert stream.read(message({"op": 1, "t": "#identity"}, place)).seq == 8
    assert stream.read(message({"op": 1, "t": "#something new"}, place)).seq == 8
    with pytest.raises(stream.CursorLost):
        stream.read(message({"op": 1, "t": "#info"}, {"name": "OutdatedCursor"}))
    with pytest.raises(stream.CursorLost):
        stream.read(message({"op": -1}, {"error": "FutureCursor"}))
    with pytest.raises(base.PlatformFailed, match="ConsumerTooSlow"):
        stream.read(message({"op": -1}, {"error": "ConsumerTooSlow"}))


def _car(record: dict[str, Any]) -> tuple[bytes, bytes]:
    """A CAR file of one block, and the block's raw name."""
    import hashlib

    block = libipld.encode_dag_cbor(record)
    name = bytes((1, 0x71, 0x12, 32)) + hashlib.sha256(block).digest()

    def length(number: int) -> bytes:
        return bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))

    header = libipld.encode_dag_cbor({"version": 1, "roots": [name]})
    return length(len(header)) + header + length(len(name + block)) + name + block, name


@given(st.binary(max_size=300))
@settings(max_examples=300)
def test_no_bytes_break_the_stream(data: bytes) -> None:
    whole = commit(ops=[{"action": "create", "path": "a/b", "cid": b"x"}], blocks=data)
    for one in (data, whole[: len(data)], whole + data):
        with contextlib.suppress(base.PlatformError, stream.CursorLost):
            stream.read(one)


def test_revisions_grow_with_time() -> None:
    from datetime import UTC, datetime

    # From the protocol's own servers: a repository that was written at that moment.
    assert rev_at(datetime(2026, 11, 27, 6, 34, 0, tzinfo=UTC)) < "3n3bl36cvpc26"
    assert rev_at(datetime(2026, 11, 27, 6, 35, 0, tzinfo=UTC)) > "3n3bl36cvpc26"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"apview": "http://a"}, "apview"),
        ({"appview": "ftp://a"}, "appview"),
        ({"ozone": "did:plc:x"}, "moderator"),
        ({"looks": ("https://cdn.example/all",)}, "looks"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_by_name(options: dict[str, Any], names: str) -> None:
    with pytest.raises(base.OptionsUnusable, match=names):
        Adapter(entry(**options))


def test_a_desk_without_ozone_says_what_it_cannot_do() -> None:
    adapter = Adapter(entry())
    assert base.Capability.NOTIFY not in adapter.capabilities
    assert base.Capability.LIMIT not in adapter.capabilities
    assert adapter.ref_of(f"https://sky.example/profile/{DID}/post/3k") is None
    for ref in (DID, f"{DID}!chat.bsky.convo.message!a.b!"):
        with pytest.raises(base.CannotDo):
            adapter.set_visibility(ref, base.Visibility.HIDDEN, 1)


def test_what_is_kept_is_sealed_and_destroyed(tmp_path: Path, settings: Any) -> None:
    settings.DATA = tmp_path
    sealed = Sealed("sky")
    assert sealed.read(DID, CID) is None
    sealed.keep(DID, CID, DATA)
    (file,) = (tmp_path / "sealed" / "sky").iterdir()
    assert DATA not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0
    assert (sealed.read(DID, CID), sealed.read("did:plc:another", CID)) == (DATA, None)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert sealed.read(DID, CID) is None, "what was changed is not shown"
    sealed.destroy(DID, CID)
    assert not sealed.has(DID, CID)


def test_a_cursor_of_another_adapter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = Adapter(entry())
    with pytest.raises(base.AnswerMalformed, match="cursor"):
        next(adapter.watch(json.dumps({"page": 2})))
    assert Cursor.model_fields.keys() == {"seq", "time", "reports"}


@given(st.binary(max_size=200))
def test_no_answer_breaks_the_reading(data: bytes) -> None:
    for kind in (wire.Events, wire.Session, wire.Records, wire.Repos, wire.SubjectStatus, wire.PostViews):
        with contextlib.suppress(base.AnswerMalformed):
            wire.parse(kind, data)
