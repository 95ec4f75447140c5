"""An index's folder: segments, journals of what came after them, and the manifest that says which count.

    manifest.json      names the segments, what was removed from them, and the first journal to replay
    segment-000007     many hashes, sorted (`native/segment.h`); never changed
    buried-000009      one bit for each row of a segment that was removed
    journal-000012     additions and removals since, one record each
    lock               held by the one process that writes
    quarantine/        damaged files, put aside

Only replacing the manifest, by renaming, changes what counts. Files that it does not name are left over from a
crash, and deleted by the next writer.
"""

import fcntl
import json
import os
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from answerable import _native

FORMAT: Final = 1
_RECORD = struct.Struct("<4sIII")
"""Mark, CRC-32 of the rest, count of ids, and whether hashes follow (1) or not (0)."""
_MARK = b"AJR1"
_NUMBERED = re.compile(r"(segment|buried|journal)-(\d{6,})(?:\.new)?")
_TRIES = 20


class IndexLocked(Exception):
    """Another process has this index open for writing: close it there, or open it with writable=False."""

    def __str__(self) -> str:
        return self.__doc__ or ""


class IndexDamaged(Exception):
    """A file of the index is damaged: open it with quarantine=True to go on without, and add again what it held."""

    def __init__(self, file: str, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(file, why)

    def __str__(self) -> str:
        return f"{self.file}: {self.why}. {self.__doc__}"


Change = tuple[NDArray[np.uint64], NDArray[np.uint8] | None]
"""Ids with their hashes, or ids that were removed."""


class Store:
    """One index's folder. Not for two threads at a time: the index's lock guards it."""

    def __init__(self, path: str, *, writable: bool) -> None:
        self.path = Path(path)
        self.writable = writable
        self.note: dict[str, Any] = {}
        self.quarantined: list[str] = []
        self._names: dict[_native.Segment, str] = {}
        self._buried: dict[_native.Segment, tuple[str, int, int]] = {}
        self._journal: int | None = None
        self._journals: list[int] = []
        self._first_journal = 1
        self._unnamed: set[str] = set()
        self._last_number = 0
        self._lock: int | None = None
        if writable:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(self._lock)
                raise IndexLocked from error

    def close(self) -> None:
        """Let go of the folder."""
        for descriptor in (self._journal, self._lock):
            if descriptor is not None:
                os.close(descriptor)
        self._journal = self._lock = None

    # ---- opening ----

    def load(self, *, quarantine: bool) -> list[_native.Segment]:
        """The segments that count. Raises IndexDamaged, FileNotFoundError for a reader's folder that isn't there."""
        for left in reversed(range(_TRIES)):
            manifest = self._manifest(quarantine=quarantine)
            try:
                return self._load(manifest, quarantine=quarantine)
            except FileNotFoundError as error:
                # A reader may come between a writer's new manifest and the deletion of old files: look again.
                if self.writable or not left or self._manifest(quarantine=False) == manifest:
                    raise IndexDamaged(str(error.filename or self.path), "it is missing") from error
        raise AssertionError  # the last try returns or raises

    def _load(self, manifest: dict[str, Any], *, quarantine: bool) -> list[_native.Segment]:
        self.note = manifest.get("note", {})
        self._first_journal = manifest.get("journal", 1)
        segments = []
        self._names, self._buried = {}, {}
        for about in manifest.get("segments", []):
            try:
                segments.append(self._segment(about))
            except IndexDamaged as error:
                if not quarantine:
                    raise
                self._put_aside(error.file)
        return segments

    def _segment(self, about: dict[str, Any]) -> _native.Segment:
        path = self.path / about["name"]
        if not path.exists():
            if self.writable:
                raise IndexDamaged(str(path), "it is missing")
            raise FileNotFoundError(str(path))
        try:
            segment = _native.Segment.open(str(path))
        except (RuntimeError, OSError) as error:
            raise IndexDamaged(str(path), str(error)) from error
        if (segment.rows, segment.checksum) != (about["rows"], about["checksum"]):
            raise IndexDamaged(str(path), "it is not the segment that the manifest names")
        if about["buried"] is not None:
            name, checksum, count = about["buried"]
            bits = (self.path / name).read_bytes()
            if zlib.crc32(bits) != checksum:
                raise IndexDamaged(str(self.path / name), "its checksum is wrong")
            segment.bury(bits)
            self._buried[segment] = (name, checksum, count)
        self._names[segment] = about["name"]
        return segment

    def _manifest(self, *, quarantine: bool) -> dict[str, Any]:
        path = self.path / "manifest.json"
        try:
            whole = json.loads(path.read_bytes())
            body = whole["index"]
            if whole["crc32"] != zlib.crc32(_canonical(body)):
                raise ValueError("its checksum is wrong")
            if body["format"] != FORMAT:
                raise ValueError(f"it is of format {body['format']}, this version reads {FORMAT}")
        except FileNotFoundError:
            if not self.writable:
                raise
            return {}
        except (ValueError, KeyError, TypeError) as error:
            if not quarantine:
                raise IndexDamaged(str(path), str(error)) from error
            for file in [*sorted(self.path.glob("segment-*")), path]:
                self._put_aside(str(file))
            return {}
        return dict(body)

    def _put_aside(self, file: str) -> None:
        self.quarantined.append(file)
        if self.writable and os.path.exists(file):
            aside = self.path / "quarantine"
            aside.mkdir(exist_ok=True, mode=0o700)
            os.replace(file, aside / os.path.basename(file))

    def replay(self) -> Iterator[Change]:
        """What the journals hold, in order. A record that was cut off by a crash ends its journal."""
        numbered = [_NUMBERED.fullmatch(name) for name in os.listdir(self.path)]
        numbers = [(name[1], int(name[2])) for name in numbered if name]
        self._last_number = max((number for _kind, number in numbers), default=0)
        for number in sorted(number for kind, number in numbers if kind == "journal"):
            if number >= self._first_journal:
                yield from _records((self.path / _journal_name(number)).read_bytes())

    # ---- writing ----

    def journal_add(self, ids: NDArray[np.uint64], hashes: NDArray[np.uint8]) -> None:
        """Write that these were added. Raises OSError; the journal is as before then."""
        self._write(len(ids), 1, ids.astype("<u8").tobytes() + hashes.tobytes())

    def journal_remove(self, ids: NDArray[np.uint64]) -> None:
        """Write that these were removed. Raises OSError; the journal is as before then."""
        self._write(len(ids), 0, ids.astype("<u8").tobytes())

    def _write(self, count: int, has_hashes: int, body: bytes) -> None:
        if self._journal is None:
            return
        head = struct.pack("<II", count, has_hashes)
        record = memoryview(_MARK + struct.pack("<I", zlib.crc32(head + body)) + head + body)
        before = os.lseek(self._journal, 0, os.SEEK_END)
        try:
            while record:
                record = record[os.write(self._journal, record) :]
        except OSError:
            os.ftruncate(self._journal, before)
            raise

    def next_journal(self) -> None:
        """What follows is written to a new journal."""
        if not self.writable:
            return
        if self._journal is not None:
            os.fsync(self._journal)
            os.close(self._journal)
        self._journals.append(self._number())
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._journal = os.open(self.path / _journal_name(self._journals[-1]), flags, 0o600)

    def sync(self) -> None:
        """Have the journal on the disk itself."""
        if self._journal is not None:
            os.fsync(self._journal)
            self._sync_folder()

    def new_segment(self) -> str:
        """A path for a new segment; empty where it stays in memory."""
        if not self.writable:
            return ""
        name = f"segment-{self._number():06d}"
        self._unnamed.add(name)
        return str(self.path / name)

    def named(self, segment: _native.Segment, path: str) -> None:
        """Note that `segment` lies at `path`, which `new_segment` gave."""
        if path:
            self._names[segment] = os.path.basename(path)
            self._unnamed.discard(self._names[segment])

    def commit(self, segments: Sequence[_native.Segment], *, sealed: int) -> None:
        """From now on these segments count, and the journals of the last `sealed` tails and of the newest."""
        if not self.writable:
            return
        if self._journal is None:
            self.next_journal()
        self._journals = self._journals[-(sealed + 1) :]
        self._buried = {part: self._bury(part) for part in segments if part.live < part.rows}
        body = {
            "format": FORMAT,
            "journal": self._journals[0],
            "note": self.note,
            "segments": [self._about(part) for part in segments],
        }
        whole = _canonical({"index": body, "crc32": zlib.crc32(_canonical(body))})
        self._replace("manifest.json", whole)
        self._names = {part: self._names[part] for part in segments}
        self._delete_left_over(segments)

    def _about(self, segment: _native.Segment) -> dict[str, Any]:
        return {
            "name": self._names[segment],
            "rows": segment.rows,
            "checksum": segment.checksum,
            "first_id": segment.first_id,
            "last_id": segment.last_id,
            "buried": list(self._buried[segment]) if segment in self._buried else None,
        }

    def _bury(self, segment: _native.Segment) -> tuple[str, int, int]:
        count = segment.rows - segment.live
        known = self._buried.get(segment)
        if known is not None and known[2] == count:
            return known
        name, bits = f"buried-{self._number():06d}", segment.buried()
        self._replace(name, bits)
        return name, zlib.crc32(bits), count

    def _replace(self, name: str, data: bytes) -> None:
        """The file holds this, or what it held before, whatever happens."""
        fresh = self.path / f"{name}.new"
        with open(fresh, "wb", opener=lambda file, flags: os.open(file, flags, 0o600)) as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(fresh, self.path / name)
        self._sync_folder()

    def _delete_left_over(self, segments: Sequence[_native.Segment]) -> None:
        kept = {self._names[part] for part in segments} | self._unnamed
        kept |= {about[0] for about in self._buried.values()} | {_journal_name(n) for n in self._journals}
        for path in self.path.iterdir():
            if path.name.startswith(("segment-", "buried-", "journal-")) and path.name not in kept:
                path.unlink()

    def holds(self, segment: _native.Segment) -> bool:
        """Whether it lies on disk."""
        return segment in self._names

    def name_of(self, segment: _native.Segment) -> str:
        """Its file."""
        return str(self.path / self._names[segment])

    def _number(self) -> int:
        self._last_number += 1
        return self._last_number

    def _sync_folder(self) -> None:
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _journal_name(number: int) -> str:
    return f"journal-{number:06d}"


def _canonical(body: Any) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _records(data: bytes) -> Iterator[Change]:
    at = 0
    while at + _RECORD.size <= len(data):
        mark, checksum, count, has_hashes = _RECORD.unpack_from(data, at)
        end = at + _RECORD.size + count * (40 if has_hashes else 8)
        if mark != _MARK or end > len(data) or zlib.crc32(data[at + 8 : end]) != checksum:
            return
        begin = at + _RECORD.size
        ids = np.frombuffer(data, "<u8", count, begin).astype(np.uint64)
        hashes = None
        if has_hashes:
            hashes = np.frombuffer(data, np.uint8, 32 * count, begin + 8 * count).reshape(-1, 32).copy()
        yield ids, hashes
        at = end
