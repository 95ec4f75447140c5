"""Reading what sources write: hashes as text, and words that are kept as they are said."""

from typing import Final

from answerable.matching.lists.base import KINDS, BadRecord

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
