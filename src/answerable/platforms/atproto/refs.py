"""How things of this protocol are named here, and which media a record shows. Pure text and plain values."""

import hashlib
import re
from base64 import b32decode, b32encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from answerable.platforms.base import ItemKind, ItemNotFound, Named

POST: Final = "app.bsky.feed.post"
PROFILE: Final = "app.bsky.actor.profile"
LONGEST_REF: Final = 300
DEEPEST, MOST_PARTS = 32, 10_000
"""Of a record: more than any honest one has (the protocol's own limit is 1 MB)."""
_DID = r"did:[a-z]+:[a-zA-Z0-9._:%-]{1,200}"
_REF = re.compile(
    rf"(?P<did>{_DID})(?:!(?P<collection>[a-zA-Z0-9.-]{{1,317}})!(?P<rkey>[a-zA-Z0-9._:~-]{{1,512}})!(?P<cid>b[a-z2-7]{{58,100}})?)?"
)
_AT_URI = re.compile(rf"at://(?P<did>{_DID})/(?P<collection>[a-zA-Z0-9.-]+)/(?P<rkey>[a-zA-Z0-9._:~-]+)")
_WEB_PATH = re.compile(
    r"/profile/(?P<who>[a-zA-Z0-9._:%-]{1,255})(?:/post/(?P<rkey>[a-zA-Z0-9._:~-]{1,512}))?"
)
_RAW_SHA256: Final = bytes((1, 0x55, 0x12, 32))
"""How the name of a blob begins: version 1, raw bytes, SHA-256."""


class RefTooLong(Exception):
    """The names of this record are longer than a ref can be."""


@dataclass(frozen=True)
class Ref:
    """An account, one of its records, or one blob that a record shows: `did`, `did!collection!rkey!`, `…!cid`.

    A `!` occurs in none of the four, so that what belongs to a record begins like it. A takedown is
    per account and blob; the record says where people see it.
    """

    did: str
    collection: str = ""
    rkey: str = ""
    cid: str = ""

    def __str__(self) -> str:
        """The ref as it is stored. Raises RefTooLong."""
        record = f"!{self.collection}!{self.rkey}!{self.cid}" if self.collection else ""
        text = self.did + record
        if len(text) > LONGEST_REF:
            raise RefTooLong(text[:60])
        return text

    @property
    def uri(self) -> str:
        """The record's address in the protocol."""
        return f"at://{self.did}/{self.collection}/{self.rkey}"

    @classmethod
    def read(cls, text: str) -> "Ref":
        """The parts of a ref. Raises ItemNotFound where it is none of this platform's."""
        found = _REF.fullmatch(text)
        if found is None:
            raise ItemNotFound("not a ref of this platform")
        return cls(**{name: value or "" for name, value in found.groupdict().items()})

    @classmethod
    def of_uri(cls, uri: str) -> "Ref | None":
        """The record that an `at://` address names."""
        found = _AT_URI.fullmatch(uri)
        return cls(**found.groupdict()) if found else None


@dataclass(frozen=True)
class Blob:
    """Media that a record shows."""

    cid: str
    kind: ItemKind


def web_path(path: str) -> tuple[str, str] | None:
    """The account (handle or DID) and the post ("" for a profile) that an address of the web client names."""
    found = _WEB_PATH.fullmatch(path)
    return (found["who"], found["rkey"] or "") if found else None


def blobs_of(record: Mapping[str, Any], collection: str) -> tuple[Blob, ...]:
    """The pictures and videos of a record, each once, in its order, from JSON or from DAG-CBOR alike.

    What isn't media by the type that the server found in it (captions, documents) is none.
    """
    found: dict[str, Blob] = {}
    for blob in _blobs(record):
        media_type = str(blob.get("mimeType"))
        cid = _cid(blob.get("ref"))
        kind = _kind(media_type, collection)
        if cid and kind is not None:
            found.setdefault(cid, Blob(cid, kind))
    return tuple(found.values())


def named_of(record: Mapping[str, Any], ref: Ref) -> tuple[Named, ...]:
    """What somebody means who names this record: each of its media, or, where it has none, its text."""
    blobs = blobs_of(record, ref.collection)
    if not blobs:
        return (Named(str(ref), ItemKind.TEXT),)
    return tuple(Named(str(Ref(ref.did, ref.collection, ref.rkey, one.cid)), one.kind) for one in blobs)


def is_blob(data: bytes, cid: str) -> bool:
    """Whether these bytes are the blob of that name: the name is their SHA-256."""
    return cid_of(data) == cid


def cid_of(data: bytes) -> str:
    """The name of a blob."""
    return cid_text(_RAW_SHA256 + hashlib.sha256(data).digest())


def cid_text(raw: bytes) -> str:
    """A name as text: base32, as the protocol writes it."""
    return "b" + b32encode(raw).decode().rstrip("=").lower()


def is_cid_of_sha256(cid: str) -> bool:
    """Whether a blob's name is one that its bytes can be checked against."""
    try:
        raw = b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    except ValueError:
        return False
    return raw.startswith(_RAW_SHA256) and len(raw) == 36


def _kind(media_type: str, collection: str) -> ItemKind | None:
    if media_type.startswith("video/"):
        return ItemKind.VIDEO
    if media_type.startswith("image/") or media_type in ("*/*", "application/octet-stream"):
        return ItemKind.PROFILE if collection == PROFILE else ItemKind.IMAGE
    return None


def _cid(ref: object) -> str:
    """The name of a blob: bytes in DAG-CBOR, `{"$link": …}` in JSON; "" where it isn't one of bytes."""
    if isinstance(ref, Mapping):
        ref = ref.get("$link")
    text = cid_text(ref) if isinstance(ref, bytes) else ref
    return text if isinstance(text, str) and is_cid_of_sha256(text) else ""


def _blobs(record: object) -> Iterator[Mapping[str, Any]]:
    """All blobs in a record, wherever they stand, also as they were written before 2023. Ends at the limits."""
    waiting: list[tuple[object, int]] = [(record, 0)]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part, depth = waiting.pop()
        if depth > DEEPEST:
            continue
        if isinstance(part, Mapping):
            if part.get("$type") == "blob":
                yield part
            elif isinstance(part.get("cid"), str) and isinstance(part.get("mimeType"), str):
                yield {"ref": part["cid"], **part} if "ref" not in part else part
            else:
                waiting += [(one, depth + 1) for one in reversed(list(part.values()))]
        elif isinstance(part, list):
            waiting += [(one, depth + 1) for one in reversed(part)]
