"""What `KnownChange` rows say: a fingerprint is on a list while any cause is left that put it there."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from answerable.cases.models import KnownChange
from answerable.db.prepared import prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

ROWS_AT_A_TIME = 20_000
VALUES_AT_A_TIME: Final = 512

INDEXED: Final = ("pdq", "frame")
"""Kinds of fingerprints that are found by being near."""

Columns = tuple[int, str, str, bytes | memoryview, str, str]
FrameColumns = tuple[int, str, bytes | memoryview, str, str, int | None, int | None]
T = TypeVar("T")
Key = tuple[str, bytes]
"""Kind and value of a fingerprint."""


class Change(NamedTuple):
    """One row, as plain values."""

    seq: int
    op: str
    kind: str
    value: bytes
    hash_list: str
    cause: str


class KnownFrame(NamedTuple):
    """One frame of a known video, which is on a list because of that cause. `seq`: the change that put it there."""

    seq: int
    value: bytes
    hash_list: str
    cause: str
    at_ms: int
    until_ms: int


def changes_from(seq: int) -> list[Change]:
    """The rows from this number on, in order, at most ROWS_AT_A_TIME."""
    return _changes(_rows_from(seq))


def lists_of(values: Iterable[bytes]) -> dict[Key, dict[str, int]]:
    """For each fingerprint that is on a list now: list -> the newest change that put it there, still in force."""
    causes: dict[Key, dict[str, dict[str, int]]] = {}
    wanted = sorted(set(values))
    for start in range(0, len(wanted), VALUES_AT_A_TIME):
        for change in _changes(_rows_with(_padded(wanted[start : start + VALUES_AT_A_TIME]))):
            of_list = causes.setdefault((change.kind, change.value), {}).setdefault(change.hash_list, {})
            if change.op == "add":
                of_list[change.cause] = change.seq
            else:
                of_list.pop(change.cause, None)
    found = {
        key: {name: max(left.values()) for name, left in lists.items() if left}
        for key, lists in causes.items()
    }
    return {key: lists for key, lists in found.items() if lists}


def values_at(numbers: Sequence[int]) -> dict[int, bytes]:
    """The values of these rows, by their `seq`; of rows that are not there nothing."""
    found: dict[int, bytes] = {}
    for start in range(0, len(numbers), VALUES_AT_A_TIME):
        part = _padded(list(numbers[start : start + VALUES_AT_A_TIME]))
        found.update({number: bytes(value) for number, value in _values_at(part)})
    return found


def frames_with(values: Iterable[bytes]) -> list[KnownFrame]:
    """The frames with these values that are on a list now."""
    wanted = sorted(set(values))
    found: list[KnownFrame] = []
    for start in range(0, len(wanted), VALUES_AT_A_TIME):
        found += _in_force(_frames_with(_padded(wanted[start : start + VALUES_AT_A_TIME])))
    return found


def frames_of(hash_list: str, cause: str) -> list[KnownFrame]:
    """All frames of one known video, as they are on that list now, in the order in which they are shown."""
    return sorted(_in_force(_frames_of(hash_list, cause)), key=lambda frame: (frame.at_ms, frame.seq))


def _in_force(rows: Iterable[FrameColumns]) -> list[KnownFrame]:
    there: dict[tuple[bytes, str, str, int], KnownFrame] = {}
    for seq, op, value, hash_list, cause, at_ms, until_ms in rows:
        frame = KnownFrame(seq, bytes(value), hash_list, cause, at_ms or 0, until_ms or 0)
        key = (frame.value, hash_list, cause, frame.at_ms)
        if op == "add":
            there[key] = frame
        else:
            there.pop(key, None)
    return list(there.values())


def _padded(values: list[T]) -> list[T]:
    """To a power of two, by repeating one: few lengths, so that each has its SQL ready."""
    return values + values[:1] * ((1 << (len(values) - 1).bit_length()) - len(values))


def _changes(rows: Iterable[Columns]) -> list[Change]:
    return [Change(number, op, kind, bytes(v), name, cause) for number, op, kind, v, name, cause in rows]


@prepared
def _rows_from(seq: int) -> "QuerySet[KnownChange, Columns]":
    changes = KnownChange.objects.filter(seq__gte=seq).order_by("seq")[:ROWS_AT_A_TIME]
    return changes.values_list("seq", "op", "kind", "value", "hash_list", "cause")


@prepared
def _rows_with(values: list[bytes]) -> "QuerySet[KnownChange, Columns]":
    changes = KnownChange.objects.filter(value__in=values).order_by("seq")
    return changes.values_list("seq", "op", "kind", "value", "hash_list", "cause")


@prepared
def _values_at(numbers: list[int]) -> "QuerySet[KnownChange, tuple[int, bytes | memoryview]]":
    return KnownChange.objects.filter(seq__in=numbers).values_list("seq", "value")


@prepared
def _frames_with(values: list[bytes]) -> "QuerySet[KnownChange, FrameColumns]":
    changes = KnownChange.objects.filter(kind="frame", value__in=values).order_by("seq")
    return changes.values_list("seq", "op", "value", "hash_list", "cause", "at_ms", "until_ms")


@prepared
def _frames_of(hash_list: str, cause: str) -> "QuerySet[KnownChange, FrameColumns]":
    changes = KnownChange.objects.filter(kind="frame", hash_list=hash_list, cause=cause).order_by("seq")
    return changes.values_list("seq", "op", "value", "hash_list", "cause", "at_ms", "until_ms")
