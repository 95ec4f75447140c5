"""Reading what sources write: hashes as text, and words that are kept as they are said."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from answerable.matching.lists.base import KINDS, NOT_KEPT, Bad, BadRecord, Gone, Record

LONGEST_WORD: Final = 100
LONGEST_ID: Final = 200


def hash_bytes(kind: str, text: object) -> bytes:
    """The bytes of a hash in hex, in either case. The error does not repeat it. Raises BadRecord."""
    if not isinstance(text, str):
        raise BadRecord(f"its {kind} is not text")
    stripped = text.strip()
    if len(stripped) != 2 * KINDS[kind]:
        raise BadRecord(f"its {kind} has {len(stripped)} characters, not {2 * KINDS[kind]}")
    if not stripped.isascii() or not stripped.isalnum():  # fromhex passes over spaces
        raise BadRecord(f"its {kind} is not hex")
    try:
        return bytes.fromhex(stripped)
    except ValueError as error:
        raise BadRecord(f"its {kind} is not hex") from error


def word(text: object) -> str:
    """A class, status or tag as the source says it, also one that nobody has heard of; nothing longer than a word."""
    stripped = text.strip() if isinstance(text, str) else ""
    return "".join(character for character in stripped if character.isprintable())[:LONGEST_WORD]


def identity(text: object) -> str:
    """The source's own identity of something. Raises BadRecord."""
    stripped = text.strip() if isinstance(text, str) else ""
    if not stripped or len(stripped) > LONGEST_ID or not stripped.isprintable() or "/" in stripped:
        raise BadRecord("it has no usable id")
    return stripped


def whole(value: object) -> int | None:
    """A number of seconds or a count, if it is one that can be."""
    return value if type(value) is int and 0 <= value < 2**53 else None


def in_order(read: Iterable[tuple[str | int, Record | Gone]]) -> list[Record | Gone]:
    """The changes of a page with their times, older ones first: sources give them in any order, and the last of
    a record holds. Where two say the same time, or none, a deletion is the last word."""
    return [change for _, change in sorted(read, key=lambda each: (each[0], isinstance(each[1], Gone)))]


def tally(words: Iterable[str]) -> dict[str, int]:
    """How often each word was said, the words in order."""
    counted: dict[str, int] = {}
    for each in words:
        counted[each] = counted.get(each, 0) + 1
    return dict(sorted(counted.items()))


def said(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts without those that say nothing."""
    return {name: value for name, value in facts.items() if value not in ("", {}, [], None)}


def not_kept(where: str, kinds: Iterable[str]) -> list[Bad]:
    """What was passed over for its kind, one line a kind and page: named, and not once for each of thousands."""
    return [
        Bad(where, f"{NOT_KEPT}: {count} of kind {kind or 'none'}") for kind, count in tally(kinds).items()
    ]
