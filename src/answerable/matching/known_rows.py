"""What `KnownChange` rows say: a fingerprint is on a list while any cause is left that put it there."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from answerable.cases.models import KnownChange
from answerable.db.prepared import prepared

if TYPE_CHECKING:
    from django.db.models import QuerySet

ROWS_AT_A_TIME = 20_000
VALUES_AT_A_TIME: Final = 512

Columns = tuple[int, str, str, bytes | memoryview, str, str]
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
