"""People who use the platform through its own client's calls, and what strangers get."""

import itertools
from dataclasses import dataclass
from typing import Any

import httpx

from answerable import clock
from answerable.demo.atproto.network import Network
from answerable.demo.sample.visitor import NotPosted

POST = "app.bsky.feed.post"
_serials = itertools.count(1)


class Refused(NotPosted):
    """The data server did not take it. `status` and its error say why."""

    def __init__(self, status: int, error: str, message: str = "") -> None:
        self.status, self.error = status, error
        super().__init__(f"{status} {error} {message}")


@dataclass(frozen=True)
class Post:
    """A post as its author got it back."""

    uri: str
    cid: str
    blobs: tuple[str, ...]

    @property
    def did(self) -> str:
        """Its author."""
        return self.uri.split("/")[2]

    @property
    def rkey(self) -> str:
        """Its name among its author's posts."""
        return self.uri.rsplit("/", 1)[1]

    def ref(self, place: int = 0) -> str:
        """The desk's ref of one of its pictures."""
        return "!".join([self.did, POST, self.rkey, self.blobs[place]])

    def strong(self) -> dict[str, str]:
        """How other records, and reports, name it."""
        return {"uri": self.uri, "cid": self.cid}


class Account:
    """Somebody with an account there."""

    def __init__(self, network: Network, name: str) -> None:
        """Make it; its handle begins with `name`. Raises Refused."""
        self.network = network
        self.http = httpx.Client(timeout=30, trust_env=False)
        self.password = f"a password of {name}"
        handle = f"{name}{next(_serials)}.test"
        self._token = ""
        made = self.call(
            "com.atproto.server.createAccount",
            {"handle": handle, "email": f"{handle}@mail.test", "password": self.password},
        )
        self.did, self.handle, self._token = str(made["did"]), str(made["handle"]), str(made["accessJwt"])

    def call(self, nsid: str, body: Any, **headers: str) -> dict[str, Any]:
        """One call of their client. Raises Refused."""
        answer = self.try_(nsid, body, **headers)
        said = dict(answer.json()) if answer.content else {}
        if answer.status_code != 200:
            raise Refused(answer.status_code, str(said.get("error", "")), str(said.get("message", "")))
        return said

    def try_(self, nsid: str, body: Any, **headers: str) -> httpx.Response:
        """One call that may be refused."""
        url = f"{self.network.pds}/xrpc/{nsid}"
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        if isinstance(body, bytes):
            return self.http.post(url, content=body, headers=headers)
        return self.http.post(url, json=body, headers=headers)

    def upload(self, data: bytes, media_type: str = "image/png") -> dict[str, Any]:
        """A blob, not yet in any record. Raises Refused."""
        return dict(self.call("com.atproto.repo.uploadBlob", data, **{"content-type": media_type})["blob"])

    def post(self, *pictures: bytes, text: str = "At the lake") -> Post:
        """A post with that many pictures. Raises Refused."""
        blobs = [self.upload(one) for one in pictures]
        record: dict[str, Any] = {"text": text}
        if blobs:
            images = [{"image": blob, "alt": ""} for blob in blobs]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        made = self.write(POST, record)
        return Post(made["uri"], made["cid"], tuple(blob["ref"]["$link"] for blob in blobs))

    def repost(self, post: Post) -> None:
        """Show somebody's post to those who follow this account. Raises Refused."""
        self.write("app.bsky.feed.repost", {"subject": post.strong()})

    def write(self, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        """A new record; gives what the server says of it. Raises Refused."""
        whole = {"$type": collection, "createdAt": f"{clock.system_now():%Y-%m-%dT%H:%M:%S.%fZ}", **record}
        body = {"repo": self.did, "collection": collection, "record": whole}
        return self.call("com.atproto.repo.createRecord", body)

    def set_avatar(self, picture: bytes) -> str:
        """Show a picture in the profile; the desk's ref of it. Raises Refused."""
        blob = self.upload(picture)
        record = {"$type": "app.bsky.actor.profile", "displayName": "Uri", "avatar": blob}
        body = {"repo": self.did, "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
        self.call("com.atproto.repo.putRecord", body)
        return "!".join([self.did, "app.bsky.actor.profile", "self", blob["ref"]["$link"]])

    def delete(self, post: Post) -> None:
        """Delete their own post. Raises Refused."""
        body = {"repo": self.did, "collection": POST, "rkey": post.rkey}
        self.call("com.atproto.repo.deleteRecord", body)

    def report(self, post: Post, why: str = "ChildSafetyCSAM", words: str = "") -> int:
        """The client's own report button. Raises Refused."""
        return self.report_subject({"$type": "com.atproto.repo.strongRef", **post.strong()}, why, words)

    def report_subject(self, subject: dict[str, str], why: str, words: str = "") -> int:
        """The same about anything. Raises Refused."""
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
        query = f"repo={post.did}&collection={POST}&rkey={post.rkey}"
        return self.status(f"{self.network.pds}/xrpc/com.atproto.repo.getRecord?{query}") == 200

    def in_appview(self, post: Post) -> bool:
        """Whether the AppView shows the post."""
        answer = self.http.get(f"{self.network.appview}/xrpc/app.bsky.feed.getPosts?uris={post.uri}")
        return bool(answer.json()["posts"])

    def in_feed_of(self, did: str, post: Post) -> bool:
        """Whether the AppView shows the post among what an account posted and reposted."""
        answer = self.http.get(f"{self.network.appview}/xrpc/app.bsky.feed.getAuthorFeed?actor={did}")
        return any(one["post"]["uri"] == post.uri for one in answer.json().get("feed", ()))

    def everywhere(self, post: Post, place: int = 0) -> list[bool]:
        """Blob, AppView's picture and thumbnail, record, post."""
        return [*self.pictures(post, place), self.record(post), self.in_appview(post)]

    def pictures(self, post: Post, place: int = 0) -> list[bool]:
        """The same of the picture alone."""
        did, cid = post.did, post.blobs[place]
        return [self.blob(did, cid), self.picture(did, cid), self.picture(did, cid, "feed_thumbnail")]
