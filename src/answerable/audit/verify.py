"""Verify a receipt of an Answerable desk. This file stands alone: `python verify.py receipt.json`.

It needs Python 3.9 or later and the `cryptography` package, no network and no account. A receipt proves
that an entry (its time, its kind and a digest of what was received) stands in the desk's append-only log,
which the desk signed. Formats: RFC 9162 §2.1 (Merkle tree), RFC 8785 (canonical JSON), C2SP signed-note and
tlog-checkpoint.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

RECEIPT_VERSION = 1
MAX_RECEIPT_BYTES = 1_000_000
MAX_DEPTH = 16
HASH_BYTES = 32
ED25519 = 0x01
SKELETON_KEYS = {"id", "at", "kind", "case", "actor", "commitment"}
PROOF_KEYS = {"leaf_index", "proof", "checkpoint", "verifier_key"}
RECEIPT_KEYS = {"answerable_receipt", "entry", "salt", "event"} | PROOF_KEYS
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Refused(Exception):
    """What was to be verified is malformed or does not verify. The message says exactly what is wrong."""


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value. Refuses all but strings, booleans, null, lists, objects with ASCII
    names, and integers below 2 ** 53 in size."""
    _restrict(value, MAX_DEPTH)
    return _ENCODER.encode(value).encode("utf-8")


def _restrict(value: Any, depth: int) -> None:
    if depth < 0:
        raise Refused(f"The JSON is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        if not all(isinstance(name, str) and name.isascii() for name in value):
            raise Refused("A name in an object is not ASCII text.")
        value = list(value.values())
    if isinstance(value, list):
        for member in value:
            _restrict(member, depth - 1)
    elif isinstance(value, str):
        if not is_text(value):
            raise Refused("A string holds half a surrogate pair, which is no character.")
    elif isinstance(value, int):
        if abs(value) >= 2**53:
            raise Refused("An integer is outside ±(2^53 - 1), where JSON readers disagree.")
    elif value is not None:
        raise Refused(f"A value of type {type(value).__name__} may not stand in the log.")


def commitment(salt: bytes, event: bytes) -> bytes:
    """What the skeleton says of the event: SHA-256 over the 32 bytes of salt and the canonical event."""
    return hashlib.sha256(salt + event).digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2). Raises Refused when it can't be one."""
    if not 0 <= index < size:
        raise Refused(f"Place {index} is outside a log of {size} entries.")
    first, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("The inclusion proof is too long.")
        if first & 1 or first == last:
            hashed = node_hash(sibling, hashed)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        first, last = first >> 1, last >> 1
    if last:
        raise Refused("The inclusion proof is too short.")
    return hashed


class VerifierKey(NamedTuple):
    """A public Ed25519 key, the name that it signs under, and what it signs (`algorithm`)."""

    name: str
    key_id: bytes
    algorithm: int
    public: bytes

    def __str__(self) -> str:
        encoded = base64.b64encode(bytes([self.algorithm]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


class Checkpoint(NamedTuple):
    """The size and root of a log that its key signed."""

    origin: str
    size: int
    root: bytes


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The first four bytes of SHA-256 over name, newline, algorithm and key."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public).digest()[:4]


def valid_name(name: str) -> bool:
    """A key's name has no space, no plus sign and no control character."""
    return bool(name) and name.isprintable() and "+" not in name and not any(map(str.isspace, name))


def parse_verifier_key(text: str, algorithm: int = ED25519) -> VerifierKey:
    """Read `NAME+ID+KEY`. Raises Refused."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    blob = _base64(encoded, "The verifier key")
    if not valid_name(name) or len(blob) != 1 + HASH_BYTES or blob[0] != algorithm:
        raise Refused("The verifier key is not NAME+ID+KEY of an Ed25519 key.")
    expected = key_id(name, blob[0], blob[1:])
    if identity != expected.hex():
        raise Refused("The verifier key's identifier does not belong to its name and key.")
    return VerifierKey(name, expected, blob[0], blob[1:])


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text of a signed note, unverified, and its signatures: name, key id, signature. Raises Refused."""
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not head or not tail.endswith("\n"):
        raise Refused("The checkpoint is not a signed note: no signature follows its text.")
    if any(character < " " and character != "\n" for character in note) or not is_text(note):
        raise Refused("The checkpoint holds characters that a signed note may not hold.")
    signatures = []
    for line in tail[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        if not match or not valid_name(match[1]):
            raise Refused("A signature line of the checkpoint is malformed.")
        blob = _base64(match[2], "A signature of the checkpoint")
        if len(blob) < 5:
            raise Refused("A signature of the checkpoint is too short.")
        signatures.append((match[1], blob[:4], blob[4:]))
    return head + "\n", signatures


def open_note(note: str, key: VerifierKey) -> str:
    """The text of a note that `key` signed. Signatures by other keys are passed over; a wrong one by this
    key refuses the note, and so does the lack of one."""
    text, signatures = split_note(note)
    ours = [signature for name, identity, signature in signatures if (name, identity) == key[:2]]
    if not ours:
        raise Refused("The checkpoint is not signed by the key it is to be verified with.")
    for signature in ours:
        verify_signature(key, signature, text.encode())
    return text


def verify_signature(key: VerifierKey, signature: bytes, message: bytes) -> None:
    """Refuse unless `key` signed `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except InvalidSignature:
        raise Refused("The signature of the checkpoint is wrong: it was changed, or is a forgery.") from None


def parse_checkpoint(text: str) -> Checkpoint:
    """Read origin, size and root from a checkpoint's text. Raises Refused."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise Refused("The checkpoint does not hold origin, size and root.")
    origin, size, root = lines[:3]
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise Refused("The checkpoint's size is not a plain number.")
    blob = _base64(root, "The checkpoint's root")
    if len(blob) != HASH_BYTES:
        raise Refused("The checkpoint's root is not 32 bytes long.")
    return Checkpoint(origin, int(size), blob)


def open_checkpoint(note: str, key: VerifierKey) -> Checkpoint:
    """The checkpoint in a note signed by the log's own key, whose name is the origin. Raises Refused."""
    checkpoint = parse_checkpoint(open_note(note, key))
    if checkpoint.origin != key.name:
        raise Refused("The checkpoint is of another log than the key.")
    return checkpoint


def is_text(text: str) -> bool:
    """Whether a string holds whole characters only."""
    return text == text.encode("utf-8", "replace").decode("utf-8")


def _base64(text: str, what: str) -> bytes:
    try:
        blob = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Refused(f"{what} is not base64.") from None
    if base64.b64encode(blob).decode() != text:
        raise Refused(f"{what} is not spelled as base64 should be.")
    return blob


class Verified(NamedTuple):
    """What a receipt proves."""

    entry: dict[str, Any]
    event: dict[str, Any] | None
    leaf_index: int
    checkpoint: Checkpoint
    key: VerifierKey


def parse_receipt(data: bytes) -> dict[str, Any]:
    """Read a receipt's JSON: one object, each name once. Raises Refused."""
    if len(data) > MAX_RECEIPT_BYTES:
        raise Refused(f"The file is larger than {MAX_RECEIPT_BYTES} bytes: it is no receipt.")
    try:
        receipt = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise Refused("The file is not JSON: it is no receipt, or it was damaged.") from None
    if not isinstance(receipt, dict) or receipt.get("answerable_receipt") != RECEIPT_VERSION:
        raise Refused("The file is no receipt of an Answerable desk that this program can read.")
    if set(receipt) != RECEIPT_KEYS:
        names = ", ".join(sorted(ascii(name) for name in set(receipt) ^ RECEIPT_KEYS))
        raise Refused(f"The receipt lacks or adds fields: {names}.")
    return receipt


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Refused("A name stands twice in one JSON object.")
    return members


def verify_receipt(receipt: dict[str, Any], key: VerifierKey | None = None) -> Verified:
    """Check a receipt from `parse_receipt`, against `key` or else the key that it names. Raises Refused."""
    entry = _entry(receipt["entry"])
    event = _event(receipt, entry)
    if receipt["checkpoint"] is None:
        raise Refused("The entry has no place in the log yet: download the receipt again in a minute.")
    if not isinstance(receipt["checkpoint"], str) or not isinstance(receipt["verifier_key"], str):
        raise Refused("The receipt's checkpoint or verifier key is not text.")
    named = parse_verifier_key(receipt["verifier_key"])
    if key is not None and named != key:
        raise Refused("The receipt was signed with another key than the one given.")
    checkpoint = open_checkpoint(receipt["checkpoint"], named)
    index, proof = receipt["leaf_index"], receipt["proof"]
    if not _is_number(index) or not isinstance(proof, list):
        raise Refused("The receipt's place or proof is malformed.")
    siblings = [_hex(sibling, HASH_BYTES, "A hash of the proof") for sibling in proof]
    root = root_from_inclusion(index, checkpoint.size, leaf_hash(canonical(entry)), siblings)
    if root != checkpoint.root:
        raise Refused("The entry is not the one that stands at this place of the signed log.")
    return Verified(entry, event, index, checkpoint, named)


def _entry(entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or set(entry) != SKELETON_KEYS:
        raise Refused("The receipt's entry does not have the six fields of an entry.")
    if not _is_number(entry["id"]) or not (entry["case"] is None or _is_number(entry["case"])):
        raise Refused("The entry's number or case is not a number.")
    if not all(isinstance(entry[name], str) for name in ("at", "kind", "actor", "commitment")):
        raise Refused("The entry's time, kind, actor or commitment is not text.")
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", entry["at"], re.ASCII):
        raise Refused("The entry's time is not a UTC time.")
    return entry


def _event(receipt: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any] | None:
    salt, event = receipt["salt"], receipt["event"]
    if salt is None and event is None:
        return None
    if not isinstance(event, dict):
        raise Refused("The receipt's event is not an object.")
    digest = commitment(_hex(salt, HASH_BYTES, "The salt"), canonical(event)).hex()
    if digest != entry["commitment"]:
        raise Refused("The event or its salt was changed: the entry commits to something else.")
    return event


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def _hex(text: Any, length: int, what: str) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(rf"[0-9a-f]{{{2 * length}}}", text):
        raise Refused(f"{what} is not {length} bytes in hexadecimal.")
    return bytes.fromhex(text)


def in_words(verified: Verified, *, key_was_given: bool) -> str:
    """What was verified, for a person to read. Outside text is spelled in ASCII: no terminal is steered."""
    entry, checkpoint = verified.entry, verified.checkpoint
    when = "received" if entry["kind"].endswith("_received") else "recorded"
    event = verified.event or {"erased (only its digest is left)": entry["commitment"]}
    lines = [
        "VERIFIED. This receipt is whole, and its entry stands in the signed log.",
        f"  {when}: {entry['at'][:19].replace('T', ' ')} UTC",
        f"  entry: {entry['id']}, {json.dumps(entry['kind'])}, by {json.dumps(entry['actor'])}",
        *(f"  {json.dumps(name)[1:-1]}: {json.dumps(value)}" for name, value in sorted(event.items())),
        f"  log: {json.dumps(checkpoint.origin)}, place {verified.leaf_index} of {checkpoint.size}",
        f"  signed with: {json.dumps(str(verified.key))[1:-1]}",
    ]
    if not key_was_given:
        lines.append("The key came with the receipt: compare it with the one that the desk publishes.")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the receipt named on the command line; 0 when it is good, 1 when not."""
    parser = argparse.ArgumentParser(prog="verify", description="Verify a receipt of an Answerable desk.")
    parser.add_argument("receipt", type=Path, help="the downloaded receipt.json")
    parser.add_argument("--key", help="the log's public key (NAME+ID+KEY), as the desk publishes it")
    options = parser.parse_args(arguments)
    try:
        key = parse_verifier_key(options.key) if options.key else None
        with options.receipt.open("rb") as file:
            data = file.read(MAX_RECEIPT_BYTES + 1)
        verified = verify_receipt(parse_receipt(data), key)
    except (Refused, OSError) as error:
        print(f"NOT VERIFIED. {error}", file=sys.stderr)
        return 1
    print(in_words(verified, key_was_given=key is not None))
    return 0


if __name__ == "__main__":
    sys.exit(main())
