"""Copy search: one question against everything ever registered."""

import hashlib
from pathlib import Path

import pytest

from answerable.audit.models import AuditEntry
from answerable.matching import asked
from answerable.matching.asked import NotUnderstood
from answerable.matching.copies import Found, NothingToSearchFor, search_copies
from answerable.media import Fingerprints
from tests.matching.rows import content
from tests.matching.test_index import flipped
from tests.media import pictures

pytestmark = pytest.mark.django_db
PDQ = hashlib.sha256(b"the picture").digest()
FILE, OTHER = hashlib.sha256(b"file").digest(), hashlib.sha256(b"other").digest()


def search(prints: Fingerprints, **more: object) -> Found:
    return search_copies(prints, actor="operator", by="hashes", **more)  # type: ignore[arg-type]


def refs(found: Found) -> list[str]:
    return [copy.ref for copy in found.copies]


def test_identical_files_come_first_then_what_is_nearer() -> None:
    content("near", OTHER, flipped(PDQ, set(range(31))))
    content("nearer", OTHER, flipped(PDQ, {1}))
    content("same", FILE, PDQ)
    content("far", OTHER, flipped(PDQ, set(range(32))))
    found = search(Fingerprints(sha256=FILE.hex(), pdq=PDQ))
    assert [(c.ref, c.kind, c.distance) for c in found.copies] == [
        ("same", "exact", 0),
        ("nearer", "near", 1),
        ("near", "near", 31),
    ]


def test_a_mirrored_copy_is_found_by_the_picture_and_said_to_be_turned() -> None:
    turns = tuple(hashlib.sha256(bytes([turn])).digest() for turn in range(8))
    content("mirrored", OTHER, flipped(turns[5], {3}))
    content("upright", OTHER, turns[0])
    found = search(Fingerprints(sha256=FILE.hex(), pdq=turns[0], pdq_dihedral=turns))
    assert [(c.ref, c.distance, c.turned) for c in found.copies] == [
        ("upright", 0, False),
        ("mirrored", 1, True),
    ]


def test_an_item_that_showed_it_once_is_found_and_said_to_show_something_else_now() -> None:
    old = content("changed", FILE, PDQ)
    content("changed", OTHER, flipped(PDQ, set(range(100))), item=old.item)
    [found] = search(Fingerprints(sha256=FILE.hex())).copies
    assert (found.ref, found.current) == ("changed", False)


def test_each_item_is_told_once_by_the_nearest_of_its_contents() -> None:
    first = content("edited", FILE, flipped(PDQ, {1, 2}))
    content("edited", OTHER, flipped(PDQ, {1}), item=first.item)
    [found] = search(Fingerprints(pdq=PDQ)).copies
    assert found.distance == 1


def test_the_nearest_are_told_up_to_the_limit_and_all_are_counted() -> None:
    for number in range(5):
        content(f"copy-{number}", bytes([number]) * 32, flipped(PDQ, set(range(number))))
    found = search(Fingerprints(pdq=PDQ), limit=2)
    assert (refs(found), found.total) == (["copy-0", "copy-1"], 5)


def test_an_md5_finds_the_file_only_where_no_sha256_is_asked_for() -> None:
    made = content("same", FILE)
    type(made).objects.filter(pk=made.pk).update(md5="0" * 32)
    assert refs(search(Fingerprints(md5="0" * 32))) == ["same"]
    assert refs(search(Fingerprints(md5="0" * 32, sha256=OTHER.hex()))) == []


def test_a_picture_that_says_too_little_is_not_searched_for_by_itself() -> None:
    with pytest.raises(NothingToSearchFor):
        search(Fingerprints(pdq=PDQ, pdq_quality=49))


def test_every_search_is_in_the_audit_log_without_the_fingerprint() -> None:
    content("same", FILE, PDQ)
    search(Fingerprints(sha256=FILE.hex(), pdq=PDQ))
    entry = AuditEntry.objects.get(kind="searched")
    assert entry.actor == "operator"
    assert entry.event is not None
    assert '"found":1' in entry.event
    assert FILE.hex() not in entry.event
    assert PDQ.hex() not in entry.event


def test_what_staff_type_is_understood(tmp_path: Path) -> None:
    made = content("3kd9", FILE, PDQ)
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(pictures.encoded(pictures.landscape(), "JPEG"))
    assert asked.read(str(picture)).prints.pdq is not None
    assert asked.read("sample:3kd9") == asked.read(f"item:{made.item_id}")
    assert asked.read("sample:3kd9").item_id == made.item_id
    assert asked.read(f"sha256:{FILE.hex().upper()}").prints == Fingerprints(sha256=FILE.hex())
    assert asked.read(PDQ.hex()).prints == Fingerprints(sha256=PDQ.hex(), pdq=PDQ)
    assert asked.read("md5:" + "ab" * 16).prints == Fingerprints(md5="ab" * 16)


@pytest.mark.parametrize(
    "text",
    ["nowhere.jpg", "sample:unknown", "item:99", "pdq:abcd", "abcd", "https://elsewhere.example/p/1", ""],
)
def test_what_is_not_understood_says_what_to_write(text: str) -> None:
    with pytest.raises(NotUnderstood, match="Write a file's path"):
        asked.read(text)
