"""What NCMEC answers, read without trust: at most 1 MiB, no document type, nothing that isn't in the format."""

from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from answerable.authorities.base import AnswerUnusable, CredentialsRefused, HostNotConfigured, NoAnswer
from answerable.authorities.ncmec import codes
from answerable.matching.lists.ncmec import xml

MOST_BYTES: Final = 1024 * 1024
_LONG: Final = 2**63


@dataclass(frozen=True, slots=True)
class Raw:
    """One answer, whole. `request_id` is what NCMEC asks for when something is to be found out."""

    status: int
    body: bytes
    request_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A `reportResponse` or a `reportDoneResponse` that says success."""

    description: str
    report_id: int | None
    file_id: str
    md5: str
    file_ids: tuple[str, ...]
    request_id: str


def read(raw: Raw) -> Answer:
    """The answer, if it says success.

    An application error may come with any HTTP status, so the code inside is read first. Raises AuthorityError.
    """
    if 300 <= raw.status < 400:
        raise HostNotConfigured(f"a redirect, status {raw.status}", request_id=raw.request_id)
    if raw.status == 401 and not raw.body.strip():
        raise CredentialsRefused("status 401", request_id=raw.request_id)
    try:
        root = xml.parse(raw.body)
    except xml.NotXml as error:
        raise _without_answer(raw) from error
    code = _code(root, raw)
    if code != codes.SUCCESS:
        raise codes.error_of(code, raw.request_id)
    if raw.status != 200:
        raise AnswerUnusable(f"success with status {raw.status}", request_id=raw.request_id)
    return Answer(
        description=root.findtext("responseDescription", "").strip(),
        report_id=_long(root, raw),
        file_id=root.findtext("fileId", "").strip(),
        md5=root.findtext("hash", "").strip().lower(),
        file_ids=tuple((one.text or "").strip() for one in root.findall("files/fileId")),
        request_id=raw.request_id,
    )


def _without_answer(raw: Raw) -> AnswerUnusable | NoAnswer | CredentialsRefused:
    """What it means that no document of NCMEC's came: something in between may have answered."""
    said = f"status {raw.status}, not XML"
    if raw.status in (401, 403):
        return CredentialsRefused(said, request_id=raw.request_id)
    if raw.status >= 500 or raw.status == 429:
        return NoAnswer(said, request_id=raw.request_id)
    return AnswerUnusable(said, request_id=raw.request_id)


def _code(root: Element, raw: Raw) -> int:
    text = root.findtext("responseCode", "").strip()
    if root.tag not in ("reportResponse", "reportDoneResponse") or not text.isascii() or not text.isdigit():
        raise AnswerUnusable(f"status {raw.status}, no responseCode", request_id=raw.request_id)
    return int(text[:10])


def _long(root: Element, raw: Raw) -> int | None:
    text = root.findtext("reportId")
    if text is None:
        return None
    text = text.strip()
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) < _LONG:
        raise AnswerUnusable("a reportId that is no number", request_id=raw.request_id)
    return int(text)
