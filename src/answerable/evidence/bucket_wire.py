"""What goes over the wire between evidence and a bucket, beside what `platforms/s3` reads. No I/O here."""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from answerable.platforms.base import AnswerMalformed
from answerable.platforms.s3.wire import children, xml_of


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an upload, as the store took it: its ETag, its SHA-256, and whether the store said that too."""

    etag: str
    sha256: bytes
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that was begun: `at` seconds since the epoch."""

    key: str
    upload_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or the mark that it was deleted."""

    key: str
    version_id: str


def checksum(sha256: bytes) -> str:
    """A SHA-256 as S3's headers spell it."""
    return base64.b64encode(sha256).decode()


def checksum_of_parts(parts: Sequence[Part]) -> str:
    """What S3 says of an object in parts: the SHA-256 of their SHA-256s, and how many there are."""
    return f"{checksum(hashlib.sha256(b''.join(one.sha256 for one in parts)).digest())}-{len(parts)}"


def upload_id(body: bytes) -> str:
    """The name of an upload that was just begun. Raises AnswerMalformed."""
    found = next(children(xml_of(body, "InitiateMultipartUploadResult"), "UploadId"), None)
    if found is None or not found.text:
        raise AnswerMalformed("an upload without its UploadId")
    return str(found.text)


def parts_listed(parts: Sequence[Part]) -> bytes:
    """The list of parts that completes an upload."""
    text = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(one.etag)}</ETag>"
        + (f"<ChecksumSHA256>{checksum(one.sha256)}</ChecksumSHA256>" if one.confirmed else "")
        + "</Part>"
        for number, one in enumerate(parts, 1)
    )
    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<CompleteMultipartUpload xmlns="{namespace}">{text}</CompleteMultipartUpload>'.encode()


def is_completed(body: bytes) -> bool:
    """Whether an upload was completed: the store answers 200 before it is done, and may then say that it failed."""
    try:
        return bool(xml_of(body, "CompleteMultipartUploadResult") is not None)
    except AnswerMalformed:
        return False


def uploads(body: bytes) -> tuple[list[Upload], dict[str, str]]:
    """The uploads of one page, and what to ask for the next; empty: there is none. Raises AnswerMalformed."""
    root = xml_of(body, "ListMultipartUploadsResult")
    found = []
    for one in map(_members, children(root, "Upload")):
        try:
            at = datetime.fromisoformat(one["Initiated"]).timestamp()
            found.append(Upload(unquote(one["Key"]), one["UploadId"], at))
        except (KeyError, ValueError) as error:
            raise AnswerMalformed(f"Upload: {type(error).__name__}") from error
    markers = {"key-marker": "NextKeyMarker", "upload-id-marker": "NextUploadIdMarker"}
    return found, _next(root, markers)


def versions(body: bytes) -> tuple[list[Version], dict[str, str]]:
    """The versions and deletion marks of one page, and what to ask for the next. Raises AnswerMalformed."""
    root = xml_of(body, "ListVersionsResult")
    found = []
    for one in map(_members, _named(root, "Version", "DeleteMarker")):
        try:
            found.append(Version(unquote(one["Key"]), one["VersionId"]))
        except KeyError as error:
            raise AnswerMalformed("Version: KeyError") from error
    markers = {"key-marker": "NextKeyMarker", "version-id-marker": "NextVersionIdMarker"}
    return found, _next(root, markers)


def keeps_versions(body: bytes) -> bool:
    """Whether a bucket keeps older versions, or did once: then there may be some. Raises AnswerMalformed."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  expat bounds entities; the answer's size is bounded, too
    except ElementTree.ParseError as error:
        raise AnswerMalformed("the store's answer is no XML") from error
    return any(one.text for one in children(root, "Status"))  # stores differ in the name of the root


def _next(root: ElementTree.Element, markers: dict[str, str]) -> dict[str, str]:
    if not any(one.text == "true" for one in children(root, "IsTruncated")):
        return {}
    members = _members(root)
    return {asked: unquote(members.get(said, "")) for asked, said in markers.items() if members.get(said)}


def _members(element: Any) -> dict[str, str]:
    return {one.tag.rpartition("}")[2]: one.text or "" for one in element}


def _named(root: Any, *names: str) -> Iterator[Any]:
    return (one for one in root if one.tag.rpartition("}")[2] in names)
