"""NCMEC's CyberTipline, one method for each thing that it can be asked. Each asks once and says what came of it."""

import hashlib
from dataclasses import dataclass
from typing import IO, Final
from xml.etree import ElementTree

from answerable.authorities.base import AnswerUnusable, CredentialsRefused
from answerable.authorities.ncmec import answers, schema
from answerable.authorities.ncmec.answers import Answer
from answerable.authorities.ncmec.element import Element
from answerable.authorities.ncmec.file_details import FileDetails
from answerable.authorities.ncmec.report import Report
from answerable.authorities.ncmec.wire import Door
from answerable.cases.filing_inputs import Heard

NEUTRAL_TYPE: Final = "application/octet-stream"


class UploadDamaged(AnswerUnusable):
    """NCMEC received other bytes of a file than were sent. The report is taken back and filed anew."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file as NCMEC received it. `md5` is that of the bytes that were sent, and of those that arrived."""

    file_id: str
    md5: str
    request_id: str


class CyberTipline:
    """The seven things that the service can be asked. `request_id` is what NCMEC called the last request.

    `heard`: what it answered to that, byte by byte, and the document that was sent with it; None: nothing came.
    """

    def __init__(self, door: Door) -> None:
        self._door = door
        self.request_id = ""
        self.heard: Heard | None = None

    def status(self) -> str:
        """Whom NCMEC takes this desk for: a check of connection and credentials, and of nothing else."""
        return self._ask("GET", "/status").description

    def xsd(self) -> bytes:
        """NCMEC's own schema. Raises AuthorityError."""
        raw = self._door.ask("GET", "/xsd")
        if raw.status == 401:
            raise CredentialsRefused("status 401", request_id=raw.request_id)
        if raw.status != 200 or b"schema" not in raw.body:
            answers.read(raw)
            raise AnswerUnusable("no schema", request_id=raw.request_id)
        return raw.body

    def submit(self, report: Report) -> int:
        """Open a report. Returns its number: write it down before anything else. Raises NotValid, AuthorityError."""
        return self.submit_xml(_checked(report, "report"))

    def submit_xml(self, document: bytes) -> int:
        """Open a report with a document as it was written down. Raises NotValid, AuthorityError."""
        schema.validate(ElementTree.fromstring(document))  # noqa: S314  our own
        answer = self._ask("POST", "/submit", body=document)
        return self._number(answer)

    def upload(self, report_id: int, file: IO[bytes], name: str) -> Uploaded:
        """Send one file of an open report, piece by piece. Raises UploadDamaged, AuthorityError."""
        reading = _Hashing(file)
        answer = self._ask(
            "POST",
            "/upload",
            form={"id": str(report_id)},
            file=(name, reading, NEUTRAL_TYPE),  # type: ignore[arg-type]  # what httpx needs of a file
        )
        self._is_about(answer, report_id)
        if not answer.file_id or answer.file_id.split() != [answer.file_id]:
            raise AnswerUnusable("no fileId", request_id=answer.request_id)
        if answer.md5 != reading.md5:
            raise UploadDamaged("the MD5 differs", request_id=answer.request_id)
        return Uploaded(answer.file_id, answer.md5, answer.request_id)

    def file_info(self, details: FileDetails) -> None:
        """Say what is known of an uploaded file. Raises NotValid, AuthorityError."""
        answer = self._ask("POST", "/fileinfo", body=_checked(details, "fileDetails"))
        self._is_about(answer, details.report_id)

    def finish(self, report_id: int) -> tuple[str, ...]:
        """File the report: nothing takes that back. Returns the files that it holds. Raises AuthorityError."""
        answer = self._ask("POST", "/finish", form={"id": str(report_id)})
        self._is_about(answer, report_id)
        return answer.file_ids

    def retract(self, report_id: int) -> None:
        """Take an unfinished report back. Raises AlreadyFinished, AlreadyRetracted, ReportUnknown, AuthorityError."""
        self._is_about(self._ask("POST", "/retract", form={"id": str(report_id)}), report_id)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        form: dict[str, str] | None = None,
        file: tuple[str, IO[bytes], str] | None = None,
    ) -> Answer:
        self.heard = None
        raw = self._door.ask(method, path, body=body, form=form, file=file)
        self.request_id = raw.request_id
        document = (
            body if body is not None and path != "/submit" else b""
        )  # the report's own stands in its filing
        self.heard = Heard(raw.status, raw.body, document)
        return answers.read(raw)

    @staticmethod
    def _number(answer: Answer) -> int:
        if answer.report_id is None:
            raise AnswerUnusable("no reportId", request_id=answer.request_id)
        return answer.report_id

    def _is_about(self, answer: Answer, report_id: int) -> None:
        if self._number(answer) != report_id:
            raise AnswerUnusable("about another report", request_id=answer.request_id)


def _checked(element: Element, name: str) -> bytes:
    """The document of an element, if the schema takes it. Raises NotValid."""
    schema.validate(element.as_xml(name))
    return element.write(name)


class _Hashing:
    """A file that hashes what is read of it. httpx reads it piece by piece, and may begin again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._md5 = file, hashlib.md5(usedforsecurity=False)

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._md5.update(piece)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        self._md5 = hashlib.md5(usedforsecurity=False)
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
