"""The drill's CyberTipline over HTTP: name and password, form and multipart bodies, troubles on demand."""

import base64
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Final
from xml.sax.saxutils import escape

from answerable.authorities import drilled
from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.drill import forms
from answerable.authorities.ncmec.drill.reports import Filed, Refusal, Reports
from answerable.authorities.ncmec.drill.trouble import Trouble, When

LOGIN: Final = "drill:a password for trying out"
BASE: Final = "/ispws"
MOST_FORM_BYTES: Final = 4 * 1024 * 1024


class Server(drilled.Service[Trouble]):
    """The service on this machine. `reports` is all that came; `asked` every path, in order.

    `troubles`: each at the next request for its path. `before` is called with each path before anything is done: a
    place to kill a desk.
    """

    def __init__(
        self, clock: Callable[[], datetime] | None = None, login: str = LOGIN, port: int = 0
    ) -> None:
        super().__init__(_Handler, port)
        self.reports = Reports(clock or (lambda: datetime.now(UTC)))
        self.login = login
        self.before: Callable[[str], None] = lambda _: None
        self.request_ids = (f"drill-{number:06}" for number in itertools.count(1))

    @property
    def base(self) -> str:
        """What a desk writes as `base_url`."""
        return f"http://127.0.0.1:{self.port}{BASE}"


class _Handler(BaseHTTPRequestHandler):
    party: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Nothing is written of what comes."""

    def do_GET(self) -> None:
        path = self.path.removeprefix(BASE) if self.path.startswith(BASE + "/") else ""
        trouble = self.party.begin(path, lambda one: one.path == path)
        self.party.before(path)
        self._left = int(self.headers.get("content-length", "0"))
        if trouble is not None and trouble.reads is not None:
            self.rfile.read(min(trouble.reads, self._left))
            self.close_connection = True
            return
        wanted = "Basic " + base64.b64encode(self.party.login.encode()).decode()
        if self.headers.get("authorization") != wanted:
            self.close_connection = True  # what it still sends is not read
            self._send(401, b"", None)
            return
        if trouble is not None and trouble.when is When.BEFORE and (trouble.code or trouble.raw is not None):
            body = trouble.raw if trouble.raw is not None else _refused(trouble.code or 1000, "Trouble")
        else:
            body = self._answer(path, trouble)
            if trouble is not None and (trouble.code or trouble.raw is not None):
                body = trouble.raw if trouble.raw is not None else _refused(trouble.code or 1000, "Trouble")
        self._send(trouble.status if trouble else 200, body, trouble)

    do_POST = do_PUT = do_DELETE = do_GET

    def _answer(self, path: str, trouble: Trouble | None) -> bytes:
        try:
            match self.command, path:
                case "GET", "/status":
                    name = self.party.login.partition(":")[0]
                    return _response(0, f"Remote User : {name}, Remote Ip : 127.0.0.1")
                case "GET", "/xsd":
                    return schema.text().encode()
                case "POST", "/submit":
                    return _response(0, "Success", report=self.party.reports.submit(self._document()))
                case "POST", "/upload":
                    return self._upload(trouble)
                case "POST", "/fileinfo":
                    return _response(0, "Success", report=self.party.reports.details(self._document()))
                case "POST", "/finish":
                    return _done(self.party.reports.finish(self._form()[0].get("id", "")))
                case "POST", "/retract":
                    report = self.party.reports.retract(self._form()[0].get("id", ""))
                    return _response(0, "Success", report=report)
            raise Refusal(1210, "Resource not found")
        except Refusal as refusal:
            return _refused(refusal.code, refusal.description)

    def _upload(self, trouble: Trouble | None) -> bytes:
        fields, files = self._form()
        received = files.get("file")
        if received is None or not received.name:
            raise Refusal(4200, "Malformed file submission")
        report, file = self.party.reports.upload(
            fields.get("id", ""), received.name, received.md5, received.size
        )
        md5 = trouble.md5 if trouble is not None and trouble.md5 else file.md5
        return _response(0, "Success", report=report, file_id=file.file_id, md5=md5)

    def _document(self) -> bytes:
        if "text/xml" not in self.headers.get("content-type", ""):
            raise Refusal(4000, "Invalid request")
        return self._body()

    def _body(self) -> bytes:
        if self._left > MOST_FORM_BYTES:
            raise Refusal(4000, "Invalid request")
        body = self.rfile.read(self._left)
        self._left -= len(body)
        return body

    def _form(self) -> tuple[dict[str, str], dict[str, forms.Received]]:
        """Fields and files of a form, either way that forms are sent."""
        body = forms.Body(self.rfile, self._left)
        try:
            return forms.read(body, self.headers.get("content-type", ""))
        except forms.BadForm as error:
            raise Refusal(4200, "Malformed file submission") from error
        finally:
            self._left = body.left

    def _send(self, status: int, body: bytes, trouble: Trouble | None) -> None:
        if self._left:
            self.close_connection = True
        lines = [
            f"Request-ID: {next(self.party.request_ids)}",
            *(["Content-Type: text/xml;charset=UTF-8"] if body else []),
            *(["Connection: close"] if self.close_connection else []),
        ]
        drilled.send(self, status, lines, body, trouble, self.party.over)


def _response(
    code: int, said: str, *, report: Filed | None = None, file_id: str = "", md5: str = ""
) -> bytes:
    parts = [f"<responseCode>{code}</responseCode><responseDescription>{escape(said)}</responseDescription>"]
    if report is not None:
        parts.append(f"<reportId>{report.number}</reportId>")
    if file_id:
        parts.append(f"<fileId>{file_id}</fileId><hash>{md5}</hash>")
    return _document(f"<reportResponse>{''.join(parts)}</reportResponse>")


def _refused(code: int, said: str) -> bytes:
    return _response(code, said)


def _done(report: Filed) -> bytes:
    files = "".join(f"<fileId>{file_id}</fileId>" for file_id in report.files)
    return _document(
        f"<reportDoneResponse><responseCode>0</responseCode><reportId>{report.number}</reportId>"
        f"<files>{files}</files></reportDoneResponse>"
    )


def _document(text: str) -> bytes:
    return ('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + text).encode()
