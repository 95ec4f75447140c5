"""Personal text: people's words and contacts, encrypted at rest, opened where needed, erased on schedule.

Each row has its own data key, wrapped by a key file that lies outside backups of the database. Erasing
destroys the wrapped key and the row. Text is never searched.
"""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from answerable.db.models import PersonalText
from answerable.settings.keys import read_key

KEY_NAME: Final = "personal.key"
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
KINDS: Final = frozenset(
    {"statement", "contact", "signature", "message", "reason", "filing", "request", "account"}
)


class PersonalTextUnreadable(Exception):
    """A personal text can't be opened: it was changed, or `keys/personal.key` is not the key it had."""


def seal(kind: str, text: str, erase_after: datetime | None = None) -> PersonalText:
    """Encrypt a text into a row that is **not yet saved**: save it, or bulk_create several, in a transaction.

    No encryption happens inside a transaction, so call this before. `kind` is one of `KINDS` and can't be
    changed afterwards. Raises ValueError for another kind.
    """
    if kind not in KINDS:
        raise ValueError(f"Personal text is one of {', '.join(sorted(KINDS))}, not {kind!r}.")
    data_key = AESGCM.generate_key(bit_length=KEY_BYTES * 8)
    return PersonalText(
        kind=kind,
        wrapped_key=_encrypt(_wrapping_key(), data_key, b"key:" + kind.encode()),
        ciphertext=_encrypt(data_key, text.encode(), b"text:" + kind.encode()),
        erase_after=erase_after,
    )


def open_text(row: PersonalText) -> str:
    """The text. The caller logs the look in the audit log. Raises PersonalTextUnreadable."""
    kind = row.kind.encode()
    try:
        data_key = _decrypt(_wrapping_key(), bytes(row.wrapped_key), b"key:" + kind)
        return _decrypt(data_key, bytes(row.ciphertext), b"text:" + kind).decode()
    except InvalidTag as error:
        raise PersonalTextUnreadable(
            f"Personal text {row.pk} can't be opened: it was changed, or the key file is not the one it was"
            " written with."
        ) from error


def mark_of(row: PersonalText) -> str:
    """What no other row has, and what says nothing about the text: the beginning of the digest of its wrapped key."""
    return hashlib.sha256(bytes(row.wrapped_key)).hexdigest()[:32]


def marks(numbers: Collection[int]) -> list[str]:
    """The marks of these rows, in the order of the numbers; empty for one that isn't there."""
    found = {row.pk: mark_of(row) for row in PersonalText.objects.filter(pk__in=numbers)}
    return [found.get(number, "") for number in numbers]


def erase(row: PersonalText) -> None:
    """Destroy the key and the row, in the caller's transaction. What pointed to it points to nothing."""
    erase_numbered([row.pk])


def erase_numbered(rows: Collection[int]) -> None:
    """Destroy the keys and the rows of these numbers, in the caller's transaction."""
    texts = PersonalText.objects.filter(pk__in=rows)
    # Overwritten first: a deleted row may linger on a free page, and must then hold no key.
    texts.update(wrapped_key=b"", ciphertext=b"")
    texts.delete()


@lru_cache(maxsize=4)
def _read(data: str) -> bytes:
    return read_key(Path(data), KEY_NAME, KEY_BYTES)


def _wrapping_key() -> bytes:
    return _read(str(settings.DATA))


def _encrypt(key: bytes, plain: bytes, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _decrypt(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
