"""Match ids: opaque to whoever uploads, readable to us. They don't even tell that two uploads match alike."""

import base64
import binascii
import os
import struct
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from answerable.cases.models import KnownChange
from answerable.matching.verdicts import KnownMatch
from answerable.settings.keys import read_key

_PLAIN = struct.Struct(">QB")
_NONCE_BYTES = 12
KEY_NAME = "matches.key"


class UnknownMatch(Exception):
    """This is not a match id of this desk."""

    def __str__(self) -> str:
        return self.__doc__ or ""


def seal(match: KnownMatch) -> str:
    """An opaque id, another one each time: two uploads with one match can't be told by it."""
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(_key()).encrypt(nonce, _PLAIN.pack(match.seq, match.distance), None)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(match_id: str) -> KnownMatch:
    """What matched, for who may know (`matches:read`, staff). Raises UnknownMatch."""
    try:
        raw = base64.urlsafe_b64decode(match_id + "=" * (-len(match_id) % 4))
        plain = AESGCM(_key()).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], None)
        seq, distance = _PLAIN.unpack(plain)
        change = KnownChange.objects.get(seq=seq)
    except (ValueError, binascii.Error, InvalidTag, struct.error, KnownChange.DoesNotExist) as error:
        raise UnknownMatch from error
    return KnownMatch(change.kind, change.hash_list, distance, seq)


@lru_cache(maxsize=1)
def _key() -> bytes:
    return read_key(settings.DATA, KEY_NAME)
