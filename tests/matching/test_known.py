"""What a process knows: it catches up before it answers, or says that it can't."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.cases.models import KnownChange
from answerable.matching import known as known_module
from answerable.matching import known_rows
from answerable.matching.known import IndexStale, Known
from answerable.media import Fingerprints
from tests.matching.rows import AT, change
from tests.matching.test_index import flipped

pytestmark = pytest.mark.django_db
PDQ = hashlib.sha256(b"a picture").digest()
FILE = hashlib.sha256(b"a file").digest()
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["add", "remove"]),
        st.sampled_from([("sha256", FILE), ("pdq", PDQ), ("pdq", flipped(PDQ, {3})), ("md5", b"\x05" * 16)]),
        st.sampled_from(["own.reported", "own.confirmed"]),
        st.sampled_from(["content:1", "content:2"]),
    ),
    max_size=25,
)


def lists_of(known: Known, prints: Fingerprints) -> set[tuple[str, str, int]]:
    """What matches, without the numbers of the changes."""
    return {(match.kind, match.hash_list, match.distance) for match in known.look_up([prints])[0]}


def test_a_row_added_is_known_at_the_next_answer() -> None:
    known = Known()
    prints = Fingerprints(sha256=FILE.hex())
    assert lists_of(known, prints) == set()
    change("add", "sha256", FILE)
    assert lists_of(known, prints) == {("sha256", "own.confirmed", 0)}


def test_a_row_that_removes_is_obeyed_at_the_next_answer() -> None:
    known = Known()
    change("add", "pdq", PDQ)
    near = Fingerprints(pdq=flipped(PDQ, {1, 2, 3}), pdq_quality=90)
    assert lists_of(known, near) == {("pdq", "own.confirmed", 3)}
    change("remove", "pdq", PDQ)
    assert lists_of(known, near) == set()
    assert len(known) == 0


def test_what_two_causes_put_on_a_list_stays_until_both_are_gone() -> None:
    known = Known()
    prints = Fingerprints(sha256=FILE.hex())
    for cause in ("content:1", "content:2"):
        change("add", "sha256", FILE, cause=cause)
    change("remove", "sha256", FILE, cause="content:1")
    assert lists_of(known, prints) == {("sha256", "own.confirmed", 0)}
    change("remove", "sha256", FILE, cause="content:2")
    assert lists_of(known, prints) == set()


def test_a_cause_counts_once_however_often_it_is_added() -> None:
    known = Known()
    for _ in range(2):
        change("add", "sha256", FILE)
    change("remove", "sha256", FILE)
    assert lists_of(known, Fingerprints(sha256=FILE.hex())) == set()


def test_a_removal_reaches_only_its_own_list() -> None:
    known = Known()
    change("add", "sha256", FILE, "own.reported")
    change("add", "sha256", FILE, "own.confirmed")
    change("remove", "sha256", FILE, "own.reported")
    assert lists_of(known, Fingerprints(sha256=FILE.hex())) == {("sha256", "own.confirmed", 0)}


def test_near_is_31_bits_and_no_more() -> None:
    known = Known()
    change("add", "pdq", PDQ)
    for bits, found in ((31, True), (32, False)):
        prints = Fingerprints(pdq=flipped(PDQ, set(range(bits))))
        assert bool(lists_of(known, prints)) is found


def test_a_pdq_of_low_quality_is_not_searched() -> None:
    known = Known()
    change("add", "pdq", PDQ)
    assert lists_of(known, Fingerprints(pdq=PDQ, pdq_quality=49)) == set()
    assert lists_of(known, Fingerprints(pdq=PDQ, pdq_quality=50)) == {("pdq", "own.confirmed", 0)}


def test_many_are_answered_in_their_order() -> None:
    known = Known()
    change("add", "sha256", FILE)
    change("add", "pdq", PDQ)
    asked = [Fingerprints(), Fingerprints(pdq=PDQ), Fingerprints(sha256=FILE.hex()), Fingerprints()]
    assert [len(found) for found in known.look_up(asked)] == [0, 1, 1, 0]
    assert known.look_up([]) == []


def test_more_rows_than_one_page_are_all_applied() -> None:
    count = known_rows.ROWS_AT_A_TIME + 7
    values = [hashlib.sha256(number.to_bytes(4)).digest() for number in range(count)]
    rows = [
        KnownChange(op="add", kind="pdq", value=value, hash_list="own.confirmed", cause="content:1", at=AT)
        for value in values
    ]
    KnownChange.objects.bulk_create(rows, batch_size=5000)
    known = Known()
    assert known.catch_up() == KnownChange.objects.order_by("-seq").values_list("seq", flat=True)[0]
    assert len(known) == count
    assert lists_of(known, Fingerprints(pdq=values[-1])) == {("pdq", "own.confirmed", 0)}


def test_many_files_are_looked_up_at_once() -> None:
    values = [hashlib.sha256(number.to_bytes(4)).digest() for number in range(1500)]
    for value in values[::500]:
        change("add", "sha256", value)
    found = Known().look_up([Fingerprints(sha256=value.hex()) for value in values])
    assert [place for place, matches in enumerate(found) if matches] == [0, 500, 1000]


def kept(folder: Path) -> Known:
    """The worker's view, which brings the folder up to date."""
    return Known(folder, keeps=True)


def test_what_the_worker_keeps_on_disk_the_others_open_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "SAVE_EVERY", 1)
    change("add", "pdq", PDQ)
    worker = kept(tmp_path / "known")
    worker.catch_up()
    other = hashlib.sha256(b"another picture").digest()
    change("add", "pdq", other)
    asked: list[int] = []
    real = known_rows.changes_from
    monkeypatch.setattr(known_rows, "changes_from", lambda seq: asked.append(seq) or real(seq))
    door = Known(tmp_path / "known")
    assert lists_of(door, Fingerprints(pdq=PDQ)) == {("pdq", "own.confirmed", 0)}
    assert lists_of(door, Fingerprints(pdq=other)) == {("pdq", "own.confirmed", 0)}
    assert 0 not in asked, "nothing was read from the beginning on"
    change("remove", "pdq", PDQ)
    assert lists_of(door, Fingerprints(pdq=PDQ)) == set()
    worker.close()
    again = kept(tmp_path / "known")
    assert lists_of(again, Fingerprints(pdq=PDQ)) == set()
    assert lists_of(again, Fingerprints(pdq=other)) == {("pdq", "own.confirmed", 0)}
    again.close()


def test_a_second_worker_reads_what_the_first_keeps(tmp_path: Path) -> None:
    change("add", "pdq", PDQ)
    first, second = kept(tmp_path / "known"), kept(tmp_path / "known")
    for one in (first, second):
        assert lists_of(one, Fingerprints(pdq=PDQ)) == {("pdq", "own.confirmed", 0)}
    first.close()
    second.close()


@pytest.mark.parametrize("keeps", [True, False])
def test_a_damaged_index_is_built_anew_from_the_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    monkeypatch.setattr(known_module, "SAVE_EVERY", 1)
    change("add", "pdq", PDQ)
    worker = kept(tmp_path / "known")
    worker.catch_up()
    worker.close()
    segment = next((tmp_path / "known").glob("segment-*"))
    segment.write_bytes(segment.read_bytes()[:5000])
    again = Known(tmp_path / "known", keeps=keeps)
    assert lists_of(again, Fingerprints(pdq=PDQ)) == {("pdq", "own.confirmed", 0)}
    assert (tmp_path / "known" / "quarantine").exists() is keeps
    again.close()


def test_an_index_of_another_database_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_module, "SAVE_EVERY", 1)
    with transaction.atomic():
        change("add", "pdq", PDQ)
        worker = kept(tmp_path / "known")
        worker.catch_up()
        worker.close()
        transaction.set_rollback(True)
    for keeps in (False, True):
        again = Known(tmp_path / "known", keeps=keeps)
        assert lists_of(again, Fingerprints(pdq=PDQ)) == set()
        assert len(again) == 0
        again.close()


def test_another_database_than_before_is_noticed() -> None:
    """After a restore the numbers begin again; nothing of the lost rows may be believed."""
    known = Known()
    with transaction.atomic():
        change("add", "sha256", FILE)
        assert lists_of(known, Fingerprints(sha256=FILE.hex()))
        transaction.set_rollback(True)
    assert lists_of(known, Fingerprints(sha256=FILE.hex())) == set()
    other = hashlib.sha256(b"another").digest()
    with transaction.atomic():
        row = change("add", "sha256", FILE, cause="content:8")
        known.catch_up()
        transaction.set_rollback(True)
    with transaction.atomic():
        KnownChange.objects.create(
            seq=row.seq, op="add", kind="sha256", value=other, hash_list="own.confirmed", cause="c", at=AT
        )
    assert lists_of(known, Fingerprints(sha256=FILE.hex())) == set()
    assert lists_of(known, Fingerprints(sha256=other.hex())) == {("sha256", "own.confirmed", 0)}


def test_who_cannot_look_says_so() -> None:
    known = Known()
    change("add", "sha256", FILE)
    known.catch_up()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE cases_knownchange RENAME TO elsewhere")
        with pytest.raises(IndexStale, match="try again"), transaction.atomic():
            known.look_up([Fingerprints(sha256=FILE.hex())])
        transaction.set_rollback(True)
    assert lists_of(known, Fingerprints(sha256=FILE.hex())), "and afterwards answers as before"


def _expected(changes: Sequence[tuple[str, tuple[str, bytes], str, str]]) -> set[tuple[str, bytes, str]]:
    present: set[tuple[str, bytes, str, str]] = set()
    for op, (kind, value), hash_list, cause in changes:
        (present.add if op == "add" else present.discard)((kind, value, hash_list, cause))
    return {(kind, value, hash_list) for kind, value, hash_list, _cause in present}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, cuts=st.sets(st.integers(0, 25)))
def test_any_course_of_changes_leaves_what_its_causes_say(
    changes: list[tuple[str, tuple[str, bytes], str, str]], cuts: set[int]
) -> None:
    """However often one catches up on the way, the end is the same as from the start."""
    with transaction.atomic():
        known = Known()
        for place, (op, (kind, value), hash_list, cause) in enumerate(changes):
            change(op, kind, value, hash_list, cause)
            if place in cuts:
                known.catch_up()
        expected = _expected(changes)
        for kind, value in {key for _op, key, _list, _cause in changes}:
            prints = Fingerprints(pdq=value) if kind == "pdq" else Fingerprints(**{kind: value.hex()})
            exact = {(m.kind, m.hash_list) for m in known.look_up([prints])[0] if m.distance == 0}
            assert exact == {(k, name) for k, v, name in expected if (k, v) == (kind, value)}
        fresh = Known()
        fresh.catch_up()
        assert len(fresh) == len(known)
        transaction.set_rollback(True)
