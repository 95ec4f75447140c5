"""What a backfill has done, in numbers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from answerable.matching.backfill.ahead import Done


@dataclass(slots=True)
class Tally:
    """Counts of one library, over all runs since it was begun.

    seen: pieces that were come to. registered: new items. known: items that the desk knew, with their fingerprints.
    held, removed: of the registered ones, those hidden until a person looks, and the very files of removed ones.
    unreadable: registered, but what they show can't be read, or not all of it. exact_only: registered by exact hashes,
    being no image or video that is read here. unread: the bytes could not be had. no_ref, same_ref, not_a_file,
    no_media: passed over. size: bytes hashed.
    """

    seen: int = 0
    registered: int = 0
    known: int = 0
    held: int = 0
    removed: int = 0
    unreadable: int = 0
    exact_only: int = 0
    unread: int = 0
    no_ref: int = 0
    same_ref: int = 0
    not_a_file: int = 0
    no_media: int = 0
    size: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Self:
        """From what was kept."""
        names = {one.name for one in fields(cls)}
        return cls(**{name: count for name, count in counts.items() if name in names})

    def counts(self) -> dict[str, int]:
        """To be kept."""
        return asdict(self)

    def passed_over(self, done: Done) -> None:
        """Count a piece that is not hashed."""
        self.seen += 1
        setattr(self, done.why, getattr(self, done.why) + 1)

    @property
    def problems(self) -> int:
        """Pieces of which less is known than of others."""
        return self.unreadable + self.unread
