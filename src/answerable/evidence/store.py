"""Where encrypted objects lie: a small interface, and a folder that keeps it. Names come from digests alone."""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Final, Protocol

from answerable.db import crash
from answerable.evidence.errors import NotStored, ObjectMissing

UNFINISHED: Final = "unfinished"
NOTE: Final = "desk.json"
"""What a store says of whose it is; no object."""


class Draft(Protocol):
    """An object that is being written: nobody sees it before it is kept."""

    def write(self, data: bytes, /) -> int:
        """Take all of it. Raises OSError."""

    def flush(self) -> None:
        """Hand what is held back to the system."""

    def keep(self, name: str) -> None:
        """Make it last under that name, whole or not at all. Raises NotStored."""

    def drop(self) -> None:
        """Give it up; after `keep`, nothing."""


class Store(Protocol):
    """A place for objects. An object never changes: its name holds its digests."""

    def draft(self) -> Draft:
        """Begin an object. Raises NotStored."""

    def open(self, name: str) -> IO[bytes]:
        """The object's bytes. Raises ObjectMissing, NotRead; while it is read, NotRead, OSError."""

    def has(self, name: str) -> bool:
        """Whether it, or any older version of it, is there. Raises NotStored."""

    def destroy(self, name: str) -> None:
        """Make it be gone, also where it is gone already. Raises NotStored."""

    def names(self) -> Iterator[str]:
        """All that is there. Raises NotStored."""

    def written_at(self, name: str) -> float:
        """When an object was written, in seconds since the epoch. Raises NotStored, OSError."""

    def sweep_unfinished(self, older_than: float) -> int:
        """Take away drafts of processes that ended: older than that (seconds since the epoch). How many."""

    def note(self) -> bytes:
        """What was noted of whose it is; empty: nothing. Raises NotStored."""

    def leave_note(self, data: bytes) -> None:
        """Note whose it is, instead of what was noted before. Raises NotStored."""

    def keeps_versions(self) -> bool:
        """Whether older versions of what is deleted stay there unless they are destroyed, too. Raises NotStored."""


def name_of(sha256: str, sealed_sha256: str) -> str:
    """An object's name: the plain bytes' SHA-256 finds it, the encrypted ones' tells two encryptions apart."""
    return f"{sha256[:2]}/{sha256}.{sealed_sha256[:16]}.age"


class FolderStore:
    """Objects as files of a folder that its owner alone can read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def draft(self) -> "FolderDraft":
        """Begin an object. Raises NotStored."""
        try:
            folder = self.root / UNFINISHED
            for path in (
                self.root.parent,
                self.root,
                folder,
            ):  # each by itself: `parents` would take the umask's
                path.mkdir(mode=0o700, exist_ok=True)
            return FolderDraft(self.root, folder / secrets.token_hex(8))
        except OSError as error:
            raise NotStored(error.strerror or "") from error

    def open(self, name: str) -> IO[bytes]:
        """The object's bytes. Raises ObjectMissing."""
        try:
            return (self.root / name).open("rb")
        except FileNotFoundError as error:
            raise ObjectMissing(name) from error

    def has(self, name: str) -> bool:
        """Whether it is there."""
        return (self.root / name).is_file()

    def destroy(self, name: str) -> None:
        """Make it be gone, also where it is gone already. Raises NotStored."""
        path = self.root / name
        try:
            path.unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_folder(path.parent)
        except OSError as error:
            raise NotStored(error.strerror or "") from error

    def names(self) -> Iterator[str]:
        """All that is there."""
        for path in sorted(self.root.glob("*/*.age")):
            yield f"{path.parent.name}/{path.name}"

    def written_at(self, name: str) -> float:
        """When an object was written, in seconds since the epoch."""
        return (self.root / name).stat().st_mtime

    def sweep_unfinished(self, older_than: float) -> int:
        """Take away drafts of processes that ended: older than that (seconds since the epoch). How many."""
        drafts = [path for path in (self.root / UNFINISHED).glob("*") if path.stat().st_mtime < older_than]
        for path in drafts:
            path.unlink(missing_ok=True)
        return len(drafts)

    def note(self) -> bytes:
        """What was noted of whose it is; empty: nothing. Raises NotStored."""
        try:
            return (self.root / NOTE).read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise NotStored(error.strerror or "") from error

    def leave_note(self, data: bytes) -> None:
        """Note whose it is, instead of what was noted before. Raises NotStored."""
        draft = self.draft()
        try:
            draft.write(data)
            draft.end().replace(self.root / NOTE)
            _sync_folder(self.root)
        except OSError as error:
            raise NotStored(error.strerror or "") from error
        finally:
            draft.drop()

    def keeps_versions(self) -> bool:
        """No: a file has none."""
        return False


class FolderDraft:
    """A file that becomes an object."""

    def __init__(self, root: Path, path: Path) -> None:
        self._root, self._path = root, path
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1024 * 1024)

    def write(self, data: bytes, /) -> int:
        """Take all of it. Raises OSError."""
        return self._file.write(data)

    def flush(self) -> None:
        """Hand what is held back to the system."""
        self._file.flush()

    def reading(self) -> IO[bytes]:
        """What was written, to be read again: it is encrypted, and never gets a name."""
        self._file.flush()
        return self._path.open("rb")

    def end(self) -> Path:
        """Nothing more is written: where it lies, encrypted, until it is dropped. Raises NotStored."""
        try:
            self._file.close()
        except OSError as error:
            raise NotStored(error.strerror or "") from error
        return self._path

    def keep(self, name: str) -> None:
        """Make it last under that name, whole or not at all. Raises NotStored."""
        target = self._root / name
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            crash.point("evidence written")
            target.parent.mkdir(mode=0o700, exist_ok=True)
            self._path.replace(target)
            _sync_folder(target.parent)
            _sync_folder(self._root)
        except OSError as error:
            raise NotStored(error.strerror or "") from error
        crash.point("evidence kept")

    def drop(self) -> None:
        """Give it up; after `keep`, nothing."""
        with suppress(OSError):  # what it held back needn't reach the disk any more
            self._file.close()
        self._path.unlink(missing_ok=True)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
