"""What is hidden, kept for those who judge it: the server itself shows it to nobody then, its administrator included.

Encrypted, one file for each account and blob in `<data>/sealed`, gone as soon as the item is shown again. Several
machines share that folder. What the server keeps is enough to put back; this is only for looking.
"""

import hashlib
import os
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from answerable.settings.keys import read_key

KEY_NAME: Final = "sealed.key"
NONCE_BYTES: Final = 12


class Sealed:
    """The kept bytes of one platform."""

    def __init__(self, platform: str) -> None:
        self._platform = platform

    def keep(self, did: str, cid: str, data: bytes) -> None:
        """Keep bytes. Raises OSError."""
        path = self._path(did, cid)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        nonce = secrets.token_bytes(NONCE_BYTES)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(nonce + AESGCM(_key()).encrypt(nonce, data, f"{did}!{cid}".encode()))
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
        finally:
            temporary.unlink(missing_ok=True)

    def has(self, did: str, cid: str) -> bool:
        """Whether its bytes are kept."""
        return self._path(did, cid).exists()

    def read(self, did: str, cid: str) -> bytes | None:
        """The kept bytes; None where there are none, or the key is not the one that they were sealed with."""
        try:
            sealed = self._path(did, cid).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return AESGCM(_key()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{did}!{cid}".encode())
        except InvalidTag:
            return None

    def destroy(self, did: str, cid: str) -> None:
        """Keep them no longer."""
        self._path(did, cid).unlink(missing_ok=True)

    def _path(self, did: str, cid: str) -> Path:
        name = hashlib.sha256(f"{did}!{cid}".encode()).hexdigest()
        return Path(settings.DATA) / "sealed" / self._platform / name


def _key() -> bytes:
    return read_key(Path(settings.DATA), KEY_NAME)
