"""What `audit check` reports."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing about the log that is not as it was written."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def as_bytes(value: Any) -> bytes:
    """A binary column's value; empty where somebody put something else there."""
    return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else b""
