"""The signal types of this door: what the field calls a kind of hash."""

import re
from dataclasses import dataclass

from answerable.api.problems import Problem
from answerable.matching.index import DEFAULT_THRESHOLD
from answerable.media import Fingerprints


@dataclass(frozen=True, slots=True)
class SignalType:
    """One kind of hash: its name there, ours, how it is written, and which content type it is made of."""

    name: str
    kind: str
    pattern: str
    content_type: str

    def checked(self, value: object) -> str:
        """A hash as it is compared. Raises ValueError."""
        text = value.strip().lower() if isinstance(value, str) and self.kind == "md5" else value
        if not isinstance(text, str) or not re.fullmatch(self.pattern, text):
            raise ValueError(f"invalid {'PDQ' if self.kind == 'pdq' else 'MD5'} hash")
        return text

    def prints(self, value: str) -> Fingerprints:
        """A hash as fingerprints. What is asked for by its hash alone is searched whatever its quality was."""
        return Fingerprints(pdq=bytes.fromhex(value)) if self.kind == "pdq" else Fingerprints(md5=value)

    def of(self, prints: Fingerprints) -> str | None:
        """This hash of a file; empty where it says too little, None where there is none."""
        if self.kind == "md5":
            return prints.md5
        if prints.pdq is None:
            return None
        return prints.searchable_pdq.hex() if prints.searchable_pdq is not None else ""

    def compared(self, left: str, right: str) -> list[object]:
        """Whether two hashes match, and how far apart they are, as the original says it."""
        if self.kind == "md5":
            return [left == right, {}]
        bits = (int(left, 16) ^ int(right, 16)).bit_count()
        return [bits <= DEFAULT_THRESHOLD, {"distance": bits}]


PDQ = SignalType("pdq", "pdq", r"[0-9a-f]{64}", "photo")
VIDEO_MD5 = SignalType("video_md5", "md5", r"[0-9a-f]{32}", "video")
SIGNAL_TYPES = {one.name: one for one in (PDQ, VIDEO_MD5)}
CONTENT_TYPES = ("photo", "video")
NO_DISTANCE = "-"
"""What the original says where there is no distance: exact matches, and what a caller may not be told."""


def signal_type(name: str) -> SignalType:
    """The signal type of that name. Raises Problem (400)."""
    found = SIGNAL_TYPES.get(name)
    if found is None:
        raise Problem(400, f"No such SignalType '{name}'")
    return found


def signal_types_of(content_type: str, chosen: str | None) -> list[SignalType]:
    """The signal types that a content type is hashed by, or those of them that were chosen. Raises Problem (400)."""
    if content_type not in CONTENT_TYPES:
        raise Problem(400, f"no such content_type: '{content_type}'")
    offered = {one.name: one for one in SIGNAL_TYPES.values() if one.content_type == content_type}
    if chosen is None:
        return list(offered.values())
    names = [name.strip() for name in chosen.split(",") if name.strip()]
    for name in names:
        if name not in offered:
            raise Problem(400, f"signal type '{name}' doesn't exist or is disabled")
    if not names:
        raise Problem(400, "empty signal type selection")
    return [offered[name] for name in dict.fromkeys(names)]
