"""What can go wrong between a desk and the drill's CyberTipline, on demand and at one step."""

from dataclasses import dataclass
from enum import StrEnum


class When(StrEnum):
    """Whether a step was carried out before it went wrong."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Trouble:
    """One thing that goes wrong the next time `path` is asked.

    `code`: answered instead of what came of it. `cut`: how many bytes of the answer are sent, headers included.
    `reads`: the connection ends after so many bytes of the request's body. `seconds`: how long the answer waits.
    `drip`: seconds between bytes of the answer. `raw`: the answer's body instead of what came of it.
    `md5`: the hash that an upload is answered with.
    """

    path: str
    when: When = When.AFTER
    code: int | None = None
    cut: int | None = None
    reads: int | None = None
    seconds: float = 0
    drip: float = 0
    raw: bytes | None = None
    status: int = 200
    md5: str = ""
