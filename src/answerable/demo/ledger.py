"""What stands in the replay's own databases, read-only: the desk's and the sample site's."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def moment(text: str) -> datetime:
    """A time as SQLite holds it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class Ledger:
    """Queries on one desk and its site. Nothing here can write."""

    def __init__(self, data: Path) -> None:
        self._desk = data / "answerable.sqlite3"
        self._site = data / "sample-site" / "lumen.sqlite3"
        self._open: dict[Path, sqlite3.Connection] = {}

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of the desk's database."""
        return self._rows(self._desk, sql, values)

    def site(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Rows of the sample site's database."""
        return self._rows(self._site, sql, values)

    def one(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row; None without a row."""
        found = self.rows(sql, values)
        return found[0][0] if found else None

    def _rows(self, path: Path, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if path not in self._open:
            self._open[path] = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        return self._open[path].execute(sql, values).fetchall()

    def item(self, ref: str) -> int:
        """The desk's number of an item. Raises LookupError."""
        found = self.one("SELECT id FROM cases_item WHERE ref = ?", [ref])
        if found is None:
            raise LookupError(f"The desk knows no item {ref!r}.")
        return int(found)

    def unsent_events(self) -> int:
        """What the site has not told the desk yet."""
        unsent = "SELECT count(*) FROM sample_event WHERE sent_at IS NULL AND refused = ''"
        uncounted = "SELECT count(*) FROM sample_item WHERE views != views_told OR to_screen"
        return int(self.site(unsent)[0][0]) + int(self.site(uncounted)[0][0])

    def worker_busy(self, now: datetime) -> int:
        """What the worker owes and may do by now."""
        sql = (
            "SELECT count(*) FROM obligations_obligation WHERE state = 'owed' AND \"by\" = 'worker' "
            "AND (not_before IS NULL OR not_before <= ?)"
        )
        return int(self.one(sql, [text(now)]))

    def due_by_people(self, before: datetime) -> list[tuple[int, str, str, str]]:
        """What people owe that is due before a time: number, kind, subject, due."""
        sql = (
            "SELECT id, kind, subject, due_at FROM obligations_obligation WHERE state = 'owed' "
            "AND \"by\" != 'worker' AND due_at <= ? ORDER BY due_at"
        )
        return self.rows(sql, [text(before)])

    def next_beginning(self, after: datetime, before: datetime) -> datetime | None:
        """When the next thing may be begun that may not be begun yet."""
        sql = (
            "SELECT min(not_before) FROM obligations_obligation WHERE state = 'owed' "
            "AND not_before > ? AND not_before < ?"
        )
        found = self.one(sql, [text(after), text(before)])
        return moment(found) if found else None

    def late(self, now: datetime) -> list[tuple[str, str, str]]:
        """Every obligation that was kept late, or is owed and past its time: kind, subject, due."""
        sql = (
            "SELECT kind, subject, due_at FROM obligations_obligation WHERE state = 'kept_late' "
            "OR (state = 'owed' AND due_at < ?) OR (state = 'released' AND closed_at > due_at)"
        )
        return self.rows(sql, [text(now)])


def text(at: datetime) -> str:
    """A time as SQLite compares it."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
