"""The index on disk: there again after any crash, damage named, one writer and many readers."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from answerable import _native
from answerable.matching import index as index_module
from answerable.matching import index_store
from answerable.matching.index import Index, MergeFailed
from answerable.matching.index_store import IndexDamaged, IndexLocked, Store

Held = dict[int, bytes]


@pytest.fixture
def small_tails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tails of 16 hashes: sealing and merging happen within a few additions."""
    monkeypatch.setattr(index_module, "TAIL_ROWS", 16)


def hashes_of(ids: "NDArray[np.uint64]", turn: int = 0) -> "NDArray[np.uint8]":
    """A hash for each id and turn, always the same one."""
    return np.stack(
        [np.random.default_rng([int(number), turn]).integers(0, 256, 32, np.uint8) for number in ids]
    )


def contents(index: Index, held: Held) -> Held:
    """What the index holds, asked for by everything that it may hold."""
    assert len(index) == len(held)
    if not held:
        return {}
    asked = np.frombuffer(b"".join(held.values()), np.uint8).reshape(-1, 32)
    found = index.search(asked, 0)
    return {
        number: value for place, (number, value) in enumerate(held.items()) if (number, 0) in found.of(place)
    }


def some_changes(index: Index, held: Held, *, after_each: Callable[[], None] = lambda: None) -> None:
    """Additions one at a time and many at once, replacements, removals: every way into the index."""
    generator = np.random.default_rng(3)
    for turn in range(24):
        ids = generator.choice(60, [1, 5, 7, 2, 9, 20][turn % 6], replace=False).astype(np.uint64)
        values = hashes_of(ids, turn)
        held.update(zip(ids.tolist(), [row.tobytes() for row in values], strict=True))
        index.add(ids, values)
        after_each()
        gone = generator.choice(60, 3, replace=False).astype(np.uint64)
        for number in gone.tolist():
            held.pop(number, None)
        index.remove(gone)
        after_each()


@pytest.mark.usefixtures("small_tails")
def test_it_is_there_again_when_it_is_opened_again(tmp_path: Path) -> None:
    held: Held = {}
    with Index.open(tmp_path / "index") as index:
        some_changes(index, held)
        index.checkpoint(note={"seq": 7})
        some_changes(index, held)
    with Index.open(tmp_path / "index") as index:
        assert contents(index, held) == held
        assert index.note == {"seq": 7}
        assert index.verify() == []
    with Index.open(tmp_path / "index") as index:
        assert contents(index, held) == held


@pytest.mark.usefixtures("small_tails")
def test_a_crash_before_any_step_leaves_what_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call that touches the disk is a moment to crash at: a copy of the folder is taken before each."""
    copies = tmp_path / "copies"
    folder = tmp_path / "index"
    held: Held = {}
    moments: list[tuple[Path, Held, Held]] = []
    acknowledged: Held = {}

    def crash_here() -> None:
        copy = copies / str(len(moments))
        shutil.copytree(folder, copy)
        moments.append((copy, dict(acknowledged), dict(held)))

    def hooked(module: object, name: str) -> None:
        real = getattr(module, name)

        def call(*args: object, **kwargs: object) -> object:
            if folder.exists():
                crash_here()
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, call)

    for name in ("write", "fsync", "replace", "open"):
        hooked(index_store.os, name)
    hooked(Path, "unlink")
    hooked(Store, "new_segment")
    hooked(Store, "commit")

    def after_each() -> None:
        index.settle()
        acknowledged.clear()
        acknowledged.update(held)

    index = Index.open(folder)
    some_changes(index, held, after_each=after_each)
    index.checkpoint()
    index.close()
    monkeypatch.undo()
    assert len(moments) > 200
    for copy, before, after in moments:
        with Index.open(copy) as opened:
            assert len(opened) in {len(before), len(after)}
            expected = before if len(opened) == len(before) and contents(opened, before) == before else after
            assert contents(opened, expected) == expected


def test_a_journal_cut_at_any_byte_gives_a_prefix_of_what_was_done(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    index = Index.open(folder)
    sizes = [0]
    for number in range(3):
        ids = np.array([number], np.uint64)
        index.add(ids, hashes_of(ids))
        sizes.append(sizes[-1] + 16 + 40)
    journal = max(folder.glob("journal-*"))
    whole = journal.read_bytes()
    assert len(whole) == sizes[-1]
    for length in range(len(whole) + 1):
        copy = tmp_path / "cut"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("lock"))
        (copy / journal.name).write_bytes(whole[:length])
        with Index.open(copy) as opened:
            assert len(opened) == sum(size <= length for size in sizes) - 1
        shutil.rmtree(copy)
    index.close()


def test_killed_at_random_it_has_every_addition_that_was_acknowledged(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys
        import numpy as np
        from answerable.matching import index as module
        module.TAIL_ROWS = 16
        index = module.Index.open(sys.argv[1])
        begin = len(index)
        for number in range(begin, begin + 5000):
            value = np.random.default_rng(number).integers(0, 256, (1, 32), np.uint8)
            index.add(np.array([number], np.uint64), value)
            print(number, flush=True)
        """
    )
    acknowledged = -1
    for turn in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "index")], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for line in child.stdout:
            acknowledged = int(line)
            if acknowledged % 400 == 301 + 17 * turn:
                child.send_signal(signal.SIGKILL)
                break
        acknowledged = max([acknowledged, *(int(line) for line in child.stdout if line.endswith("\n"))])
        child.wait()
    with Index.open(tmp_path / "index") as index:
        assert len(index) in {acknowledged + 1, acknowledged + 2}
        for number in range(acknowledged + 1):
            value = np.random.default_rng(number).integers(0, 256, (1, 32), np.uint8)
            assert index.search(value, 0).of(0) == [(number, 0)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of two segments, with a removed row."""
    folder = tmp_path / "index"
    with Index.open(folder) as index:
        ids = np.arange(40_000, dtype=np.uint64)
        index.add(ids, np.random.default_rng(1).integers(0, 256, (40_000, 32), np.uint8))
        index.remove(np.array([5], np.uint64))
        index.checkpoint()
    return folder


def test_a_damaged_segment_is_named_put_aside_and_what_it_held_can_be_added_again(folder: Path) -> None:
    segment = next(folder.glob("segment-*"))
    whole = segment.read_bytes()
    for at in (0, 9, 20, 24, 30, len(whole)):
        segment.write_bytes(whole[:at] + b"\xff\xff\xff\xff" + whole[at + 4 :])
        with pytest.raises(IndexDamaged, match=segment.name):
            Index.open(folder)
    for length in (0, 100, 4096, len(whole) - 1):
        segment.write_bytes(whole[:length])
        with pytest.raises(IndexDamaged, match=segment.name):
            Index.open(folder)
    with Index.open(folder, quarantine=True) as index:
        assert [os.path.basename(file) for file in index.quarantined] == [segment.name]
        assert (folder / "quarantine" / segment.name).exists()
        assert len(index) == 0
        index.add(np.array([1], np.uint64), np.zeros((1, 32), np.uint8))
    with Index.open(folder) as index:
        assert len(index) == 1


def test_one_wrong_bit_anywhere_is_named_by_a_look_at_everything_and_never_kills(folder: Path) -> None:
    segment = next(folder.glob("segment-*"))
    whole = bytearray(segment.read_bytes())
    generator = np.random.default_rng(5)
    queries = generator.integers(0, 256, (20, 32), np.uint8)
    opened = 0
    for at in generator.integers(4096, len(whole), 60).tolist():
        whole[at] ^= 0x80
        segment.write_bytes(whole)
        whole[at] ^= 0x80
        try:
            with Index.open(folder, writable=False) as index:
                opened += 1
                index.search(queries, 63)
                assert index.verify() == [str(segment)]
        except IndexDamaged:
            continue
    assert opened > 10


def test_a_damaged_manifest_is_named_and_put_aside_with_all_it_spoke_of(folder: Path) -> None:
    manifest = folder / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"rows":40000', b'"rows":40001'))
    with pytest.raises(IndexDamaged, match=r"manifest\.json"):
        Index.open(folder)
    with Index.open(folder, quarantine=True) as index:
        assert len(index) == 0
        assert len(index.quarantined) == 2


def test_one_process_writes_and_others_read_what_was_there_with_changes_of_their_own(folder: Path) -> None:
    with Index.open(folder) as writer:
        with pytest.raises(IndexLocked):
            Index.open(folder)
        before = sorted(path.name for path in folder.iterdir())
        with Index.open(folder, writable=False) as reader:
            assert len(reader) == 39_999
            reader.add(np.array([5, 77_777], np.uint64), np.zeros((2, 32), np.uint8))
            reader.remove(np.arange(100, 200, dtype=np.uint64))
            reader.add(np.arange(50_000, 60_000, dtype=np.uint64), np.ones((10_000, 32), np.uint8))
            reader.checkpoint()
            assert len(reader) == 49_901
        assert sorted(path.name for path in folder.iterdir()) == before
        assert len(writer) == 39_999


def test_a_reader_finds_no_index_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Index.open(tmp_path / "none", writable=False)


@pytest.mark.usefixtures("small_tails")
def test_what_is_removed_while_a_merge_runs_stays_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The merge is stopped after it has read its parts; removals and new hashes come; then it ends."""
    index = Index()
    real = _native.Segment.merge
    ids = np.arange(16, dtype=np.uint64)

    class Stopping:
        @staticmethod
        def merge(segments: list[object], tails: list[object], path: str) -> object:
            made = real(segments, tails, path)  # type: ignore[arg-type]
            if len(segments) + len(tails) and not done:
                done.append(True)
                index.remove(np.array([3], np.uint64))
                index.add(np.array([4], np.uint64), hashes_of(ids[4:5], 9))
            return made

    done: list[bool] = []
    monkeypatch.setattr(index_module._native, "Segment", Stopping)
    index.add(ids[:10], hashes_of(ids[:10]))
    index.add(ids[10:], hashes_of(ids[10:]))
    index.add(ids[:1], hashes_of(ids[:1]))
    index.settle()
    assert done
    held = {n: row.tobytes() for n, row in zip(ids.tolist(), hashes_of(ids), strict=True) if n != 3}
    held[4] = hashes_of(ids[4:5], 9)[0].tobytes()
    assert contents(index, held) == held
    assert index.search(hashes_of(ids[3:5]), 0).ids.tolist() == []


def test_a_full_disk_is_an_error_that_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Index.open(tmp_path / "index")
    ids = np.arange(3, dtype=np.uint64)
    index.add(ids, hashes_of(ids))

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(index_store.os, "write", full)
        with pytest.raises(OSError, match="No space"):
            index.add(ids + 10, hashes_of(ids + 10))
    index.add(ids + 20, hashes_of(ids + 20))
    index.close()
    with Index.open(tmp_path / "index") as opened:
        assert len(opened) == 6


@pytest.mark.usefixtures("small_tails")
def test_a_merge_that_fails_stops_writing_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = Index.open(tmp_path / "index")
    held: Held = {}

    def no_room(self: Store) -> str:
        return str(tmp_path / "nowhere" / "segment-000001")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "new_segment", no_room)
        failure: MergeFailed | None = None
        while failure is None and len(held) < 1000:
            ids = np.array([len(held)], np.uint64)
            try:
                index.add(ids, hashes_of(ids))
                held[len(held)] = hashes_of(ids)[0].tobytes()
            except MergeFailed as error:
                failure = error
        assert failure is not None
        assert isinstance(failure.__cause__, OSError)
    assert contents(index, held) == held
    with pytest.raises(MergeFailed):
        index.close()
    with Index.open(tmp_path / "index") as opened:
        assert contents(opened, held) == held
