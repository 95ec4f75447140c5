"""The site's own database, and who gets to see what: the one place that pages, media and the contract ask."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DATA = Path(os.environ.get("SITE_DATA", "data"))
URL = os.environ.get("SITE_URL", "http://localhost:8500")  # where people reach this site

SCHEMA = """
CREATE TABLE IF NOT EXISTS item (
    number INTEGER PRIMARY KEY, ref TEXT UNIQUE, account TEXT, media BLOB, media_type TEXT, posted_at TEXT,
    views INTEGER DEFAULT 0, views_told INTEGER DEFAULT 0,
    wanted TEXT DEFAULT 'visible', serial INTEGER DEFAULT 0, -- what the desk wants, and its last serial
    held INTEGER DEFAULT 0,      -- nobody sees it until the desk lets it go
    to_screen INTEGER DEFAULT 0, -- and it has not been screened yet
    frozen INTEGER DEFAULT 0,    -- its author's deletion leaves the bytes
    deleted INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS suspended (account TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS notice (key TEXT PRIMARY KEY, account TEXT, text TEXT);
CREATE TABLE IF NOT EXISTS answered (id TEXT PRIMARY KEY, digest BLOB, answer TEXT, at REAL);
CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY, key TEXT, body TEXT, refused TEXT DEFAULT '');
"""


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """All of what is written inside, or nothing."""
    connection = sqlite3.connect(DATA / "site.sqlite3", timeout=20, isolation_level=None)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")
    finally:
        connection.close()  # without a commit before it, this rolls back


def prepare() -> None:
    """Make the tables."""
    DATA.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(DATA / "site.sqlite3") as connection:
        connection.executescript("PRAGMA journal_mode=WAL;" + SCHEMA)


def visibility(item: sqlite3.Row) -> str:
    """What everybody gets who isn't staff, the author included. An upload that is held is hidden."""
    if item["deleted"]:
        return "gone"
    return "hidden" if item["held"] and item["wanted"] != "gone" else item["wanted"]


def is_shown(item: sqlite3.Row) -> bool:
    """Whether its page and its bytes are given to anybody."""
    return visibility(item) in ("visible", "limited")
