"""Finds words that should be gone: in every column of every table, and in the bytes of SQLite's file and its log."""

from pathlib import Path

from django.db import connection


def where(*words: str | bytes) -> set[str]:
    """The columns (`table.column`) in whose values any of these words stands, however a value is typed."""
    wanted = [word.encode() if isinstance(word, str) else word for word in words]
    found = set()
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            columns = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for column, value in zip(columns, row, strict=True):
                    held = value if isinstance(value, bytes | memoryview) else str(value).encode()
                    if any(word in bytes(held) for word in wanted):
                        found.add(f"{table}.{column}")
    return found


def in_files(folder: Path, *pieces: bytes) -> set[str]:
    """The files below a folder that hold any of these bytes."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(piece in path.read_bytes() for piece in pieces)}
