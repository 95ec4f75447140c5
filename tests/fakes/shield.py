"""Arachnid Shield over real HTTP: hashes only. Whoever sends it media or an address fails the test."""

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from tests.fakes.web import Party, Reply, Request

LOGIN = "desk:a password of the tests"


class Shield(Party):
    """The service. `known`: what it says of a PDQ. `media_asked`: calls that must never be made."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[bytes, Any] = {}
        self.media_asked: list[str] = []
        self.spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Basic " + base64.b64encode(LOGIN.encode()).decode():
            return self._detail(401, "Invalid username/password.")
        if request.path.startswith(("/v1/media", "/v1/url")):
            self.media_asked.append(request.path)
        if (request.method, request.path) != ("POST", "/v1/pdq/"):
            return self._detail(404, "Not found.")
        body = json.loads(request.body)
        if set(body) != {"hashes"} or not 1 <= len(body["hashes"]) <= 100:
            return self._detail(400, "Bad request.")
        try:
            pdqs = {name: base64.b64decode(name, validate=True) for name in body["hashes"]}
        except binascii.Error:
            return self._detail(400, "Not base64.")
        if any(len(pdq) != 32 for pdq in pdqs.values()):
            return self._detail(400, "Not a PDQ.")
        clean = {"classification": "no-known-match", "match_type": None, "near_match_details": []}
        scanned = {name: self.known.get(pdq, clean) for name, pdq in pdqs.items()}
        return Reply(200, json.dumps(self.spoil({"scanned_hashes": scanned})).encode())

    @staticmethod
    def _detail(status: int, text: str) -> Reply:
        return Reply(status, json.dumps({"detail": text}).encode())
