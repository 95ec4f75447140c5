"""What the desk asks: one address, the verb in the signed body, `re` in every answer."""

import base64
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from standardwebhooks.webhooks import Webhook

from store import DATA, URL, is_shown, transaction, visibility

Body = dict[str, Any]
VISIBILITIES = ("visible", "limited", "hidden", "gone")
REMEMBERED_SECONDS = 3600
PER_PAGE = 100


class Refused(Exception):
    """A status, and the contract's name for what is wrong."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status, self.error = status, error


def answer(raw: bytes, headers: dict[str, str]) -> tuple[int, Body]:
    """Check the signature, carry the verb out once, and echo the request's id."""
    request_id = headers.get("webhook-id", "")
    try:
        body = verified(raw, headers)
        with transaction() as db:
            return 200, {"re": request_id, **once(db, request_id, raw, body)}
    except Refused as problem:
        return problem.status, {"re": request_id, "error": problem.error}


def verified(raw: bytes, headers: dict[str, str]) -> Body:
    """The body, if the desk signed these very bytes within five minutes of now."""
    try:
        body = Webhook((DATA / "desk.secret").read_text().strip()).verify(raw, headers)
    except Exception as error:  # whatever is wrong with a signature, the answer is the same
        raise Refused(401, "bad_signature") from error
    if not isinstance(body, dict):
        raise Refused(400, "bad_request")
    return body


def once(db: sqlite3.Connection, request_id: str, raw: bytes, body: Body) -> Body:
    """What changes something is carried out once for its id: sent again or replayed, it gets the answer it got."""
    digest, now = hashlib.sha256(raw).digest(), time.time()
    before = db.execute("SELECT * FROM answered WHERE id = ?", [request_id]).fetchone()
    if before:
        if before["digest"] != digest:
            raise Refused(409, "other_body_same_id")
        return json.loads(before["answer"])
    if body.get("verb") not in VERBS:
        raise Refused(400, "unknown_verb")
    said = VERBS[body["verb"]](db, body)
    if said.get("done"):
        db.execute("DELETE FROM answered WHERE at < ?", [now - REMEMBERED_SECONDS])
        db.execute("INSERT INTO answered VALUES (?, ?, ?, ?)", [request_id, digest, json.dumps(said), now])
    return said


def the_item(db: sqlite3.Connection, body: Body) -> sqlite3.Row:
    """The item named; one that its author deleted is there only while its bytes are."""
    ref = text(body, "ref")
    item = db.execute("SELECT * FROM item WHERE ref = ? AND (frozen OR NOT deleted)", [ref]).fetchone()
    if item is None:
        raise Refused(404, "not_found")
    return item


def described(item: sqlite3.Row) -> Body:
    """An item without its bytes: what the list and the events say of it."""
    return {
        "ref": item["ref"],
        "kind": "image",
        "url": f"{URL}/p/{item['ref']}",
        "account": item["account"],
        "posted_at": item["posted_at"],
        "views": item["views"],
    }


def inline(item: sqlite3.Row) -> Body:
    """The bytes, for the desk alone."""
    return {"inline": base64.b64encode(item["media"]).decode(), "media_type": item["media_type"]}


def item_get(db: sqlite3.Connection, body: Body) -> Body:
    item = the_item(db, body)
    return {**described(item), "media": inline(item)}


def item_resolve(db: sqlite3.Connection, body: Body) -> Body:
    ref = text(body, "url").split("?")[0].rstrip("/").rsplit("/", 1)[-1]
    found = db.execute("SELECT ref FROM item WHERE ref = ?", [ref]).fetchone()
    return {"ref": found["ref"], "kind": "image"} if found else {"ref": None}


def item_visibility(db: sqlite3.Connection, body: Body) -> Body:
    item = the_item(db, body)
    look = {"page": f"{URL}/p/{item['ref']}", "media": [f"{URL}/media/{item['ref']}"]}
    return {"ref": item["ref"], "visibility": visibility(item), "serial": item["serial"], "look": look}


def item_set_visibility(db: sqlite3.Connection, body: Body) -> Body:
    item, wanted, serial = the_item(db, body), body.get("wanted"), body.get("serial")
    if wanted not in VISIBILITIES or type(serial) is not int or serial < 0:
        raise Refused(400, "bad_request")
    if serial < item["serial"]:  # it came late: answered, and nothing changes
        return {"done": True, "serial": item["serial"]}
    db.execute("UPDATE item SET wanted = ?, serial = ? WHERE ref = ?", [wanted, serial, item["ref"]])
    if wanted == "visible":
        db.execute("UPDATE item SET held = 0, to_screen = 0 WHERE ref = ?", [item["ref"]])
    if wanted in ("hidden", "gone"):  # its author can't destroy it from now on, and it can be put back
        db.execute("UPDATE item SET frozen = 1 WHERE ref = ?", [item["ref"]])
    return {"done": True, "serial": serial, "frozen": wanted in ("hidden", "gone") or bool(item["frozen"])}


def item_freeze(db: sqlite3.Connection, body: Body) -> Body:
    db.execute("UPDATE item SET frozen = 1 WHERE ref = ?", [the_item(db, body)["ref"]])
    return {"done": True}


def upload_release(db: sqlite3.Connection, body: Body) -> Body:
    db.execute("UPDATE item SET held = 0, to_screen = 0 WHERE ref = ?", [the_item(db, body)["ref"]])
    return {"done": True}


def account_get(db: sqlite3.Connection, body: Body) -> Body:
    account = the_account(db, body)
    suspended = db.execute("SELECT 1 FROM suspended WHERE account = ?", [account]).fetchone()
    return {"account": account, "suspended": suspended is not None}


def account_facts(db: sqlite3.Connection, body: Body) -> Body:
    """What an authority is told of an account that it is told of: write down here all that your site knows."""
    account = the_account(db, body)
    return {"account": account, "screen_name": account}


def account_suspend(db: sqlite3.Connection, body: Body) -> Body:
    account = the_account(db, body)
    if type(body.get("suspended")) is not bool:
        raise Refused(400, "bad_request")
    db.execute("DELETE FROM suspended WHERE account = ?", [account])
    if body["suspended"]:
        db.execute("INSERT INTO suspended VALUES (?)", [account])
    return {"done": True}


def account_notify(db: sqlite3.Connection, body: Body) -> Body:
    said = [text(body, "key"), the_account(db, body), text(body, "text")]
    db.execute("INSERT OR IGNORE INTO notice VALUES (?, ?, ?)", said)
    return {"done": True}


def items_list(db: sqlite3.Connection, body: Body) -> Body:
    after = text(body, "cursor", "0")
    if not after.isdecimal() or len(after) > 18:
        raise Refused(400, "bad_request")
    rows = db.execute(
        "SELECT * FROM item WHERE number > ? AND (frozen OR NOT deleted) ORDER BY number LIMIT ?",
        [int(after), PER_PAGE],
    ).fetchall()
    items = [described(row) for row in rows]
    for item, row in zip(items, rows, strict=True):
        if is_shown(row):  # where it isn't, the desk asks item.get
            item["media"] = {"url": f"{URL}/media/{row['ref']}", "media_type": row["media_type"]}
    return {"items": items, "cursor": str(rows[-1]["number"]) if len(rows) == PER_PAGE else ""}


def the_account(db: sqlite3.Connection, body: Body) -> str:
    account = text(body, "account")
    if not db.execute("SELECT 1 FROM item WHERE account = ?", [account]).fetchone():
        raise Refused(404, "not_found")
    return account


def text(body: Body, member: str, otherwise: str = "") -> str:
    value = body.get(member) or otherwise
    if not isinstance(value, str) or not value:
        raise Refused(400, "bad_request")
    return value


VERBS: dict[str, Callable[[sqlite3.Connection, Body], Body]] = {
    "item.get": item_get,
    "item.resolve": item_resolve,
    "item.visibility": item_visibility,
    "item.set_visibility": item_set_visibility,
    "item.freeze": item_freeze,
    "items.list": items_list,
    "upload.release": upload_release,
    "account.get": account_get,
    "account.facts": account_facts,
    "account.suspend": account_suspend,
    "account.notify": account_notify,
}
