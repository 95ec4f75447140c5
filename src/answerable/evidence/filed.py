"""What was sent to an authority about a case, and what it answered, byte by byte: that is evidence, too.

The report as it was filed is what the law has preserved (18 USC 2258A(h)); it lies encrypted where filings are written
down, and is erased there a year later.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from answerable.cases.models import Filing, FilingAnswer, FilingFile
from answerable.cases.queries.joined import with_joined
from answerable.db import personal
from answerable.evidence.errors import ObjectDamaged


@dataclass(frozen=True, slots=True)
class Part:
    """One document: `data` is None once it was erased, or where digests alone are asked for."""

    part: str
    step: str
    at: str
    sha256: str
    data: bytes | None = field(default=None, repr=False)


def filings(case_id: int, items: set[int] | None) -> list[Filing]:
    """What was sent of a case, oldest first. `items`: only what is about these and no others."""
    rows = Filing.objects.filter(case__in=with_joined(case_id)).select_related("document")
    sent = [one for one in rows.order_by("pk") if one.report_id is not None or one.answers.exists()]
    return [one for one in sent if items is None or {item for _, item in _about(one)} <= items]


def described(filing: Filing) -> dict[str, Any]:
    """What the export says of a filing, beside its parts."""
    return {
        "filing": filing.pk,
        "authority": filing.authority,
        "environment": filing.environment,
        "purpose": filing.purpose,
        "state": filing.state,
        "report": str(filing.report_id) if filing.report_id is not None else None,
        "finished_at": filing.finished_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if filing.finished_at else None,
        "contents": sorted(content for content, _ in _about(filing)),
    }


def parts(filing: Filing, *, with_contents: bool) -> Iterator[Part]:
    """The report and all that was answered. Raises ObjectDamaged where it isn't what the log has."""
    if filing.digest:
        text = filing.document if with_contents else None
        data = personal.open_text(text).encode() if text is not None else None
        yield _whole(Part("report", "submit", _day(filing.drafted_at), filing.digest, data))
    for answer in filing.answers.select_related("text").order_by("pk"):
        said = json.loads(personal.open_text(answer.text)) if with_contents and answer.text else {}
        yield from _of(answer, said)


def _of(answer: FilingAnswer, said: dict[str, Any]) -> Iterator[Part]:
    for part, sha256 in (("sent", answer.sent_sha256), ("answer", answer.answer_sha256)):
        if sha256:
            data = base64.b64decode(said[part]) if part in said else None
            yield _whole(Part(part, answer.step, _day(answer.at), sha256, data))


def _whole(part: Part) -> Part:
    if part.data is not None and hashlib.sha256(part.data).hexdigest() != part.sha256:
        raise ObjectDamaged(f"{part.part} of {part.step}")
    return part


def _about(filing: Filing) -> set[tuple[int, int]]:
    """Numbers of the contents, each with its item, that a filing is about: a correction, those of what it corrects."""
    of = [filing.pk] + ([filing.corrects_id] if filing.corrects_id is not None else [])
    rows = FilingFile.objects.filter(filing__in=of)
    return set(rows.values_list("content_id", "content__item_id"))


def _day(at: Any) -> str:
    return str(at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
