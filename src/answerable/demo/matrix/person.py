"""Somebody with a Matrix client, as a program: uploads, posts, reports, looks, through the client API alone."""

import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import quote

import httpx

PASSWORD = "an old boat under the bridge"  # noqa: S105  of accounts on this machine alone


class Refused(Exception):
    """The homeserver did not take it. `status` and Synapse's error code say why."""

    def __init__(self, status: int, code: str, error: str = "") -> None:
        self.status, self.code = status, code
        super().__init__(f"{status} {code} {error}")


def register(url: str, secret: str, name: str, *, admin: bool) -> "Person":
    """Make an account by the shared secret of the homeserver."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        nonce = client.get("/_synapse/admin/v1/register").json()["nonce"]
        words = [nonce, name, PASSWORD, "admin" if admin else "notadmin"]
        mac = hmac.new(secret.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
        body = {"nonce": nonce, "username": name, "password": PASSWORD, "admin": admin, "mac": mac}
        answer = _checked(client.post("/_synapse/admin/v1/register", json=body))
    return Person(url, str(answer["user_id"]), str(answer["access_token"]))


class Person:
    """One account and its client."""

    def __init__(self, url: str, user_id: str, token: str) -> None:
        self.user_id, self.token = user_id, token
        self.client = httpx.Client(
            base_url=url, timeout=60, trust_env=False, headers={"Authorization": f"Bearer {token}"}
        )

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Any call; gives the answer's object. Raises Refused."""
        return _checked(self.client.request(method, path, json=body))

    def room(self, *, version: str | None = None) -> str:
        """A new public room."""
        body: dict[str, Any] = {"preset": "public_chat"}
        if version:
            body["room_version"] = version
        return str(self.call("POST", "/_matrix/client/v3/createRoom", body)["room_id"])

    def join(self, room: str) -> None:
        """Go into a public room."""
        self.call("POST", f"/_matrix/client/v3/rooms/{quote(room, safe='')}/join", {})

    def upload(self, data: bytes, media_type: str = "image/png") -> str:
        """Upload a file; gives its `mxc://` address. Raises Refused."""
        headers = {"Content-Type": media_type}
        answer = self.client.post("/_matrix/media/v3/upload", content=data, headers=headers)
        return str(_checked(answer)["content_uri"])

    def post(self, room: str, mxc: str, *, msgtype: str = "m.image", **more: Any) -> str:
        """Post an upload in a room; gives the event's id."""
        return self.send(room, {"msgtype": msgtype, "body": "picture", "url": mxc, **more})

    def say(self, room: str, words: str) -> str:
        """Post words in a room; gives the event's id."""
        return self.send(room, {"msgtype": "m.text", "body": words})

    def send(self, room: str, content: dict[str, Any], kind: str = "m.room.message") -> str:
        """Send an event; gives its id."""
        where = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/send/{kind}/{secrets.token_hex(8)}"
        return str(self.call("PUT", where, content)["event_id"])

    def redact(self, room: str, event: str) -> None:
        """Take back one's own event."""
        where = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/redact/{quote(event, safe='')}"
        self.call("PUT", f"{where}/{secrets.token_hex(8)}", {})

    def report_event(self, room: str, event: str, reason: str = "") -> None:
        """Report an event, as any client does."""
        where = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/report/{quote(event, safe='')}"
        self.call("POST", where, {"reason": reason, "score": -100})

    def report_room(self, room: str, reason: str = "") -> None:
        """Report a room."""
        self.call("POST", f"/_matrix/client/v3/rooms/{quote(room, safe='')}/report", {"reason": reason})

    def report_user(self, user: str, reason: str = "") -> None:
        """Report a user."""
        self.call("POST", f"/_matrix/client/v3/users/{quote(user, safe='')}/report", {"reason": reason})

    def sees(self, mxc: str, *, thumbnail: bool = False) -> bool:
        """Whether this person gets an upload now."""
        what = "thumbnail" if thumbnail else "download"
        size = {"width": "96", "height": "96", "method": "scale"} if thumbnail else {}
        answer = self.client.get(f"/_matrix/client/v1/media/{what}/{mxc.removeprefix('mxc://')}", params=size)
        return answer.status_code == 200

    def reads(self, room: str, event: str) -> dict[str, Any]:
        """What an event's readers get of it."""
        where = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/event/{quote(event, safe='')}"
        return self.call("GET", where)


def _checked(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    if not answer.is_success:
        raise Refused(answer.status_code, str(body.get("errcode", "")), str(body.get("error", "")))
    return dict(body)
