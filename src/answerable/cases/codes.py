"""Access codes: sixteen digits that open one report's status page, or one account holder's appeal.

The code is shown once and never stored: the database holds its HMAC-SHA256 under a key file that lies
outside backups of the database, so that a stolen backup opens nothing. Sixteen random digits hold 53
bits; with wrong attempts slowed by the door, guessing one is hopeless.
"""

import hashlib
import hmac
import secrets
import unicodedata
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from answerable.settings.keys import read_key

DIGITS = 16
KEY_NAME = "codes.key"
_SEPARATORS = " -.\u2010\u2011\u2013\u2014\u00a0\u202f\t\r\n"


def new_code() -> str:
    """A fresh access code: 16 decimal digits, without spaces."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def code_hash(code: str) -> str:
    """The keyed hash, 64 hex digits, under which a code is stored and found. Takes any string."""
    return hmac.new(_key(Path(settings.DATA)), code.encode("utf-8"), hashlib.sha256).hexdigest()


def grouped(code: str) -> str:
    """The code as people read it: four groups of four digits."""
    return " ".join(code[start : start + 4] for start in range(0, len(code), 4))


def normalised(typed: str) -> str:
    """The digits of what somebody typed, whatever spaces, dashes or script they used.

    Anything that can't be a code comes back as it is, cut to 64 characters: it is hashed and looked up
    like any other, so that a malformed code can't be told from a wrong one.
    """
    digits = [_digit(character) for character in typed[:200] if character not in _SEPARATORS]
    if len(digits) != DIGITS or None in digits:
        return typed.strip()[:64]
    return "".join(str(digit) for digit in digits)


def _digit(character: str) -> int | None:
    return unicodedata.decimal(character, None)


@lru_cache(maxsize=4)
def _key(data: Path) -> bytes:
    return read_key(data, KEY_NAME)


def derived_code(purpose: str) -> str:
    """The code that belongs to a purpose, such as "notice:12": always the same, never stored.

    For what must be said again later: a notice sent by the worker, the same answer to the same request.
    """
    digest = hmac.new(
        _key(Path(settings.DATA)), b"derived:" + purpose.encode("utf-8"), hashlib.sha256
    ).digest()
    return f"{int.from_bytes(digest[:16], 'big') % 10**DIGITS:0{DIGITS}d}"
