"""An erasure as it stands outside of the database: numbers and digests, never a word of anybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased when people asked for it.

    A number alone would not do: after a restore new rows get the numbers of those that were lost. So each stands with
    what only the row that was erased has: of a text the digest of its wrapped key (`texts`), of an entry of the log its
    commitment (`entries`), of a report its salted digest.
    """

    texts: Mapping[int, str] = field(default_factory=dict)
    entries: Mapping[int, str] = field(default_factory=dict)
    report_id: int | None = None
    report_digest: str = ""
    reported_items: tuple[int, ...] = ()
    code: bool = False
    """Whether the access code went, too: everything that the reporter wrote was erased."""
