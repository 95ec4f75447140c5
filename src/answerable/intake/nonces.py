"""The form's nonce: it makes a double click one report, and keeps the report form free of cookies.

A nonce is random, signed by this desk and never expires (people need time). With what was typed it gives
the idempotency key, of which the database holds a digest only, and the access code. So the same form sent
again shows the same code, and a form that was changed after "back" is a report of its own.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from django.core import signing

from answerable.cases import codes

_SIGNER = signing.Signer(salt="answerable.intake.nonce")


@dataclass(frozen=True, slots=True)
class Sending:
    """One form as it was sent: what makes it the same as another, and its access code."""

    code: str
    idempotency: tuple[str, str, str]


def new_nonce() -> str:
    """A fresh nonce for a form."""
    return _SIGNER.sign(secrets.token_urlsafe(24))


def is_ours(nonce: str) -> bool:
    """Whether this desk made the nonce."""
    try:
        _SIGNER.unsign(nonce)
    except signing.BadSignature:
        return False
    return True


def sending(nonce: str, typed: Mapping[str, str]) -> Sending:
    """What identifies this form with these values. `nonce` must be ours."""
    body = hashlib.sha256()
    for name in sorted(typed):
        for part in (name, typed[name]):
            encoded = part.encode("utf-8", "surrogatepass")
            body.update(len(encoded).to_bytes(8, "big") + encoded)
    digest = body.hexdigest()
    key = hashlib.sha256(f"{nonce}\n{digest}".encode()).hexdigest()
    return Sending(codes.derived_code(f"form:{nonce}:{digest}"), ("intake", key, digest))
