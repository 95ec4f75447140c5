"""Rows of files as records, whatever their columns are called: lists by hand, and ThreatExchange's exports."""

import re
from collections.abc import Mapping
from typing import Any, Final

from answerable.matching.lists.base import KINDS, NOT_KEPT, BadRecord, Gone, Record
from answerable.media.limits import SEARCHABLE_QUALITY

VALUES: Final = ("indicator", "hash", "value", "signal", "signal_str", "hash_value", "hashvalue")
TYPES: Final = ("kind", "type", "signal_type", "signaltype", "hash_type")
IDS: Final = ("id", "key", "entry_id", "record_id", "uuid")
MEMBERS: Final = ("member", "member_id")
LABELS: Final = ("class", "label", "category", "classification")
STATES: Final = ("status", "hashstatus", "state")
KEPT: Final = ("tags", "status", "collab", "last_updated", "retrieved")
"""What is kept of a row besides, where it is short."""
ENDED: Final = frozenset({"withdrawn", "deleted", "non_malicious"})
"""States that say that a record doesn't count (any more): StopNCII's, and ThreatExchange's."""
COLUMNS: Final = frozenset({*KINDS, *VALUES})
"""A file with one of these in its first row has a header."""
HEX: Final = re.compile(r"[0-9a-f]+")
LONGEST_FACT: Final = 200


def record_of(row: Mapping[str, Any], *, kind: str = "") -> Record | Gone:
    """The record of one row. `kind`: of a value whose row says none. Raises BadRecord, never with a value in it."""
    cells = {str(name).strip().lower(): value for name, value in row.items() if value not in (None, "")}
    prints = _prints(cells, kind)
    key = _first(cells, IDS)
    if not key and len(prints) != 1:
        raise BadRecord("a row with several fingerprints needs an id" if prints else "no fingerprint in it")
    key = key or f"{prints[0][0]}:{prints[0][1].hex()}"
    member = _first(cells, MEMBERS)
    key = f"{member}/{key}" if member else key
    if _ended(cells):
        return Gone(key)
    if not prints:
        raise BadRecord("no fingerprint in it")
    if any(name == "pdq" for name, _ in prints) and _quality(cells) < SEARCHABLE_QUALITY:
        raise BadRecord(f"{NOT_KEPT}: a PDQ of quality under {SEARCHABLE_QUALITY} would match anything flat")
    return Record(key, prints, _first(cells, LABELS), _facts(cells))


def kind_of(said: str) -> str:
    """Our word for a source's word: `HASH_PDQ`, `ImagePDQ`, `video_md5`. Empty where it is none that is kept."""
    bare = re.sub(r"hash|image|video|[^a-z0-9]", "", said.lower())
    return bare if bare in KINDS else ""


def value_of(kind: str, text: object) -> bytes:
    """The bytes of a fingerprint in hexadecimal. Raises BadRecord."""
    digits = str(text).strip().lower()
    if len(digits) != 2 * KINDS[kind] or not HEX.fullmatch(digits):
        raise BadRecord(
            f"{kind} has {2 * KINDS[kind]} hexadecimal digits; these are {len(digits)} characters"
        )
    return bytes.fromhex(digits)


def _prints(cells: Mapping[str, Any], kind: str) -> tuple[tuple[str, bytes], ...]:
    found = [(name, value_of(name, cells[name])) for name in KINDS if name in cells]
    value = _first(cells, VALUES)
    if value:
        said = _first(cells, TYPES)
        which = kind_of(said) if said else kind or _by_length(value)
        if not which:
            raise BadRecord(f"{NOT_KEPT}: fingerprints of kind {said[:40]!r}")
        found.append((which, value_of(which, value)))
    return tuple(dict.fromkeys(found))


def _by_length(value: str) -> str:
    length = len(value.strip())
    if length == 64:
        raise BadRecord("64 digits are a SHA-256 or a PDQ: name the kind in the row, or with --kind")
    kind = {32: "md5", 40: "sha1"}.get(length, "")
    if not kind:
        raise BadRecord(f"{length} characters are no fingerprint that is kept here")
    return kind


def _first(cells: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        if name in cells and isinstance(cells[name], str | int):
            return str(cells[name]).strip()
    return ""


def _ended(cells: Mapping[str, Any]) -> bool:
    if str(cells.get("should_delete", "")).lower() in ("true", "1", "yes"):
        return True
    return any(str(cells.get(name, "")).lower() in ENDED for name in STATES)


def _quality(cells: Mapping[str, Any]) -> int:
    said = cells.get("quality", cells.get("pdq_quality"))
    if said is None:
        return 100
    try:
        return int(str(said))
    except ValueError as error:
        raise BadRecord("its quality is no number") from error


def _facts(cells: Mapping[str, Any]) -> dict[str, Any]:
    facts = {name: cells[name] for name in KEPT if isinstance(cells.get(name), str | int | list)}
    return {name: value for name, value in facts.items() if len(str(value)) <= LONGEST_FACT}
