"""The file of erasures, outside of the database: what people asked to be erased is erased again after a restore.

It lies beside the keys, where no backup of the database has it. Each line is one entry of the log about an erasure, as
numbers and digests, with a digest of its own. The log is the source: what is in it and not in the file is appended, so
that whatever was killed between the two, or a file that was lost, is made good at the next turn. Each worker keeps
its own file, so that each machine of several has all of it.
"""

import fcntl
import hashlib
import itertools
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import structlog

from answerable import clock
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.erasure_inputs import Erasure

NAME: Final = "erased.jsonl"
KINDS: Final = ("text_erased", "report_withdrawn", "forgotten")
WHOLE_EVERY_SECONDS: Final = 3600.0
AT_ONCE: Final = 200
_GROUNDS: Final = ("reporter_asked",)
_NOT_AGAIN: Final = ("schedule", "erased_again")
"""What is past its time goes by itself, and what was erased again stands in the file."""

log = structlog.get_logger(__name__)
Key = tuple[int, str]
"""Number and commitment of an entry: after a restore another one may have the number."""


class Erasures:
    """One worker's file, and its turns."""

    def __init__(self, data: Path) -> None:
        """`data`: the data directory, in whose `keys` the file lies."""
        self._path = data / "keys" / NAME
        self._known: set[Key] = set()
        self._size = 0
        self._upto = 0
        self._whole_at = float("-inf")

    def turn(self) -> int:
        """Write down what was erased; at the start and each hour, erase again what stands again. How much was."""
        if time.monotonic() - self._whole_at < WHOLE_EVERY_SECONDS:
            self._catch_up()
            return 0
        self._known, self._size, self._upto = set(), 0, 0
        self._catch_up()
        again, wrong = 0, None
        for some in _batched(self._read(), AT_ONCE):
            for erasure in commands.standing_again(some):
                try:
                    again += commands.erase_again(erasure, now=clock.now())
                except Exception as error:
                    log.error("an erasure could not be made again", report=erasure.report_id, exc_info=error)
                    wrong = error
        if again:
            log.warning(
                "what people asked to be erased stood in the database again, and is erased", erasures=again
            )
        if wrong is not None:  # the others are not to wait for it
            raise wrong
        self._whole_at = time.monotonic()
        return again

    def _catch_up(self) -> None:
        """Append what the log has of erasures and the file has not."""
        newest = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        entries = AuditEntry.objects.filter(kind__in=KINDS, pk__gt=self._upto, pk__lte=newest).order_by("pk")
        lines = [(_key(one), said) for one in entries.iterator() if (said := _said(one)) is not None]
        if lines or not self._size:
            self._append(lines)
        # An entry may become visible after one with a greater number: the last hundreds are looked at once more.
        self._upto = max(0, newest - 1000)

    def _append(self, lines: "list[tuple[Key, dict[str, Any]]]") -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            fcntl.flock(
                file, fcntl.LOCK_EX
            )  # another worker of this machine may have the same data directory
            self._take_in(file.fileno())
            new = [_line(said) for key, said in lines if key not in self._known]
            if new:
                file.write(b"".join(new))
                file.flush()
                os.fsync(file.fileno())
                _sync_folder(self._path.parent)
                self._known |= {key for key, _ in lines}
                self._size = os.fstat(file.fileno()).st_size

    def _take_in(self, descriptor: int) -> None:
        """Learn what stands in the file that was not read yet, and cut off what a killed writer left of a line."""
        size = os.fstat(descriptor).st_size
        if size < self._size:  # somebody put another one in its place
            self._known, self._size = set(), 0
        data = os.pread(descriptor, size - self._size, self._size)
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(descriptor, self._size + len(whole))
        for line in whole.splitlines():
            said = _read_line(line)
            if said is not None:
                self._known.add((said["entry"], said["commitment"]))
        self._size += len(whole)

    def _read(self) -> Iterator[Erasure]:
        damaged = 0
        for line in self._path.read_bytes().splitlines():
            said = _read_line(line)
            if said is None:
                damaged += 1
                continue
            yield Erasure(
                texts={int(number): mark for number, mark in said["texts"].items()},
                entries={int(number): one for number, one in said["entries"].items()},
                report_id=said["report"],
                report_digest=said["report_digest"],
                reported_items=tuple(said["reported_items"]),
                code=said["code"],
            )
        if damaged:
            log.error("lines of the file of erasures are damaged", lines=damaged, file=NAME)


def _batched(erasures: Iterable[Erasure], size: int) -> Iterator[list[Erasure]]:
    them = iter(erasures)
    while some := list(itertools.islice(them, size)):
        yield some


def _said(entry: AuditEntry) -> dict[str, Any] | None:
    """What a line says of an entry; None for what goes by itself, and for what names nothing."""
    event = event_of(entry) or {}
    texts = dict(zip(map(str, event.get("texts", [])), event.get("marks", []), strict=False))
    if entry.kind == "forgotten":
        forgotten = event["entries"] if event.get("reason") not in _NOT_AGAIN else []
        texts = {}
    else:
        forgotten = []
        if not texts and event.get("ground") not in _GROUNDS:
            return None
    rows = AuditEntry.objects.filter(pk__in=forgotten).values_list("pk", "commitment")
    entries = {str(number): commitment for number, commitment in rows}
    if not texts and not entries and not event.get("report_digest"):
        return None
    return {
        "entry": entry.pk,
        "commitment": entry.commitment,
        "at": entry.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "texts": texts,
        "entries": entries,
        "report": event.get("report"),
        "report_digest": event.get("report_digest", ""),
        "reported_items": event.get("reported_items", []),
        "code": entry.kind == "text_erased",
    }


def _key(entry: AuditEntry) -> Key:
    return int(entry.pk), entry.commitment


def _line(said: dict[str, Any]) -> bytes:
    text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
    return text + b"\t" + hashlib.sha256(text).hexdigest()[:16].encode() + b"\n"


def _read_line(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it was changed."""
    text, _, digest = line.rpartition(b"\t")
    if hashlib.sha256(text).hexdigest()[:16].encode() != digest:
        return None
    return dict(json.loads(text))


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
