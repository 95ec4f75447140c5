"""The database's own refusals: triggers of all applications, made again after every migrate.

An application that has a module `triggers` says there, in `statements(vendor)`, which functions and triggers
it needs. Altering a table on SQLite rebuilds it and silently drops its triggers, so they are made again
after every migrate, here and only here, and nothing serves while one is missing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.module_loading import module_has_submodule

_TRIGGER = re.compile(
    r"\A\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:CONSTRAINT\s+)?TRIGGER\s+(?:IF\s+NOT\s+EXISTS\s+)?"
    r'"?(?P<name>\w+)"?\s.*?\bON\s+"?(?P<table>\w+)"?',
    re.IGNORECASE | re.DOTALL,
)


class TriggersMissing(Exception):
    """The database lacks its own refusals: run `answerable migrate`, which makes them again."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"{self.__doc__} Missing or changed: {', '.join(names)}.")


@dataclass(frozen=True)
class Statement:
    """One statement of an application; `name` and `table` are empty for what is no trigger."""

    sql: str
    name: str
    table: str


def statements(vendor: str) -> Iterator[Statement]:
    """What every application wants, in the order of INSTALLED_APPS. `vendor` is sqlite or postgresql."""
    for application in apps.get_app_configs():
        ours = application.name.startswith("answerable.") and application.label != "db"
        if ours and module_has_submodule(application.module, "triggers"):
            for sql in import_module(f"{application.name}.triggers").statements(vendor):
                found = _TRIGGER.match(sql)
                yield Statement(sql, found["name"] if found else "", found["table"] if found else "")


def create(connection: BaseDatabaseWrapper) -> None:
    """Make every trigger again, in one transaction; those of tables that aren't there yet wait."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
        for statement in statements(connection.vendor):
            if statement.table and statement.table not in tables:
                continue
            if statement.name:
                of_table = f' ON "{statement.table}"' if connection.vendor == "postgresql" else ""
                cursor.execute(f'DROP TRIGGER IF EXISTS "{statement.name}"{of_table}')
            cursor.execute(statement.sql)


def create_after_migrate(using: str, **_signal: Any) -> None:
    """Receiver of `post_migrate`, once for all applications."""
    create(connections[using])


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the triggers that aren't there, are switched off or (on SQLite) were changed."""
    wanted = {s.name: s.sql for s in statements(connection.vendor) if s.name}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
            there = {name for (name,) in cursor.fetchall()}
            return sorted(set(wanted) - there)
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        made = {name: _plain(sql) for name, sql in cursor.fetchall()}
    return sorted(name for name, sql in wanted.items() if made.get(name) != _plain(sql))


def refuse_without(connection: BaseDatabaseWrapper) -> None:
    """The start-up check of everything that serves. Raises TriggersMissing."""
    names = missing(connection)
    if names:
        raise TriggersMissing(names)


def _plain(sql: str) -> str:
    """The sentence without what a database may write differently: its head, spaces, the last semicolon."""
    return " ".join(re.split(r"\bTRIGGER\b", sql, maxsplit=1, flags=re.IGNORECASE)[-1].split()).rstrip("; ")
