"""The reports of the drill's CyberTipline: what it takes, in which order, with which code, and for how long.

Rules of the documented service; where it is silent, the stricter reading. Nothing here knows of HTTP.
"""

import itertools
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from xml.etree.ElementTree import Element

from answerable.authorities.ncmec import schema
from answerable.matching.lists.ncmec import xml

UNFINISHED_FOR: Final = timedelta(hours=24)
UNCHANGED_FOR: Final = timedelta(hours=1)
FIRST_NUMBER: Final = 4_564_654


class State(StrEnum):
    """What became of a report."""

    OPEN = "open"
    FINISHED = "finished"
    RETRACTED = "retracted"
    EXPIRED = "expired"


@dataclass
class File:
    """One uploaded file, as it arrived; `details` once they were given."""

    file_id: str
    name: str
    md5: str
    size: int
    details: Element | None = None


@dataclass
class Filed:
    """One report, as it arrived."""

    number: int
    document: bytes
    root: Element
    opened_at: datetime
    changed_at: datetime
    state: State = State.OPEN
    ended_at: datetime | None = None
    files: dict[str, File] = field(default_factory=dict)

    @property
    def expires_at(self) -> datetime:
        """When it is deleted, if nobody finishes it."""
        return max(self.opened_at + UNFINISHED_FOR, self.changed_at + UNCHANGED_FOR)


class Refusal(Exception):
    """The drill's CyberTipline refuses a step, with a code of the service's."""

    def __init__(self, code: int, description: str) -> None:
        self.code, self.description = code, description
        super().__init__(code, description)


class Reports:
    """All that came. `clock` says what time it is there."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.by_number: dict[int, Filed] = {}
        self._numbers = itertools.count(FIRST_NUMBER)
        self._lock = threading.RLock()

    def in_state(self, state: State) -> list[Filed]:
        """The reports of that state now, in the order in which they were opened."""
        with self._lock:
            self._expire()
            return [report for report in self.by_number.values() if report.state is state]

    def submit(self, document: bytes) -> Filed:
        """Open a report. Raises Refusal."""
        root = _read(document, "report")
        now = self.clock()
        with self._lock:
            report = Filed(next(self._numbers), document, root, now, now)
            self.by_number[report.number] = report
        return report

    def upload(self, number: str, name: str, md5: str, size: int) -> tuple[Filed, File]:
        """Add a file. Raises Refusal."""
        with self._lock:
            report = self.open(number)
            file = File(secrets.token_hex(16), name, md5, size)
            report.files[file.file_id] = file
            report.changed_at = self.clock()
            return report, file

    def details(self, document: bytes) -> Filed:
        """Say what is known of a file. Raises Refusal."""
        root = _read(document, "fileDetails")
        with self._lock:
            report = self.open(root.findtext("reportId", ""))
            file = report.files.get(root.findtext("fileId", ""))
            if file is None:
                raise Refusal(5002, "File does not exist")
            if file.details is not None:
                raise Refusal(4000, "The details of this file were given already")
            _mind_relevance(root)
            file.details = root
            report.changed_at = self.clock()
            return report

    def finish(self, number: str) -> Filed:
        """File it. Raises Refusal."""
        return self._end(number, State.FINISHED)

    def retract(self, number: str) -> Filed:
        """Take it back. Raises Refusal."""
        return self._end(number, State.RETRACTED)

    def open(self, number: str) -> Filed:
        """The open report of that number. Raises Refusal."""
        with self._lock:
            self._expire()
            report = self.by_number.get(int(number)) if number.isascii() and number.isdigit() else None
            if report is None or report.state is State.EXPIRED:
                raise Refusal(5001, "Report does not exist")
            if report.state is State.RETRACTED:
                raise Refusal(5101, "Report already retracted")
            if report.state is State.FINISHED:
                raise Refusal(5102, "Report already finished")
            return report

    def _end(self, number: str, state: State) -> Filed:
        with self._lock:
            report = self.open(number)
            report.state, report.ended_at = state, self.clock()
            return report

    def _expire(self) -> None:
        now = self.clock()
        for report in self.by_number.values():
            if report.state is State.OPEN and now >= report.expires_at:
                report.state, report.ended_at = State.EXPIRED, report.expires_at


def _read(document: bytes, name: str) -> Element:
    try:
        root = xml.parse(document)
    except xml.NotXml as error:
        raise Refusal(4110, "Malformed XML") from error
    if root.tag != name:
        raise Refusal(4100, f"Validation failed: {name} was expected")
    try:
        schema.validate(root)
    except schema.NotValid as error:
        raise Refusal(4100, f"Validation failed: {error}") from error
    return root


def _mind_relevance(root: Element) -> None:
    if root.findtext("fileRelevance") == "Supplemental Reported":
        meme = (
            root.find("fileAnnotations/potentialMeme") is not None or root.find("potentialMeme") is not None
        )
        if meme or root.find("industryClassification") is not None:
            raise Refusal(4100, "Validation failed: a supplemental file takes no classification")
