"""Keys of objects as refs of items, and back. Pure text.

A ref has no slash, and goes through links and forms; a key may hold any character. `/` becomes `:`, and every other
byte that a ref may not hold becomes `!` and two hex digits: `u/a b.jpg` is `u:a!20b.jpg`. Nothing is lost either way.
"""

import mimetypes
import re
from typing import Final

from answerable.platforms.base import ItemKind

LONGEST_REF: Final = 200
_KEPT: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.~@$+()',-")
_REF: Final = re.compile(r"(?:[A-Za-z0-9_.~@$+()',:-]|![0-9A-F]{2})+")


def ref_of(key: str) -> str | None:
    """The ref of an object's key; None where it has none: empty, too long, or a path that goes up."""
    if not key or {".", "..", ""} & set(key.split("/")):
        return None  # the parts of an address that clients take out before they ask
    made = "".join(
        chr(byte) if byte in _KEPT else ":" if byte == ord("/") else f"!{byte:02X}"
        for byte in key.encode("utf-8", "surrogatepass")
    )
    return made if len(made) <= LONGEST_REF else None


def key_of(ref: str) -> str | None:
    """The key of a ref; None where it is the ref of no key."""
    if not _REF.fullmatch(ref):
        return None
    raw = re.sub(rb"!([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), ref.replace(":", "/").encode())
    try:
        key = raw.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return key if ref_of(key) == ref else None


def kind_of(key: str, media_type: str = "") -> ItemKind:
    """What an object is, by the type that the store has for it, or by its name. What says nothing is an image."""
    said = media_type if media_type.partition("/")[0] in ("image", "video") else ""
    guessed = said or mimetypes.guess_type(key)[0] or ""
    first = guessed.partition("/")[0]
    if first in ("image", "video"):
        return ItemKind(first)
    return ItemKind.PAGE if guessed else ItemKind.IMAGE
