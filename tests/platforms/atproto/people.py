"""The pictures that tests post, and the platform's own moderators."""

import base64
import io
from typing import Any

import httpx
import numpy as np
from PIL import Image

from answerable.demo.atproto.network import ADMIN_PASSWORD, MODERATOR, Network
from answerable.demo.atproto.person import Post


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


class Moderators:
    """The platform's own moderators at Ozone."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.http = httpx.Client(timeout=30, trust_env=False)
        session = self.http.post(
            f"{network.pds}/xrpc/com.atproto.server.createSession",
            json={"identifier": MODERATOR[0], "password": MODERATOR[1]},
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
