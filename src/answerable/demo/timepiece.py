"""The replay's clock: the machine's time and an offset that only this replay's processes read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path


class Timepiece:
    """Runs in real time; `jump_to` moves it. Every process of the stack reads the offset from `path`."""

    def __init__(self, path: Path, begin: datetime) -> None:
        self.path = path
        self._offset = timedelta()
        self.jump_to(begin)

    def now(self) -> datetime:
        """The replay's time, UTC."""
        return datetime.now(UTC) + self._offset

    def jump_to(self, at: datetime) -> None:
        """Make it that time now. The file is replaced whole: nobody reads half an offset."""
        self._offset = at - datetime.now(UTC)
        fresh = self.path.with_suffix(".new")
        fresh.write_text(f"{self._offset.total_seconds():.6f}")
        fresh.replace(self.path)
