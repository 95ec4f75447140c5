"""Verify evidence that an Answerable desk exported. This file stands alone: `python verify.py evidence.tar`.

It needs Python 3.9 or later and nothing else: no network, no account, no package. It reads the whole file, names what
was changed, and says what the file proves. Formats: POSIX tar, RFC 8785 (canonical JSON), RFC 9162 section 2.1 (Merkle
tree), C2SP signed-note and tlog-checkpoint, RFC 8032 (Ed25519).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

BLOCK = 512
RECORD = 20 * BLOCK
PIECE = 1024 * 1024
MANIFEST, PROOF, CUSTODY, CAPTURES = "manifest.json", "proof.json", "custody.json", "captures.json"
VERSION = 1
RECEIPT = {
    "answerable_receipt",
    "entry",
    "salt",
    "event",
    "leaf_index",
    "proof",
    "checkpoint",
    "verifier_key",
}
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


class Refused(Exception):
    """The file is not what the desk exported. The message says what is wrong with it."""


class Verified(NamedTuple):
    """What the file proves. `forgotten`: entries of which only the digest is left."""

    case: int
    files: int
    captures: int
    entries: int
    forgotten: int
    key: str
    exported_at: str


def verify(path: Path, key: str = "") -> Verified:
    """Check a file; `key`: the log's public key as the desk publishes it. Raises Refused, OSError."""
    try:
        return _verify(path, key)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused("A document of the file is malformed.") from None


def _verify(path: Path, key: str) -> Verified:
    digests, documents = read(path)
    manifest = _document(documents, MANIFEST)
    if manifest.get("answerable_export") != VERSION:
        raise Refused("This program can't read an export of that version.")
    _check_files(manifest, digests)
    proof = _document(documents, PROOF)
    entry = check_receipt(proof, key)
    event = proof["event"]
    if entry["kind"] not in ("evidence_exported", "evidence_opened") or entry["case"] != manifest["case"]:
        raise Refused("The proof is not that of this export.")
    if event["manifest"] != digests[MANIFEST][0]:
        raise Refused("The list of files is not the one that the desk's log has.")
    entries = {}
    for receipt in _document(documents, CUSTODY)["receipts"]:
        entries[check_receipt(receipt, proof["verifier_key"])["id"]] = receipt["event"]
    captures = _document(documents, CAPTURES)["captures"]
    for capture in captures:
        _check_capture(capture, entries, digests)
    forgotten = sum(event is None for event in entries.values())
    counts = (len(digests), len(captures), len(entries), forgotten)
    return Verified(manifest["case"], *counts, proof["verifier_key"], entry["at"])


def read(path: Path) -> tuple[dict[str, tuple[str, int]], dict[str, bytes]]:
    """SHA-256 and size of each file in the archive, and the JSON documents. Not one byte of it may be otherwise."""
    digests: dict[str, tuple[str, int]] = {}
    documents: dict[str, bytes] = {}
    with path.open("rb") as file:
        while (head := file.read(BLOCK)) != bytes(BLOCK):
            name, size = _header(head)
            if name in digests:
                raise Refused(f"{name!a} stands twice in the archive.")
            digest, kept, left = hashlib.sha256(), bytearray(), size
            while left:
                piece = file.read(min(left, PIECE))
                if not piece:
                    raise Refused("The archive ends in the middle of a file.")
                left -= len(piece)
                digest.update(piece)
                if name.endswith(".json"):
                    kept += piece
            if any(file.read(-size % BLOCK)):
                raise Refused(f"What follows {name!a} in the archive was changed.")
            digests[name] = digest.hexdigest(), size
            documents[name] = bytes(kept)
        _end(file)
    return digests, documents


def header(name: str, size: int) -> bytes:
    """The one way in which a file's head is written in the archive."""
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, 0
    return member.tobuf(tarfile.GNU_FORMAT)


def _header(head: bytes) -> tuple[str, int]:
    try:
        member = tarfile.TarInfo.frombuf(head, "utf-8", "strict")
    except (tarfile.HeaderError, UnicodeDecodeError):
        raise Refused("The archive's structure was changed, or it ends too early.") from None
    if header(member.name, member.size) != head:
        raise Refused(f"The head of {member.name!a} in the archive was changed.")
    return member.name, member.size


def _end(file: IO[bytes]) -> None:
    """After the last file: zeros up to the end of the record, and nothing more."""
    at = file.tell()
    rest = file.read(RECORD + 1)
    if any(rest) or len(rest) < BLOCK or len(rest) > RECORD or (at + len(rest)) % RECORD:
        raise Refused("The end of the archive was changed.")


def _document(documents: dict[str, bytes], name: str) -> dict[str, Any]:
    if name not in documents:
        raise Refused(f"{name} is missing.")
    data = documents[name]
    try:
        value = json.loads(data.decode("utf-8"))
        same = canonical(value) == data
    except (ValueError, RecursionError):
        raise Refused(f"{name} is not JSON.") from None
    if not isinstance(value, dict) or not same:
        raise Refused(f"{name} was changed: it is not spelled as the desk spells it.")
    return value


def _check_files(manifest: dict[str, Any], digests: dict[str, tuple[str, int]]) -> None:
    listed = {one["name"]: (one["sha256"], one["size"]) for one in manifest["files"]}
    there = {name: found for name, found in digests.items() if name not in (MANIFEST, PROOF)}
    for name in sorted(set(listed) | set(there)):
        if name not in there:
            raise Refused(f"{name!a} is missing.")
        if name not in listed:
            raise Refused(f"{name!a} was added.")
        if listed[name] != there[name]:
            raise Refused(f"{name!a} was changed.")


def _check_capture(
    capture: dict[str, Any], entries: dict[int, Any], digests: dict[str, tuple[str, int]]
) -> None:
    """What a capture says of itself is what the log had at that moment, and its objects are those of the file."""
    number = capture["entry"]
    event = entries[number]
    said = {name: capture[name] for name in ("content", "manifest", "facts", "media")}
    if event is not None and {name: event.get(name) for name in said} != said:
        raise Refused(f"What was captured by the log's entry {number} is not what this file says.")
    for one in capture["objects"]:
        if one["file"] is not None and digests.get(one["file"], ("", 0))[0] != one["sealed_sha256"]:
            raise Refused(f"{one['file']!a} is not the object that was captured.")


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value here. Raises Refused for a number that readers could disagree about."""
    if isinstance(value, float):
        raise Refused("A number with a fraction stands in a document.")
    return _ENCODER.encode(value).encode("utf-8")


def check_receipt(receipt: Any, key: str) -> dict[str, Any]:
    """That an entry stands in the signed log; gives the entry. Raises Refused."""
    try:
        entry, event = receipt["entry"], receipt["event"]
        named = receipt["verifier_key"]
        if set(receipt) != RECEIPT or receipt["answerable_receipt"] != VERSION:
            raise Refused("A proof of the log has other fields than this program knows.")
        if key and named != key:
            raise Refused("The log was signed with another key than the one given.")
        if event is not None:
            commitment = hashlib.sha256(bytes.fromhex(receipt["salt"]) + canonical(event)).hexdigest()
            if commitment != entry["commitment"]:
                raise Refused(f"The log's entry {entry['id']} says something else.")
        _, size, root = _checkpoint(receipt["checkpoint"], named)
        leaf = hashlib.sha256(b"\x00" + canonical(entry)).digest()
        siblings = [bytes.fromhex(one) for one in receipt["proof"]]
        found = _root(receipt["leaf_index"], size, leaf, siblings)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refused("A proof of the log is malformed.") from None
    if found != root:
        raise Refused(f"The log's entry {entry['id']} is not the one that was signed.")
    return dict(entry)


def _root(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 section 2.1.3.2)."""
    if not 0 <= index < size:
        raise Refused("A proof is of a place outside of the log.")
    first, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("A proof of the log is too long.")
        if first & 1 or first == last:
            hashed = hashlib.sha256(b"\x01" + sibling + hashed).digest()
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            hashed = hashlib.sha256(b"\x01" + hashed + sibling).digest()
        first, last = first >> 1, last >> 1
    if last:
        raise Refused("A proof of the log is too short.")
    return hashed


def _checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a log, signed by its key alone."""
    name, _, rest = key.partition("+")
    identity, _, encoded = rest.partition("+")
    blob = _base64(encoded)
    expected = hashlib.sha256(name.encode() + b"\n" + blob).digest()[:4]
    if len(blob) != 33 or blob[0] != 1 or identity != expected.hex():
        raise Refused("The log's key is not NAME+ID+KEY of an Ed25519 key.")
    head, _, signatures = note.rpartition("\n\n")
    signed = re.fullmatch("\u2014 ([^ \n]+) ([^ \n]+)\n", signatures)
    signature = _base64(signed[2]) if signed else b""
    if signed is None or signed[1] != name or signature[:4] != expected:
        raise Refused("The log's checkpoint is not signed by its key.")
    text = head + "\n"
    if not signature_is_good(blob[1:], signature[4:], text.encode()):
        raise Refused("The signature of the log's checkpoint is wrong.")
    origin, size, root, *_ = text.split("\n")
    if origin != name or not re.fullmatch(r"[1-9][0-9]{0,18}", size):
        raise Refused("The log's checkpoint is malformed.")
    return origin, int(size), _base64(root)


def _base64(text: str) -> bytes:
    blob = base64.b64decode(text.encode("ascii"), validate=True)
    if base64.b64encode(blob).decode() != text:
        raise Refused("Something is not spelled as base64 should be.")
    return blob


Point = tuple[int, int, int, int]


def signature_is_good(public: bytes, signature: bytes, message: bytes) -> bool:
    """Ed25519 (RFC 8032 section 5.1.7). Only public values come here: it needn't hide how long it takes."""
    key, scalar = _decode(public), int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= ORDER:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    x, y, z, t = _times(hashed, key)
    return _encode(_plus(_times(scalar, _BASE), (-x % P, y, z, -t % P))) == signature[:32]


def _decode(data: bytes) -> Point | None:
    value = int.from_bytes(data, "little")
    y, odd = value & ((1 << 255) - 1), value >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and odd):
        return None
    x = P - x if x & 1 != odd else x
    return x, y, 1, x * y % P


def _encode(point: Point) -> bytes:
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _plus(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = _plus(result, point)
        point, scalar = _plus(point, point), scalar >> 1
    return result


_BASE = _decode(bytes([0x58]) + bytes([0x66]) * 31) or (0, 1, 1, 0)


def in_words(verified: Verified, *, key_was_given: bool) -> str:
    """What was verified, for a person to read. Outside text is spelled in ASCII: no terminal is steered."""
    lines = [
        "VERIFIED. Not one byte of this file is other than the desk exported it.",
        f"  case {verified.case}: {verified.captures} captures, {verified.files} files",
        f"  exported: {verified.exported_at[:19].replace('T', ' ')} UTC",
        f"  chain of custody: {verified.entries} entries of the signed log, {verified.forgotten} of them erased",
        f"  signed with: {json.dumps(verified.key)[1:-1]}",
    ]
    if not key_was_given:
        lines.append("The key came with the file: compare it with the one that the desk publishes (--key).")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the file named on the command line; 0 when it is good, 1 when not."""
    parser = argparse.ArgumentParser(
        prog="verify", description="Verify exported evidence of an Answerable desk."
    )
    parser.add_argument("file", type=Path, help="the exported .tar file")
    parser.add_argument(
        "--key", default="", help="the log's public key (NAME+ID+KEY), as the desk publishes it"
    )
    options = parser.parse_args(arguments)
    try:
        verified = verify(options.file, options.key.strip())
    except (Refused, OSError) as error:
        print(f"NOT VERIFIED. {error}", file=sys.stderr)
        return 1
    print(in_words(verified, key_was_given=bool(options.key)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
