"""Copies among all items: exact and near, measured against what is asked about."""

import hashlib
from pathlib import Path

import pytest
from django.db import connection, transaction

from answerable.cases.inputs import MatchIn
from answerable.cases.models import Claim, ItemContent, Report
from answerable.matching import table_index
from answerable.matching.items import ItemIndex
from answerable.policy.words import CopyKind
from tests.matching.rows import AT, content
from tests.matching.test_index import flipped

pytestmark = pytest.mark.django_db
PDQ = hashlib.sha256(b"the picture").digest()


def file(number: int) -> bytes:
    """The SHA-256 of a file."""
    return hashlib.sha256(str(number).encode()).digest()


@pytest.fixture
def original() -> ItemContent:
    """What was reported."""
    return content("original", file(0), PDQ)


def test_identical_files_and_near_ones_are_found_nearest_first(original: ItemContent) -> None:
    near = content("near", file(1), flipped(PDQ, set(range(20))))
    nearer = content("nearer", file(2), flipped(PDQ, {1, 2}))
    exact = content("exact", file(0), PDQ)
    content("far", file(3), flipped(PDQ, set(range(32))))
    content("other", file(4), hashlib.sha256(b"another picture").digest())
    assert ItemIndex().copies_of(original) == [
        MatchIn(exact.pk, CopyKind.EXACT),
        MatchIn(nearer.pk, CopyKind.NEAR, 2),
        MatchIn(near.pk, CopyKind.NEAR, 20),
    ]


def test_a_copy_of_a_copy_is_no_copy(original: ItemContent) -> None:
    first = content("first", file(1), flipped(PDQ, set(range(25))))
    second = content("second", file(2), flipped(PDQ, set(range(50))))
    index = ItemIndex()
    assert [match.content_id for match in index.copies_of(original)] == [first.pk]
    assert {match.content_id for match in index.copies_of(first)} == {original.pk, second.pk}


def test_content_that_appears_later_is_found_by_the_next_search(original: ItemContent) -> None:
    index = ItemIndex()
    assert index.copies_of(original) == []
    later = content("later", file(1), flipped(PDQ, {9}))
    assert [match.content_id for match in index.copies_of(original)] == [later.pk]


def test_a_row_that_commits_after_a_later_one_is_found(original: ItemContent) -> None:
    """PostgreSQL gives numbers before commits: the lower one may appear last."""
    late, early = original.pk + 5, original.pk + 9
    index = ItemIndex()
    content("early", file(1), flipped(PDQ, {1}), pk=early)
    assert [match.content_id for match in index.copies_of(original)] == [early]
    content("late", file(2), flipped(PDQ, {2}), pk=late)
    assert {match.content_id for match in index.copies_of(original)} == {early, late}


def test_a_gap_is_not_looked_at_for_ever(original: ItemContent) -> None:
    seconds = [0.0]
    index = ItemIndex(monotonic=lambda: seconds[0])
    content("early", file(1), flipped(PDQ, {1}), pk=original.pk + 100)
    index.copies_of(original)
    assert len(index._stills._gaps) >= 99
    seconds[0] = table_index.WINDOW_SECONDS
    index.copies_of(original)
    assert index._stills._gaps == {}


def test_more_contents_than_one_page_are_all_taken(
    original: ItemContent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_index, "ROWS_AT_A_TIME", 4)
    for number in range(1, 12):
        content(str(number), file(number), flipped(PDQ, {number}))
    assert len(ItemIndex().copies_of(original)) == 11


def test_what_says_too_little_is_found_by_its_file_only() -> None:
    first = content("first", file(0), PDQ, quality=49)
    second = content("second", file(0), PDQ, quality=49)
    content("third", file(1), PDQ, quality=49)
    blank = content("blank", file(5))
    twin = content("twin", file(5))
    index = ItemIndex()
    assert index.copies_of(first) == [MatchIn(second.pk, CopyKind.EXACT)]
    assert index.copies_of(blank) == [MatchIn(twin.pk, CopyKind.EXACT)]
    assert len(index) == 0


def test_a_pdq_that_came_after_its_row_is_found_once_it_was_searched(original: ItemContent) -> None:
    late = content("late", file(1))
    index = ItemIndex()
    assert index.copies_of(original) == []
    ItemContent.objects.filter(pk=late.pk).update(pdq=flipped(PDQ, {4}), pdq_quality=80)
    late.refresh_from_db()
    assert [match.content_id for match in index.copies_of(late)] == [original.pk]
    assert [match.content_id for match in index.copies_of(original)] == [late.pk]


def test_another_database_than_before_is_noticed(original: ItemContent) -> None:
    index = ItemIndex()
    with transaction.atomic():
        last = content("last", file(1), flipped(PDQ, {1}))
        assert [match.content_id for match in index.copies_of(original)] == [last.pk]
        transaction.set_rollback(True)
    other = content("other", file(2), flipped(PDQ, set(range(90))))
    assert other.pk == last.pk or connection.vendor == "postgresql"
    assert index.copies_of(original) == []


def test_a_claim_finds_by_file_and_by_picture(original: ItemContent) -> None:
    report = Report.objects.create(
        received_at=AT, harm="ncii", relation="depicted", age="adult", digest="d", pack_digest="p"
    )
    index = ItemIndex()

    def found(kind: str, value: bytes) -> list[MatchIn]:
        return index.copies_of_claim(Claim.objects.create(report=report, kind=kind, value=value))

    assert found("sha256", file(0)) == [MatchIn(original.pk, CopyKind.EXACT)]
    assert found("pdq", flipped(PDQ, {5, 6})) == [MatchIn(original.pk, CopyKind.NEAR, 2)]
    assert found("pdq", hashlib.sha256(b"something else").digest()) == []
    with pytest.raises(ValueError, match="sha256 or a pdq"):
        found("md5", b"\x01" * 16)


def test_what_was_kept_on_disk_is_there_after_a_start_and_late_rows_too(
    original: ItemContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_index, "SAVE_EVERY", 1)
    worker = ItemIndex(tmp_path / "items", keeps=True)
    early = content("early", file(1), flipped(PDQ, {1}), pk=original.pk + 50)
    worker.catch_up()
    worker.close()
    late = content("late", file(2), flipped(PDQ, {2}), pk=original.pk + 20)
    for keeps in (False, True):
        again = ItemIndex(tmp_path / "items", keeps=keeps)
        assert {match.content_id for match in again.copies_of(original)} == {early.pk, late.pk}
        again.close()


def test_what_was_kept_of_another_database_is_not_believed(
    original: ItemContent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_index, "SAVE_EVERY", 1)
    with transaction.atomic():
        content("lost", file(1), flipped(PDQ, {1}))
        worker = ItemIndex(tmp_path / "items", keeps=True)
        worker.catch_up()
        worker.close()
        transaction.set_rollback(True)
    for keeps in (False, True):
        again = ItemIndex(tmp_path / "items", keeps=keeps)
        assert again.copies_of(original) == []
        assert len(again) == 1
        again.close()


def test_a_copy_of_a_picture_is_found_by_its_turns_as_they_were_seen(original: ItemContent) -> None:
    """Exactly as its bytes gave them, whatever could be told from its PDQ alone."""
    turn = hashlib.sha256(b"the picture, mirrored").digest()
    others = [hashlib.sha256(bytes([number])).digest() for number in range(6)]
    mirrored = content("mirrored", file(1), flipped(turn, {3, 4}))
    assert ItemIndex().copies_of(original) == []
    original.pdq_turns = b"".join([*others[:2], turn, *others[2:]])
    original.save()
    assert ItemIndex().copies_of(original) == [MatchIn(mirrored.pk, CopyKind.NEAR, 2)]
