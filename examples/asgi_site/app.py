"""A small site for pictures: `granian --interface asgi --port 8500 app:app`. Nothing but the standard library.

Start reading at `contract.py`, which is what the report desk asks of a site, and `desk.py`, which is what it is told.
"""

import asyncio
import email
import email.policy
import json
import secrets
import threading
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import quote

import contract
import desk
import store

MOST_BYTES = 12_000_000
KINDS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG": "image/png", b"RIFF": "image/webp"}
Answer = tuple[int, dict[str, str], bytes]


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application: the whole request, then one function in a thread."""
    if scope["type"] == "lifespan":
        await receive()
        store.prepare()
        threading.Thread(target=desk.run, daemon=True).start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    body, more = bytearray(), True
    while more and len(body) <= MOST_BYTES:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    status, more_headers, answer = await asyncio.to_thread(
        respond, scope["method"], scope["path"], scope["query_string"], headers, bytes(body)
    )
    # no-store: what is hidden must not be shown by a cache on the way, or by going back in a browser.
    given = {"cache-control": "no-store", "x-content-type-options": "nosniff", **more_headers}
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": answer})


def respond(method: str, path: str, query: bytes, headers: dict[str, str], body: bytes) -> Answer:
    """Find what is asked for."""
    _, first, *rest = [*path.split("/"), "", ""]
    if len(body) > MOST_BYTES:
        return page(413, "<p>That is too large.</p>")
    match method, first:
        case "POST", "answerable":
            status, said = contract.answer(body, headers)
            return status, {"content-type": "application/json"}, json.dumps(said).encode()
        case "POST", "upload":
            return upload(form(headers, body))
        case "POST", "delete":
            return delete(rest[0])
        case "GET", "":
            return home()
        case "GET", "p":
            return item_page(rest[0], b"show" in query)
        case "GET", "media":
            return media(rest[0])
    return page(404, "<p>There is nothing here.</p>")


def upload(fields: dict[str, bytes]) -> Answer:
    """Screened before anybody sees it. Who uploads would be known from your sign-in."""
    account, data = fields.get("account", b"").decode("utf-8", "replace")[:60], fields.get("picture", b"")
    media_type = next((kind for magic, kind in KINDS.items() if data.startswith(magic)), "")
    if not account or not media_type:
        return page(400, "<p>Choose a JPEG, PNG or WebP picture, and say who you are.</p>")
    try:
        verdict, to_screen = desk.screen(data, media_type, account), False
    except desk.Away:
        if desk.WHEN_AWAY == "refuse":
            return page(503, "<p>Nothing can be posted right now. Try again in a few minutes.</p>")
        verdict, to_screen = "hold", True
    if verdict == "block":
        return page(403, "<p>This picture can't be shared here: it is one that was removed.</p>")
    ref, now = secrets.token_hex(8), datetime.now(UTC).isoformat()
    with store.transaction() as db:
        if db.execute("SELECT 1 FROM suspended WHERE account = ?", [account]).fetchone():
            return page(403, "<p>This account can't post at the moment.</p>")
        db.execute(
            "INSERT INTO item (ref, account, media, media_type, posted_at, held, to_screen)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [ref, account, data, media_type, now, verdict == "hold", to_screen],
        )
        if not to_screen:  # otherwise it is registered when it has been screened
            desk.register(db, ref, verdict)
    return 303, {"location": f"/p/{ref}"}, b""


def delete(ref: str) -> Answer:
    """By its author, as your sign-in says. The bytes go too, unless the desk froze them."""
    with store.transaction() as db:
        db.execute("UPDATE item SET deleted = 1 WHERE ref = ?", [ref])
        db.execute("UPDATE item SET media = NULL WHERE ref = ? AND NOT frozen", [ref])
        desk.say(db, "item.deleted", {"ref": ref, "deleted_at": datetime.now(UTC).isoformat()})
    return 303, {"location": "/"}, b""


def home() -> Answer:
    """What is visible, newest first: what is limited is not listed."""
    with store.transaction() as db:
        rows = db.execute(
            "SELECT ref FROM item WHERE wanted = 'visible' AND NOT held AND NOT deleted ORDER BY number DESC LIMIT 60"
        ).fetchall()
    pictures = "".join(
        f'<a href="/p/{row["ref"]}"><img src="/media/{row["ref"]}" alt=""></a>' for row in rows
    )
    return page(
        200,
        '<form method="post" action="/upload" enctype="multipart/form-data"><label>Name <input name="account"></label>'
        '<label>Picture <input type="file" name="picture"></label><button>Post</button></form>' + pictures,
    )


def item_page(ref: str, show: bool) -> Answer:
    """One picture, with the link by which anybody reports it."""
    with store.transaction() as db:
        item = db.execute("SELECT * FROM item WHERE ref = ?", [ref]).fetchone()
        if item is None or not store.is_shown(item):
            return page(404, "<p>There is nothing here.</p>")
        db.execute("UPDATE item SET views = views + 1 WHERE ref = ?", [ref])
    if store.visibility(item) == "limited" and not show:
        return page(
            200, f'<p>Some people may not want to see this. <a href="?show=1">Show it</a></p>{report(ref)}'
        )
    return page(200, f'<img src="/media/{ref}" alt=""><p>by {escape(item["account"])}</p>{report(ref)}')


def media(ref: str) -> Answer:
    """The bytes, for exactly those who may see the page. Never from a folder that the web server shows by itself."""
    with store.transaction() as db:
        item = db.execute("SELECT * FROM item WHERE ref = ?", [ref]).fetchone()
    if item is None or not store.is_shown(item):
        return page(404, "<p>There is nothing here.</p>")
    return 200, {"content-type": item["media_type"]}, item["media"]


def report(ref: str) -> str:
    """The way to the desk's form: no account, no script."""
    return f'<p><a href="{desk.DESK}/?link={quote(f"{store.URL}/p/{ref}", safe="")}">Report</a></p>'


def page(status: int, inside: str) -> Answer:
    """A page around some HTML."""
    text = f'<!doctype html><html lang="en"><title>Pictures</title><body>{inside}'
    return status, {"content-type": "text/html; charset=utf-8"}, text.encode()


def form(headers: dict[str, str], body: bytes) -> dict[str, bytes]:
    """The fields of a form with a file in it."""
    head = f"content-type: {headers.get('content-type', '')}\r\n\r\n".encode("latin-1")
    parts = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    return {
        str(part.get_param("name", "", "content-disposition")): part.get_payload(decode=True) or b""
        for part in parts.iter_parts()
    }
