"""What is wrong with a policy pack, and where."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Hole:
    """One thing that a pack lacks or gets wrong: the file, its line (from 1) and the reason."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class PolicyError(Exception):
    """A policy pack can't be used. The message names file, line and reason of every hole."""

    def __init__(self, holes: Iterable[Hole]) -> None:
        self.holes: tuple[Hole, ...] = tuple(sorted(set(holes)))
        super().__init__("\n".join(str(hole) for hole in self.holes))


class MissingWordError(Exception):
    """A text of the pack was asked for without a value for one of its placeholders, or does not exist."""
