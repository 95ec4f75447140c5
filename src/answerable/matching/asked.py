"""What `answerable copies` was asked about: a file, an item, a link, or a fingerprint as people write it."""

import re
from dataclasses import dataclass
from pathlib import Path

from answerable import media
from answerable.cases.models import Item
from answerable.cases.queries.frames import searchable_frames
from answerable.matching.turns import turns_of_content
from answerable.media import Fingerprints
from answerable.media.frames import Frame
from answerable.platforms import registry

_HASH = re.compile(r"(?:(sha256|md5|pdq):)?([0-9a-fA-F]+)")
_DIGITS = {"sha256": 64, "md5": 32, "pdq": 64}


class NotUnderstood(Exception):
    """Write a file's path, an item (`item:42`, `photos:3kd9xq2mb` or its link), or a hash in hexadecimal: `sha256:…`,
    `md5:…`, `pdq:…`."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)

    def __str__(self) -> str:
        return f"{self.why} {' '.join((self.__doc__ or '').split())}"


@dataclass(frozen=True, slots=True)
class Asked:
    """The fingerprints to search for, `by` what they came (`item`, `file`, `hashes`), and of which item they are."""

    prints: Fingerprints
    by: str
    item_id: int | None = None


def read(text: str) -> Asked:
    """Understand what somebody typed. A file that is there comes first. Raises NotUnderstood, MediaError, OSError."""
    path = Path(text)
    if path.is_file():
        return Asked(media.fingerprint(path.read_bytes()), "file")
    if "://" in text:
        located = registry.locate(text)
        if located.platform is None or located.ref is None:
            raise NotUnderstood("No configured platform has an item at that address.")
        return at_place(located.platform, located.ref)
    if (written := _HASH.fullmatch(text)) is not None:
        return Asked(_of_hash(*written.groups()), "hashes")
    word, colon, rest = text.partition(":")
    if word == "item" and rest.isdecimal():
        return _of_item(Item.objects.select_related("content").filter(pk=int(rest)).first())
    if colon and rest:
        return at_place(word, rest)
    raise NotUnderstood("There is no such file.")


def at_place(platform: str, ref: str) -> Asked:
    """The item of that ref. Raises NotUnderstood."""
    return _of_item(Item.objects.select_related("content").filter(platform=platform, ref=ref).first())


def _of_item(item: Item | None) -> Asked:
    if item is None:
        raise NotUnderstood("There is no such item here.")
    content = item.content
    if content is None:
        raise NotUnderstood("What this item shows has not been seen yet: ask again when it was fetched.")
    prints = Fingerprints(
        sha256=content.sha256,
        md5=content.md5,
        pdq=bytes(content.pdq) if content.pdq is not None else None,
        pdq_quality=content.pdq_quality,
        pdq_dihedral=tuple(turns_of_content(content)),
        frames=tuple(
            Frame(bytes(frame.pdq), frame.quality, frame.at_ms / 1000)
            for frame in searchable_frames(content.pk)
        ),
    )
    return Asked(prints, "item", item.pk)


def _of_hash(kind: str | None, digits: str) -> Fingerprints:
    """Without a kind, 64 digits are searched for as both: no SHA-256 lies near a picture by chance."""
    digits = digits.lower()
    kinds = [kind] if kind else [name for name, length in _DIGITS.items() if length == len(digits)]
    if not kinds or _DIGITS[kinds[0]] != len(digits):
        raise NotUnderstood(f"No fingerprint of that kind has {len(digits)} digits.")
    return Fingerprints(
        sha256=digits if "sha256" in kinds else "",
        md5=digits if "md5" in kinds else "",
        pdq=bytes.fromhex(digits) if "pdq" in kinds else None,
    )
