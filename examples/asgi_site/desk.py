"""What the site asks and tells the desk: screening before anything is shown, and an outbox that survives a crash."""

import json
import os
import secrets
import sqlite3
import threading
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from contract import described, inline
from store import DATA, transaction

DESK = os.environ.get("DESK_URL", "http://localhost:8400")
WHEN_AWAY = os.environ.get("SITE_WHEN_DESK_AWAY", "hold")  # or "refuse": then people are asked to come back
NEVER = (400, 404, 409, 413, 422)  # with a problem document: the desk will not take this as it is
SECONDS_BETWEEN_TRIES = 1.0
wake = threading.Event()


class Away(Exception):
    """The desk gave no answer that can be used: ask again later, and show nothing meanwhile."""


class Refused(Exception):
    """The desk will never take this request."""


def screen(media: bytes, media_type: str, account: str) -> str:
    """`clear`, `hold` or `block`. Raises Away. What the desk can't take is held: a person looks."""
    about = {"content-type": media_type, "answerable-account": quote(account)}
    try:
        verdict = post("/api/v1/screen", media, about, seconds=25).get("verdict")
    except Refused:
        return "hold"
    return verdict if verdict in ("clear", "block") else "hold"


def say(db: sqlite3.Connection, kind: str, data: dict[str, Any]) -> None:
    """Owe the desk an event, in the transaction that makes it true."""
    body = {"type": kind, "timestamp": datetime.now(UTC).isoformat(), "data": data}
    db.execute("INSERT INTO event (key, body) VALUES (?, ?)", [secrets.token_hex(16), json.dumps(body)])
    wake.set()


def register(db: sqlite3.Connection, ref: str, screened: str) -> None:
    """Owe the desk that there is a new item, and what it said of it before."""
    item = db.execute("SELECT * FROM item WHERE ref = ?", [ref]).fetchone()
    say(db, "item.registered", {**described(item), "held": bool(item["held"]), "screened": screened})


def run() -> None:
    """What one thread does as long as the site runs. A crash loses nothing: what is owed is in the database."""
    while True:
        try:
            screen_what_waits()
            count_views()
            while send_one():
                pass
        except Away as error:
            print(f"the desk can't be told now: {error}", flush=True)
        except Exception as error:  # whatever it is, what is owed is tried again
            print(f"the outbox failed: {error!r}", flush=True)
        wake.wait(SECONDS_BETWEEN_TRIES)
        wake.clear()


def send_one() -> bool:
    """Send the oldest event; whether there was one. It goes out again until the desk answers: its key makes it one."""
    with transaction() as db:
        event = db.execute("SELECT * FROM event WHERE refused = '' ORDER BY number LIMIT 1").fetchone()
        if event is None:
            return False
        body = json.loads(event["body"])
        item = db.execute("SELECT * FROM item WHERE ref = ?", [body["data"].get("ref", "")]).fetchone()
    if body["type"] == "item.registered" and item["media"]:
        body["data"]["media"] = inline(item)  # a ref's bytes never change here, so a second try is the same
    about = {"content-type": "application/json", "idempotency-key": event["key"]}
    try:
        post("/api/v1/events", json.dumps(body).encode(), about, seconds=20)
    except Refused as error:  # look at these: something is wrong on this side
        with transaction() as db:
            db.execute("UPDATE event SET refused = ? WHERE number = ?", [str(error), event["number"]])
    else:
        with transaction() as db:
            db.execute("DELETE FROM event WHERE number = ?", [event["number"]])
    return True


def screen_what_waits() -> None:
    """Ask about uploads that came while the desk was away, and show what is clear."""
    with transaction() as db:
        waiting = db.execute("SELECT * FROM item WHERE to_screen AND NOT deleted").fetchall()
    for item in waiting:
        verdict = screen(item["media"], item["media_type"], item["account"])
        with transaction() as db:
            is_clear = verdict == "clear"
            db.execute(
                "UPDATE item SET to_screen = 0, held = ? WHERE ref = ? AND to_screen",
                [not is_clear, item["ref"]],
            )
            register(db, item["ref"], verdict)


def count_views() -> None:
    """Owe one event with the totals that grew."""
    with transaction() as db:
        grown = db.execute("SELECT ref, views FROM item WHERE views > views_told LIMIT 500").fetchall()
        if grown:
            say(db, "item.viewed", {"items": [dict(row) for row in grown]})
            db.executemany(
                "UPDATE item SET views_told = :views WHERE ref = :ref", [dict(row) for row in grown]
            )


def post(path: str, body: bytes, headers: dict[str, str], seconds: float) -> dict[str, Any]:
    """One request to the desk. Raises Away, Refused."""
    try:
        key = (DATA / "desk.key").read_text().strip()
        request = urllib.request.Request(
            DESK + path, body, {**headers, "authorization": f"Bearer {key}"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in NEVER and error.headers.get_content_type() == "application/problem+json":
            raise Refused(error.read(500).decode("utf-8", "replace")) from error
        raise Away(f"status {error.code}") from error
    except (OSError, ValueError) as error:
        raise Away(type(error).__name__) from error
