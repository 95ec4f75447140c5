"""A small platform that follows the http contract truthfully: `python -m bench.site PORT SECRET_FILE`.

It checks each signature, remembers what is wanted of each item, and shows an item to strangers exactly while
it is visible. One asyncio process without a framework, so that what is measured is the desk.
"""

import asyncio
import base64
import hashlib
import hmac
import io
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
from PIL import Image

from answerable.lineage import die_with_parent


def picture(ref: str, side: int = 256) -> bytes:
    """A picture of its own for every item: soft coloured patches, as JPEG."""
    random = np.random.default_rng(int.from_bytes(hashlib.sha256(ref.encode()).digest()[:8]))
    patches = Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    encoded = io.BytesIO()
    patches.resize((side, side), Image.Resampling.BICUBIC).save(encoded, "JPEG", quality=85)
    return encoded.getvalue()


@dataclass
class Thing:
    """What is wanted of one item, and the last request carried out for it."""

    wanted: str = "visible"
    serial: int = 0


class Site(asyncio.Protocol):
    """One connection. State is the class's: all connections see the same site."""

    key: bytes = b""
    port: int = 0
    things: dict[str, Thing] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while (end := self.pending.find(b"\r\n\r\n")) >= 0:
            head, *lines = self.pending[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
            whole = end + 4 + int(headers.get("content-length", "0"))
            if len(self.pending) < whole:
                return
            body, self.pending = self.pending[end + 4 : whole], self.pending[whole:]
            method, path, _ = head.split(" ")
            status, answer, media_type = self.post(headers, body) if method == "POST" else self.get(path)
            self.transport.write(
                f"HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {len(answer)}\r\n\r\n".encode()
                + answer
            )

    def get(self, path: str) -> tuple[str, bytes, str]:
        """A stranger's look at a page or its media."""
        place, ref = unquote(path).split("/")[1:3] if path.count("/") >= 2 else ("", "")
        if path == "/ready":
            return "200 OK", b"ready", "text/plain"
        if self.thing(ref).wanted in ("hidden", "gone"):
            return "404 Not Found", b"nothing here", "text/plain"
        if place == "media":
            return "200 OK", picture(ref), "image/jpeg"
        return "200 OK", b"<title>a page</title>", "text/html"

    def post(self, headers: dict[str, str], body: bytes) -> tuple[str, bytes, str]:
        """A request of the desk: its signature, its verb, its answer with the request's id."""
        number = headers.get("webhook-id", "")
        signed = f"{number}.{headers.get('webhook-timestamp', '')}.".encode() + body
        proof = "v1," + base64.b64encode(hmac.digest(self.key, signed, "sha256")).decode()
        if not hmac.compare_digest(proof, headers.get("webhook-signature", "")):
            return (
                "401 Unauthorized",
                json.dumps({"re": number, "error": "bad_signature"}).encode(),
                "application/json",
            )
        asked = json.loads(body)
        act = VERBS.get(asked["verb"])
        if act is None:
            return (
                "400 Bad Request",
                json.dumps({"re": number, "error": "cannot"}).encode(),
                "application/json",
            )
        return "200 OK", json.dumps({"re": number, **act(self, asked)}).encode(), "application/json"

    def thing(self, ref: str) -> Thing:
        return self.things.setdefault(ref, Thing())

    def item_get(self, asked: dict[str, Any]) -> dict[str, Any]:
        ref, here = asked["ref"], f"http://127.0.0.1:{self.port}"
        media: dict[str, Any] = {"url": f"{here}/media/{ref}", "media_type": "image/jpeg"}
        if self.thing(ref).wanted != "visible":
            media = {"inline": base64.b64encode(picture(ref)).decode(), "media_type": "image/jpeg"}
        return {
            "ref": ref,
            "kind": "image",
            "url": f"{here}/p/{ref}",
            "account": f"account-{ref}",
            "media": media,
        }

    def item_visibility(self, asked: dict[str, Any]) -> dict[str, Any]:
        ref, here = asked["ref"], f"http://127.0.0.1:{self.port}"
        thing = self.thing(ref)
        look = {"page": f"{here}/p/{ref}", "media": [f"{here}/media/{ref}"]}
        return {"ref": ref, "visibility": thing.wanted, "serial": thing.serial, "look": look}

    def item_set_visibility(self, asked: dict[str, Any]) -> dict[str, Any]:
        thing = self.thing(asked["ref"])
        if asked["serial"] >= thing.serial:
            thing.wanted, thing.serial = asked["wanted"], asked["serial"]
        return {"done": True, "serial": thing.serial, "frozen": thing.wanted != "visible"}

    def item_freeze(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.thing(asked["ref"])
        return {"done": True}

    def account_notify(self, _asked: dict[str, Any]) -> dict[str, Any]:
        return {"done": True}


VERBS = {
    "item.get": Site.item_get,
    "item.visibility": Site.item_visibility,
    "item.set_visibility": Site.item_set_visibility,
    "item.freeze": Site.item_freeze,
    "account.notify": Site.account_notify,
}


async def serve(port: int, secret: Path) -> None:
    """Answer until stopped."""
    Site.port = port
    Site.key = base64.b64decode(secret.read_text().strip().removeprefix("whsec_"))
    server = await asyncio.get_running_loop().create_server(Site, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[3]))
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
