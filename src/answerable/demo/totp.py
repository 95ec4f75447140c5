"""The six digits that an authenticator app shows (RFC 6238, SHA-1, 30 seconds)."""

import base64
import hashlib
import hmac
import struct
import time


def digits(secret: str, at: float | None = None) -> str:
    """The code of a base32 secret at a time of the machine's clock."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int((time.time() if at is None else at) // 30))
    mac = hmac.new(key, counter, hashlib.sha1).digest()
    start = mac[-1] & 15
    number = struct.unpack(">I", mac[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
