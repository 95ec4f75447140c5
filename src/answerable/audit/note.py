"""Signing the log: C2SP signed notes, checkpoints, and the cosignatures of witnesses."""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from answerable.audit.verify import (
    ED25519,
    Refused,
    VerifierKey,
    is_text,
    key_id,
    split_note,
    valid_name,
    verify_signature,
)

COSIGNATURE_V1 = 0x04
_TIME_BYTES = 8
_SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class Signer:
    """A private key with the name that it signs under: the log's own, or (`COSIGNATURE_V1`) a witness's."""

    name: str
    seed: bytes
    algorithm: int = ED25519

    def __post_init__(self) -> None:
        if not valid_name(self.name):
            raise ValueError("A key's name has no space, no plus sign and no control character.")

    @property
    def verifier_key(self) -> VerifierKey:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifierKey(self.name, key_id(self.name, self.algorithm, public), self.algorithm, public)

    def sign(self, text: str) -> str:
        """The signed note of a text that ends with a newline."""
        if not text.endswith("\n") or not is_text(text):
            raise ValueError("A note's text ends with a newline and holds whole characters only.")
        return f"{text}\n{self._line(self._sign(text.encode()))}"

    def cosign(self, note: str, time: int) -> str:
        """The note with this witness's cosignature, made at `time` (Unix seconds), added."""
        text, _ = split_note(note)
        stamp = time.to_bytes(_TIME_BYTES, "big")
        return note + self._line(stamp + self._sign(_cosigned(text, time)))

    def _sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)

    def _line(self, signature: bytes) -> str:
        blob = base64.b64encode(self.verifier_key.key_id + signature).decode()
        return f"\u2014 {self.name} {blob}\n"


def checkpoint_text(origin: str, size: int, root: bytes) -> str:
    """The text of a checkpoint: origin, size, root (C2SP tlog-checkpoint)."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def cosignature_time(note: str, witness: VerifierKey) -> int:
    """When (Unix seconds) that witness saw the checkpoint as consistent with all it signed before.

    Raises Refused when it did not cosign, or when its cosignature is wrong (C2SP tlog-cosignature).
    """
    text, signatures = split_note(note)
    for name, identity, blob in signatures:
        if (name, identity) == (witness.name, witness.key_id):
            if len(blob) != _TIME_BYTES + _SIGNATURE_BYTES:
                raise Refused("The cosignature has the wrong length.")
            time = int.from_bytes(blob[:_TIME_BYTES], "big")
            verify_signature(witness, blob[_TIME_BYTES:], _cosigned(text, time))
            return time
    raise Refused("That witness did not cosign the checkpoint.")


def _cosigned(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()
