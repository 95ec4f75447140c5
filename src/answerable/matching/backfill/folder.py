"""A folder and everything under it, sorted by name. Symbolic links are not followed: they lead anywhere."""

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, NamedTuple
from urllib.parse import quote_from_bytes, unquote_to_bytes

from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.pieces import CantRead, Opened, Piece, Rate, SourceFailed, printable

Parts = tuple[bytes, ...]
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class _Step(NamedTuple):
    """Something that a folder holds; `after` is the position to take up, where that lies inside it."""

    parts: Parts
    after: Parts
    is_folder: bool
    is_file: bool


class Folder:
    """The library in a folder. In memory it holds the names of one folder and of those above it."""

    def __init__(self, root: Path, naming: Naming, rate: Rate) -> None:
        if not root.is_dir():
            raise SourceFailed(f"{root} is not a folder.")
        self._root = os.fsencode(root)
        self._naming = naming
        self._rate = rate

    def pieces(self, after: str) -> Iterator[Piece]:
        """Every file, and every folder that can't be listed, after that position. Raises SourceFailed."""
        begin = tuple(unquote_to_bytes(part) for part in after.split("/")) if after else ()
        try:
            open_folders = [iter(self._steps((), begin))]
        except OSError as error:
            raise SourceFailed(f"The folder can't be listed: {error.strerror}.") from error
        while open_folders:  # a list of our own: folders may lie deeper than Python calls functions
            step = next(open_folders[-1], None)
            if step is None:
                open_folders.pop()
            elif not step.is_folder:
                yield self._piece(step.parts, partial(self._open, step.parts), passed_over=not step.is_file)
            else:
                try:
                    open_folders.append(iter(self._steps(step.parts, step.after)))
                except OSError as error:
                    yield self._piece(step.parts, partial(_unlisted, error.strerror or "it can't be listed"))

    def _steps(self, parts: Parts, after: Parts) -> list["_Step"]:
        """What lies in that folder, sorted by name as its bytes are, without what comes before `after`."""
        steps: list[_Step] = []
        with os.scandir(os.path.join(self._root, *parts)) as entries:
            for one in entries:
                begins = bool(after) and one.name == after[0]
                is_folder = one.is_dir(follow_symlinks=False)
                if after and (one.name < after[0] or (begins and not (is_folder and after[1:]))):
                    continue
                rest = after[1:] if begins else ()
                is_file = one.is_file(follow_symlinks=False)
                steps.append(_Step((*parts, one.name), rest, is_folder=is_folder, is_file=is_file))
        return sorted(steps)

    def count(self, stop: threading.Event) -> int | None:
        """How many files there are; None when stopped."""
        found = 0
        for _folder, _folders, files in os.walk(self._root):
            if stop.is_set():
                return None
            found += len(files)
        return found

    def close(self) -> None:
        """Nothing is open."""

    def _piece(
        self, parts: Parts, opens: Callable[[], AbstractContextManager[Opened]], *, passed_over: bool = False
    ) -> Piece:
        path = os.fsdecode(b"/".join(parts))
        place = None if passed_over else self._naming.place(path)
        return Piece(
            position="/".join(quote_from_bytes(part, safe="") for part in parts),
            name=printable(path),
            place=place,
            open=opens,
            passed_over="not_a_file" if passed_over else "" if place else "no_ref",
        )

    def opened(self, path: str) -> AbstractContextManager[Opened]:
        """The file at that path inside the folder, and nothing outside of it. Raises CantRead when it is opened."""
        parts = tuple(os.fsencode(path).split(b"/"))
        if "\0" in path or {b"", b".", b".."} & set(parts):
            return _unlisted("it is no path inside the folder")
        return self._open(parts)

    @contextmanager
    def _open(self, parts: Parts) -> Iterator[Opened]:
        self._rate.wait()
        try:
            with ExitStack() as folders:
                above = _descend(folders, self._root, parts[:-1])
                file = folders.enter_context(_opened(parts[-1], above))
                about = os.fstat(file.fileno())
                if not stat.S_ISREG(about.st_mode):
                    raise CantRead("it is not a file")
                yield Opened(file, about.st_size)
        except OSError as error:
            raise CantRead(error.strerror or type(error).__name__) from error


def _descend(folders: ExitStack, root: bytes, parts: Parts) -> int:
    """The folder that holds it, opened step by step, so that no link on the way is followed."""
    there = _folder(folders, root, None)
    for part in parts:
        there = _folder(folders, part, there)
    return there


def _folder(folders: ExitStack, name: bytes, within: int | None) -> int:
    followed = os.O_NOFOLLOW if within is not None else 0  # the root itself is as the operator names it
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | followed
    number = os.open(name, flags, dir_fd=within)
    folders.callback(os.close, number)
    return number


def _opened(name: bytes, within: int) -> BinaryIO:
    return os.fdopen(os.open(name, _FLAGS, dir_fd=within), "rb")


@contextmanager
def _unlisted(why: str) -> Iterator[Opened]:
    raise CantRead(why)
    yield  # pragma: no cover - makes this a generator
