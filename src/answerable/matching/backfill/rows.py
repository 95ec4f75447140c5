"""A list of the library's files, as a CSV file that the operator's own database wrote: which file is which item."""

import csv
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from answerable.matching.backfill.naming import Naming, is_ref
from answerable.matching.backfill.pieces import Opened, Piece, Place, SourceFailed, printable
from answerable.platforms.base import ItemKind

COLUMNS: Final = ("path", "ref", "url", "account", "kind", "posted_at", "views")
NEEDED: Final = ("path", "ref")


class Readable(Protocol):
    """Where the files themselves lie: a folder or a bucket."""

    def opened(self, path: str) -> AbstractContextManager[Opened]:
        """The file at that path. Raises CantRead."""

    def close(self) -> None:
        """Let go of what is open."""


class Rows:
    """The library that a list names, in the order of the list. A position is a row's number, from 1 on."""

    def __init__(self, file: Path, within: Readable, naming: Naming) -> None:
        self._file = file
        self._within = within
        self._naming = naming

    def pieces(self, after: str) -> Iterator[Piece]:
        """Every row after that one. Raises SourceFailed, with the row that can't be used."""
        done = int(after or 0)
        try:
            with open(self._file, encoding="utf-8-sig", newline="") as lines:
                rows = csv.DictReader(lines)
                _check(rows.fieldnames or ())
                for number, row in enumerate(rows, 1):
                    if number > done:
                        yield self._piece(number, {name: value or "" for name, value in row.items() if name})
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise SourceFailed(f"{self._file} can't be read: {error}.") from error

    def count(self, stop: threading.Event) -> int | None:
        """About as many as the file has lines."""
        found = -1
        with open(self._file, "rb") as lines:
            for _line in lines:
                if stop.is_set():
                    return None
                found += 1
        return max(0, found)

    def close(self) -> None:
        """Close what the files lie in."""
        self._within.close()

    def _piece(self, number: int, row: dict[str, str]) -> Piece:
        named = is_ref(row["ref"])
        return Piece(
            position=str(number),
            name=printable(row["path"]),
            place=self._place(number, row) if named else None,
            open=partial(self._within.opened, row["path"]),
            is_item=True,
            passed_over="" if named else "no_ref",
        )

    def _place(self, number: int, row: dict[str, str]) -> Place:
        wrong = partial(_wrong, self._file, number)
        kind = row.get("kind") or self._naming.kind
        if kind and kind not in set(ItemKind):
            raise wrong(f"kind is {kind!r}: write {', '.join(ItemKind)}")
        try:
            posted_at = datetime.fromisoformat(row["posted_at"]) if row.get("posted_at") else None
            views = int(row.get("views") or 0)
        except ValueError as error:
            raise wrong(str(error)) from error
        if posted_at is not None and posted_at.tzinfo is None:
            raise wrong("posted_at has no time zone: write it such as 2026-11-01T08:00:00+00:00")
        if not 0 <= views < 2**53:
            raise wrong("views are a whole number from 0 on")
        account = row.get("account", "")
        self._naming.check_address(row["ref"], row.get("url", ""))
        return Place(
            row["ref"],
            url=row.get("url", ""),
            account=account if is_ref(account) else "",
            kind=kind,
            posted_at=posted_at,
            views=views,
        )


def _check(names: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    unknown = [name for name in names if name not in COLUMNS]
    if missing or unknown:
        raise SourceFailed(
            f"The list's first row names its columns: {', '.join(COLUMNS)}, of which {' and '.join(NEEDED)} are "
            f"needed; missing: {', '.join(missing) or 'none'}, unknown: {', '.join(unknown) or 'none'}."
        )


def _wrong(file: Path, number: int, why: str) -> SourceFailed:
    return SourceFailed(f"{file}, row {number}: {why}.")
