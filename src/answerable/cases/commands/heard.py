"""What an authority answered, byte by byte: sealed like the report itself, its digest in the log (18 USC 2258A(h))."""

import base64
import hashlib
import json

from answerable.cases.commands.reporting import DOCUMENT_KEPT
from answerable.cases.commands.writing import Writing
from answerable.cases.filing_inputs import Asking, Heard
from answerable.cases.models import Filing, FilingAnswer
from answerable.db import personal
from answerable.db.models import PersonalText


def sealed(heard: Heard | None) -> PersonalText | None:
    """An answer, encrypted, to be noted in a transaction; None: there was none."""
    if heard is None:
        return None
    said = {name: base64.b64encode(getattr(heard, name)).decode() for name in ("sent", "answer")}
    return personal.seal("filing", json.dumps({"status": heard.status, **said}, sort_keys=True))


def digests(heard: Heard | None) -> dict[str, object]:
    """What stands of an answer in the log."""
    if heard is None:
        return {}
    found: dict[str, object] = {"answer": _sha256(heard.answer)}
    return {**found, "sent": _sha256(heard.sent)} if heard.sent else found


def note(
    writing: Writing, filing: Filing, asking: Asking, heard: Heard | None, text: PersonalText | None
) -> None:
    """Write an answer down, in the caller's transaction. It is erased with the report, a year after it was filed."""
    if heard is None or text is None:
        return
    text.erase_after = writing.now + DOCUMENT_KEPT
    PersonalText.objects.bulk_create([text])
    FilingAnswer.objects.create(
        filing=filing,
        serial=asking.serial,
        step=asking.next.name,
        status=heard.status,
        sent_sha256=_sha256(heard.sent) if heard.sent else "",
        answer_sha256=_sha256(heard.answer),
        text=text,
        at=writing.now,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
