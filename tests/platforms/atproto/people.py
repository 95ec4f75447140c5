"""People who use the platform through its own client's calls, and what strangers get."""

import base64
import io
import itertools
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from PIL import Image

from tests.platforms.atproto.network import ADMIN_PASSWORD, Network

_serials = itertools.count(1)


def landscape(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A synthetic picture with enough in it for its PDQ."""
    grid = np.random.default_rng(seed).integers(0, 255, (7, 9, 3), dtype=np.uint8)
    return Image.fromarray(grid).resize(size, Image.Resampling.BICUBIC)


def png(picture: Image.Image) -> bytes:
    """As a file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def jpeg(picture: Image.Image, quality: int = 70) -> bytes:
    """The same picture, coded anew."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


@dataclass(frozen=True)
class Post:
    """A post as its author got it back."""

    uri: str
    cid: str
    blobs: tuple[str, ...]

    @property
    def did(self) -> str:
        return self.uri.split("/")[2]

    @property
    def rkey(self) -> str:
        return self.uri.rsplit("/", 1)[1]

    def ref(self, place: int = 0) -> str:
        """The desk's ref of one of its pictures."""
        return "!".join([self.did, "app.bsky.feed.post", self.rkey, self.blobs[place]])


class Account:
    """Somebody with an account there."""

    def __init__(self, network: Network, name: str) -> None:
        self.network = network
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.password = f"a password of {name}"
        handle = f"{name}{next(_serials)}.test"
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle}@mail.test", "password": self.password},
        )
        self.did, self.handle, self._token = made["did"], made["handle"], made["accessJwt"]

    def call(self, nsid: str, body: Any, **headers: str) -> dict[str, Any]:
        """One call of their client."""
        answer = self.try_(nsid, body, **headers)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()) if answer.content else {}

    def try_(self, nsid: str, body: Any, **headers: str) -> httpx.Response:
        """One call that may be refused."""
        url = f"{self.network.pds}/xrpc/{nsid}"
        if hasattr(self, "_token"):
            headers["authorization"] = f"Bearer {self._token}"
        if isinstance(body, bytes):
            return self.http.post(url, content=body, headers=headers)
        return self.http.post(url, json=body, headers=headers)

    def upload(self, data: bytes, media_type: str = "image/png") -> dict[str, Any]:
        """A blob, not yet in any record."""
        return dict(self.call("com.atproto.repo.uploadBlob", data, **{"content-type": media_type})["blob"])

    def post(self, *pictures: bytes, text: str = "At the lake") -> Post:
        """A post with that many pictures."""
        blobs = [self.upload(one) for one in pictures]
        record: dict[str, Any] = {
            "$type": "app.bsky.feed.post",
            "text": text,
            "createdAt": "2026-11-27T08:00:00Z",
        }
        if blobs:
            images = [{"image": blob, "alt": ""} for blob in blobs]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        body = {"repo": self.did, "collection": "app.bsky.feed.post", "record": record}
        made = self.call("com.atproto.repo.createRecord", body)
        return Post(made["uri"], made["cid"], tuple(blob["ref"]["$link"] for blob in blobs))

    def set_avatar(self, picture: bytes) -> str:
        """Show a picture in the profile; the desk's ref of it."""
        blob = self.upload(picture)
        record = {"$type": "app.bsky.actor.profile", "displayName": "Uri", "avatar": blob}
        body = {"repo": self.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
        self.call("com.atproto.repo.putRecord", body)
        return "!".join([self.did, "app.bsky.actor.profile", "self", blob["ref"]["$link"]])

    def delete(self, post: Post) -> None:
        """Delete their own post."""
        body = {"repo": self.did, "collection": "app.bsky.feed.post", "rkey": post.rkey}
        self.call("com.atproto.repo.deleteRecord", body)

    def report(self, post: Post, why: str = "ChildSafetyCSAM", words: str = "") -> int:
        """The client's own report button."""
        subject = {"$type": "com.atproto.repo.strongRef", "uri": post.uri, "cid": post.cid}
        return self.report_subject(subject, why, words)

    def report_subject(self, subject: dict[str, str], why: str, words: str = "") -> int:
        """The same about anything."""
        body = {"reasonType": f"tools.ozone.report.defs#reason{why}", "reason": words, "subject": subject}
        return int(self.call("com.atproto.moderation.createReport", body)["id"])


class Stranger:
    """Somebody without an account, who is neither author nor staff."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.http = httpx.Client(timeout=30, trust_env=False)

    def status(self, url: str) -> int:
        """What an address answers; 0 where the server hangs up, as it does on what is taken down meanwhile."""
        try:
            return self.http.get(url).status_code
        except httpx.RemoteProtocolError:
            return 0

    def blob(self, did: str, cid: str) -> bool:
        """Whether the data server gives the picture."""
        return self.status(f"{self.network.pds}/xrpc/com.atproto.sync.getBlob?did={did}&cid={cid}") == 200

    def picture(self, did: str, cid: str, preset: str = "feed_fullsize") -> bool:
        """Whether the AppView, or its cache, gives the picture."""
        return self.status(f"{self.network.appview}/img/{preset}/plain/{did}/{cid}") == 200

    def record(self, post: Post) -> bool:
        """Whether the data server gives the post."""
        query = f"repo={post.did}&collection=app.bsky.feed.post&rkey={post.rkey}"
        return self.status(f"{self.network.pds}/xrpc/com.atproto.repo.getRecord?{query}") == 200

    def in_appview(self, post: Post) -> bool:
        """Whether the AppView shows the post."""
        answer = self.http.get(f"{self.network.appview}/xrpc/app.bsky.feed.getPosts?uris={post.uri}")
        return bool(answer.json()["posts"])

    def everywhere(self, post: Post, place: int = 0) -> list[bool]:
        """Blob, AppView's picture and thumbnail, record, post."""
        did, cid = post.did, post.blobs[place]
        return [
            self.blob(did, cid),
            self.picture(did, cid),
            self.picture(did, cid, "feed_thumbnail"),
            self.record(post),
            self.in_appview(post),
        ]


class Moderators:
    """The platform's own moderators at Ozone."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.http = httpx.Client(timeout=30, trust_env=False)
        session = self.http.post(
            f"{network.pds}/xrpc/com.atproto.server.createSession",
            json={"identifier": "mod-authority.test", "password": "hunter2"},
        ).json()
        self.did = session["did"]
        self.http.headers["authorization"] = f"Bearer {session['accessJwt']}"
        self.http.headers["atproto-proxy"] = f"{network.ozone_did}#atproto_labeler"

    def events(self, kind: str, **query: Any) -> list[dict[str, Any]]:
        """Ozone's history, newest first."""
        query["types"] = f"tools.ozone.moderation.defs#modEvent{kind}"
        url = f"{self.network.pds}/xrpc/tools.ozone.moderation.queryEvents"
        return list(self.http.get(url, params=query).json()["events"])

    def take_down(self, post: Post) -> None:
        """By their own hand."""
        body = {
            "event": {"$type": "tools.ozone.moderation.defs#modEventTakedown", "comment": "by hand"},
            "subject": {"$type": "com.atproto.repo.strongRef", "uri": post.uri, "cid": post.cid},
            "subjectBlobCids": list(post.blobs),
            "createdBy": self.did,
        }
        url = f"{self.network.pds}/xrpc/tools.ozone.moderation.emitEvent"
        answer = self.http.post(url, json=body)
        assert answer.status_code == 200, answer.text

    def labels(self, uri: str) -> set[str]:
        """The labels that now stand on something, as everybody may read them."""
        url = f"{self.network.ozone}/xrpc/com.atproto.label.queryLabels"
        answer = httpx.get(url, params={"uriPatterns": uri}, trust_env=False)
        return {one["val"] for one in answer.json()["labels"] if not one.get("neg")}


def basic() -> str:
    """The administrator's header."""
    return "Basic " + base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
