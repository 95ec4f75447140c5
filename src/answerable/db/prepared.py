"""Queries whose SQL is made once, for what is asked with every report and every obligation.

Django makes a query's SQL anew each time it is asked: half a millisecond in Python for a statement that takes the
database a thirtieth of that, and on SQLite with every other writer waiting meanwhile. A function decorated with
`prepared` still says its query in Django's words; the first call makes the SQL, the following ones only fill in
values. What comes back are the same model instances (or tuples, for `values_list`).

What may be asked so: `filter` with plain values, `select_related`, `only`, `annotate`, `order_by`, slices,
`select_for_update`, `values_list`. The arguments may only be passed on as values: a function that decides by them
what to ask would decide once for all. A list or tuple may stand behind `__in`; each length has SQL of its own.

It uses what Django's own `ModelIterable` uses (`get_related_populators`, `from_db`): tests hold it to the same rows.
"""

import functools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Final, ParamSpec, TypeVar

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    ValuesListIterable,
    get_related_populators,
)

P = ParamSpec("P")
M = TypeVar("M", bound=models.Model)
R = TypeVar("R")
Values = tuple[Any, ...]
Read = Callable[[Sequence[Values], BaseDatabaseWrapper], list[Any]]
MOST_SHAPES: Final = 64
"""Beyond so many lengths of lists, SQL is made each time, so that nobody's numbers fill the memory."""


class NotPrepared(Exception):
    """This query can't be prepared: pass every argument on as a value, never None, and use no `values` or prefetch."""


class _Slot(Expression):
    """Stands for a value that each call fills in: the argument `place`, or the `inner`-th of the list there."""

    def __init__(self, place: int, inner: int | None = None) -> None:
        super().__init__(output_field=None)
        self.place, self.inner = place, inner

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def resolve_expression(self, *_args: Any, **_kwargs: Any) -> "_Slot":
        return self

    def of(self, arguments: Sequence[Any]) -> Any:
        """Its value in this call."""
        return arguments[self.place] if self.inner is None else arguments[self.place][self.inner]


@dataclass(frozen=True, slots=True)
class _Made:
    sql: str
    params: Values
    read: Read


def prepared(build: Callable[P, "models.QuerySet[Any, R]"]) -> Callable[P, list[R]]:
    """Ask what `build` describes, with SQL that is made once. Arguments are positional. Raises NotPrepared."""
    made: dict[tuple[object, ...], _Made] = {}
    lock = threading.Lock()

    @functools.wraps(build)
    def ask(*arguments: P.args, **named: P.kwargs) -> list[R]:
        if named or None in arguments:
            raise NotPrepared(NotPrepared.__doc__)
        using = connections[DEFAULT_DB_ALIAS]
        shape = (using.vendor, *(len(a) if isinstance(a, list | tuple) else -1 for a in arguments))
        statement = made.get(shape)
        if statement is None:
            statement = _make(build, arguments)
            with lock:
                if len(made) < MOST_SHAPES:
                    made[shape] = statement
        if not statement.sql:
            return []
        values = [_plain(p.of(arguments), using) if isinstance(p, _Slot) else p for p in statement.params]
        with using.cursor() as cursor:
            cursor.execute(statement.sql, values)
            return statement.read(cursor.fetchall(), using)

    return ask


def _make(build: Callable[..., "models.QuerySet[Any, Any]"], arguments: Sequence[Any]) -> _Made:
    slots = [
        [_Slot(place, inner) for inner in range(len(one))] if isinstance(one, list | tuple) else _Slot(place)
        for place, one in enumerate(arguments)
    ]
    queryset = build(*slots)
    if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]
        raise NotPrepared(NotPrepared.__doc__)
    compiler = queryset.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:  # an empty list behind `__in`: the database needn't be asked
        return _Made("", (), lambda _rows, _using: [])
    return _Made(sql, tuple(params), _reader(queryset, compiler))


def _plain(value: Any, using: BaseDatabaseWrapper) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return using.ops.adapt_datetimefield_value(value)
    return value


def _reader(queryset: Any, compiler: Any) -> Read:
    """What makes of rows what the queryset would have given."""
    columns = compiler.col_count
    converters = list(compiler.get_converters([one[0] for one in compiler.select[:columns]]).items())

    def converted(row: Values, using: BaseDatabaseWrapper) -> list[Any]:
        values = list(row)
        for place, (convert, expression) in converters:
            for one in convert:
                values[place] = one(values[place], expression, using)
        return values

    kind = queryset._iterable_class
    if kind is FlatValuesListIterable:
        return lambda rows, using: [converted(row, using)[0] for row in rows]
    if kind is ValuesListIterable:
        return lambda rows, using: [tuple(converted(row, using)[:columns]) for row in rows]
    if kind is not ModelIterable:
        raise NotPrepared(NotPrepared.__doc__)
    return _model_reader(compiler, converted)


def _model_reader(compiler: Any, converted: Callable[[Values, BaseDatabaseWrapper], list[Any]]) -> Read:
    about, select = compiler.klass_info, compiler.select
    model, start, end = about["model"], about["select_fields"][0], about["select_fields"][-1] + 1
    names = [one[0].target.attname for one in select[start:end]]
    related = get_related_populators(about, select, connection.alias)  # type: ignore[call-arg]  # 5.2 takes three
    annotations = list((compiler.annotation_col_map or {}).items())

    def read(rows: Sequence[Values], using: BaseDatabaseWrapper) -> list[Any]:
        found = []
        for row in rows:
            values = converted(row, using)
            instance = model.from_db(using.alias, names, values[start:end])
            for one in related:
                one.populate(values, instance)
            for name, place in annotations:
                setattr(instance, name, values[place])
            found.append(instance)
        return found

    return read


def first(rows: Sequence[R]) -> R | None:
    """The first of what was found; None where nothing was."""
    return rows[0] if rows else None


def instances(model: type[M], cursor: Any, statement: str, values: Any) -> list[M]:
    """What a statement of one's own gives of one model: all its columns, such as by `RETURNING *`.

    As `raw`, for a tenth of its work.
    """
    cursor.execute(statement, values)
    places, converters = _columns_of(
        model, tuple(column[0] for column in cursor.description), connection.vendor
    )
    names = [field.attname for field in model._meta.concrete_fields]
    found = []
    for row in cursor.fetchall():
        read = [row[place] for place in places]
        for place, convert, expression in converters:
            for one in convert:
                read[place] = one(read[place], expression, connection)
        found.append(model.from_db(connection.alias, names, read))
    return found


@functools.cache
def _columns_of(
    model: type[models.Model], columns: tuple[str, ...], _vendor: str
) -> tuple[list[int], list[tuple[int, list[Any], Any]]]:
    """Where the model's fields stand in such a row (migrations change a table's order), and how each is read."""
    fields: list[Any] = list(model._meta.concrete_fields)
    compiler = model._base_manager.all().query.get_compiler(connection=connection)
    converters = compiler.get_converters([field.get_col(model._meta.db_table) for field in fields])
    places = [columns.index(field.column) for field in fields]
    return places, [(place, *both) for place, both in converters.items()]
