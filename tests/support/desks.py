"""Copies of a migrated desk, for tests that commit: the log's triggers forbid to empty a database."""

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.db import connections

from answerable.settings.config import CONFIG_NAME, DATA_VARIABLE


@dataclass(frozen=True)
class Desk:
    """A desk of one test's own: its data directory, its database, and the environment for its processes."""

    data: Path
    database: str
    environment: dict[str, str] = field(default_factory=dict)


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database with whatever its write-ahead log still holds."""
    with (
        contextlib.closing(sqlite3.connect(source)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)
        new.execute("PRAGMA journal_mode=WAL")


def copy_postgresql(template: str, name: str) -> None:
    """Copy a database by TEMPLATE. Nobody may be connected to the template."""
    with _administrator() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def drop_postgresql(name: str) -> None:
    """Drop a copied database, whoever is still connected."""
    with _administrator() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def _administrator() -> Iterator["object"]:
    import psycopg

    settings = connections["default"].settings_dict
    with psycopg.connect(
        dbname="postgres", user=settings["USER"], host=settings["HOST"], autocommit=True
    ) as connection:
        yield connection.cursor()


@contextlib.contextmanager
def fresh_desk(folder: Path, *, migrated: str, postgresql: bool, serial: int) -> Iterator[Desk]:
    """A copy of the tests' desk in `folder` with an empty, migrated database; this process uses it too."""
    source = Path(os.environ[DATA_VARIABLE])
    data = folder / "desk"
    shutil.copytree(source, data, ignore=shutil.ignore_patterns("*.sqlite3*"))
    default = connections["default"]
    default.close()
    if postgresql:
        name = f"copy_{os.getpid()}_{serial}"
        copy_postgresql(migrated, name)
        _point_configuration(data / CONFIG_NAME, name)
    else:
        name = str(data / "answerable.sqlite3")
        copy_sqlite(Path(migrated), Path(name))
    default.settings_dict["NAME"] = name
    try:
        yield Desk(data, name, {**os.environ, DATA_VARIABLE: str(data)})
    finally:
        default.close()
        default.settings_dict["NAME"] = migrated
        if postgresql:
            drop_postgresql(name)


def _point_configuration(path: Path, name: str) -> None:
    """Let the copied configuration name the copied database, for processes started on it."""
    text = path.read_text()
    url = text.split("[database]")[1].split('"')[1]
    parts = urlsplit(url)
    path.write_text(text.replace(url, f"{parts.scheme}://{parts.netloc}/{name}?{parts.query}"))
