"""Reading a file of hashes: CSV with or without a header, JSON lines, one JSON document. A bad line is one fault."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from answerable.matching.lists.base import Bad, BadRecord, Gone, Record, SourceError
from answerable.matching.lists.rows import COLUMNS, HEX, kind_of, record_of

LONGEST_LINE: Final = 65_536
LARGEST_DOCUMENT: Final = 256 << 20

Change = Record | Gone | Bad


class UnreadableFile(SourceError):
    """The file can't be read as a list of hashes."""


def read_changes(path: Path, *, kind: str = "") -> Iterator[Change]:
    """Every record of a file, in order. `kind`: of values whose row says none. Raises UnreadableFile."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if path.suffix.lower() == ".json" or head == b"[":
            yield from _document(path, kind)
        elif head == b"{":
            yield from _json_lines(path, kind)
        else:
            yield from _csv(path, kind)
    except OSError as error:
        raise UnreadableFile(f"{path.name}: {error.strerror}", retry=False) from error


def _lines(path: Path) -> Iterator[tuple[str, str | None]]:
    """Where each line stands, and its text; None for one that is too long or no UTF-8 text."""
    number, skipping = 0, False
    with path.open("rb") as file:
        while raw := file.readline(LONGEST_LINE):
            whole = raw.endswith(b"\n") or len(raw) < LONGEST_LINE
            if not skipping:
                number += 1
                yield f"line {number}", _text(raw) if whole else None
            skipping = not whole


def _text(raw: bytes) -> str | None:
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
    return None if "\x00" in text else text


def _csv(path: Path, kind: str) -> Iterator[Change]:
    """Line by line, so that a quote that nothing closes spoils its own line and no other."""
    header: list[str] | None = None
    seen_first = False
    for where, text in _lines(path):
        if text is None:
            yield Bad(where, "it is too long, or no UTF-8 text")
            continue
        if not text or text.startswith("#"):
            continue
        cells = [cell.strip() for cell in next(csv.reader([text], delimiter="\t" if "\t" in text else ","))]
        if not seen_first:
            seen_first = True
            names = [cell.lower() for cell in cells]
            if COLUMNS & set(names) and not any(HEX.fullmatch(name) and len(name) >= 32 for name in names):
                header = names
                continue
        if header is not None and len(cells) > len(header):
            yield Bad(where, f"it has {len(cells)} cells, the header {len(header)}")
            continue
        yield _change(where, dict(zip(header, cells, strict=False)) if header else _bare(cells), kind)


def _bare(cells: list[str]) -> dict[str, Any]:
    """A row without a header: a value, or a kind and a value, separated by a comma or (ThreatExchange's) a space."""
    if len(cells) == 1:
        cells = cells[0].split(maxsplit=1)
    if len(cells) >= 2 and kind_of(cells[0]):
        return {"kind": cells[0], "value": cells[1].split(maxsplit=1)[0] if cells[1] else ""}
    return {"value": cells[0] if cells else "", **({"label": cells[1]} if len(cells) > 1 else {})}


def _json_lines(path: Path, kind: str) -> Iterator[Change]:
    for where, text in _lines(path):
        if text is None:
            yield Bad(where, "it is too long, or no UTF-8 text")
        elif text:
            try:
                row = json.loads(text)
            except (ValueError, RecursionError):
                yield Bad(where, "it is no JSON")
            else:
                yield from _rows(where, row, kind)


def _document(path: Path, kind: str) -> Iterator[Change]:
    if path.stat().st_size > LARGEST_DOCUMENT:
        raise UnreadableFile(f"{path.name} is too large for one document: write JSON lines", retry=False)
    try:
        whole = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        yield from _json_lines(path, kind)
        return
    yield from _rows("document", whole, kind)


def _rows(where: str, said: Any, kind: str) -> Iterator[Change]:
    """A row, a list of rows, or ThreatExchange's page: an object whose `data` holds them."""
    if isinstance(said, dict) and isinstance(said.get("data"), list):
        said = said["data"]
    if not isinstance(said, list):
        yield _change(where, said, kind)
        return
    for number, row in enumerate(said, 1):
        yield _change(f"{where}, record {number}", row, kind)


def _change(where: str, row: Any, kind: str) -> Change:
    if not isinstance(row, dict):
        return Bad(where, "it is no record")
    try:
        return record_of(row, kind=kind)
    except BadRecord as error:
        return Bad(where, str(error))
