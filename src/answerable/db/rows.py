"""Writing rows of the hot path: one statement whose SQL is made once, and no model's own machinery around it.

As `bulk_create` and `save(update_fields=…)`, without signals, defaults of the database, or a model's own `save`. See
`answerable.db.prepared` for why.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

AT_ONCE: Final = 500
"""Rows of one statement: databases take so many values and no more."""


def insert(*instances: models.Model) -> None:
    """Insert instances of one model with one statement (or a few), and set their numbers.

    As `bulk_create`, without signals.
    """
    for start in range(0, len(instances), AT_ONCE):
        _insert(instances[start : start + AT_ONCE])


def _insert(instances: Sequence[models.Model]) -> None:
    model, using = type(instances[0]), connections[DEFAULT_DB_ALIAS]
    columns, head, row, key = _inserting(model, using.vendor)
    values = [column.of(one, using) for one in instances for column in columns]
    with using.cursor() as cursor:
        cursor.execute(f"{head} {', '.join([row] * len(instances))} RETURNING {key}", values)
        numbers = sorted(number for (number,) in cursor.fetchall())
    for one, number in zip(instances, numbers, strict=True):
        one.pk = number
        one._state.adding, one._state.db = False, using.alias


@dataclass(frozen=True, slots=True)
class _Column:
    """One column that is written: where its value stands, and the field, where the driver needs its conversion."""

    name: str
    field: Any

    def of(self, instance: models.Model, using: BaseDatabaseWrapper) -> Any:
        value = getattr(instance, self.name)
        if value is None or self.field is None:
            return value.value if isinstance(value, Enum) else value
        return self.field.get_db_prep_save(value, using)


_AS_THEY_ARE = (
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.IntegerField,
    models.ForeignKey,
)
"""Fields whose values the drivers take as they stand in the instance (words as their values)."""


def _column(field: Any) -> _Column:
    return _Column(field.attname, None if isinstance(field, _AS_THEY_ARE) else field)


@functools.cache
def _inserting(model: type[models.Model], _vendor: str) -> tuple[list[_Column], str, str, str]:
    fields: list[Any] = [field for field in model._meta.concrete_fields if not field.primary_key]
    quoted = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    row = f"({', '.join(['%s'] * len(fields))})"
    return [_column(field) for field in fields], f"INSERT INTO {table} ({quoted}) VALUES", row, _key(model)


def _key(model: type[models.Model]) -> str:
    return connection.ops.quote_name(str(model._meta.pk.column))


def update(instance: models.Model, *names: str) -> None:
    """Write these fields of one instance. As `save(update_fields=names)`, without signals.

    Raises the model's `DoesNotExist` when the row is gone.
    """
    using = connections[DEFAULT_DB_ALIAS]
    columns, statement = _updating(type(instance), names, using.vendor)
    values = [column.of(instance, using) for column in columns]
    with using.cursor() as cursor:
        cursor.execute(statement, [*values, instance.pk])
        if cursor.rowcount != 1:
            raise type(instance).DoesNotExist(f"{type(instance).__name__} {instance.pk} is gone.")  # type: ignore[attr-defined]


@functools.cache
def _updating(model: type[models.Model], names: tuple[str, ...], _vendor: str) -> tuple[list[_Column], str]:
    fields: list[Any] = [model._meta.get_field(name) for name in names]
    quote = connection.ops.quote_name
    changes = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    statement = f"UPDATE {quote(model._meta.db_table)} SET {changes} WHERE {_key(model)} = %s"  # noqa: S608
    return [_column(field) for field in fields], statement
