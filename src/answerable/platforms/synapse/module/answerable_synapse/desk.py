"""The desk over HTTP, as the module asks it: bounded in time and size, and never taken to say more than it says."""

import http.client
import json
import ssl
import threading
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit

ANSWER_BYTES = 64 * 1024


class Settings(NamedTuple):
    """The `config` of the module in homeserver.yaml."""

    desk_url: str
    api_key_file: Path
    spool: Path
    hold: str
    unreachable: str
    answer_within_seconds: float
    largest_bytes: int
    too_large: str


class DeskUnreachable(Exception):
    """The desk gave no verdict: it is down, slow, refuses the key, or its answer is none."""


class Desk:
    """The desk over HTTP, from threads: one kept connection each, every step bounded."""

    def __init__(self, settings: Settings) -> None:
        parts = urlsplit(settings.desk_url)
        self._settings = settings
        self._secure = parts.scheme == "https"
        self._host = parts.netloc
        self._path = parts.path.rstrip("/")
        self._kept = threading.local()
        self._tls = ssl.create_default_context() if self._secure else None

    def ask(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """One POST: status and body of the answer. Raises DeskUnreachable. No redirect is followed."""
        try:
            key = self._settings.api_key_file.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DeskUnreachable(f"the API key can't be read: {type(error).__name__}") from error
        sent = {"Authorization": f"Bearer {key}", **headers}
        for fresh in (False, True):
            connection = None if fresh else getattr(self._kept, "connection", None)
            if connection is None and not fresh:
                continue
            connection = connection or self._connect()
            self._kept.connection = None
            try:
                connection.request("POST", self._path + path, body=body, headers=sent)
                answer = connection.getresponse()
                text = answer.read(ANSWER_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if fresh or isinstance(error, TimeoutError):
                    raise DeskUnreachable(type(error).__name__) from error
                continue  # the desk hung up a connection that was kept: once more on a new one
            if len(text) > ANSWER_BYTES or not answer.isclosed():
                connection.close()
                raise DeskUnreachable("the answer is longer than any honest one")
            self._kept.connection = connection
            return answer.status, text
        raise DeskUnreachable("no connection")

    def _connect(self) -> http.client.HTTPConnection:
        timeout = self._settings.answer_within_seconds
        if self._secure:
            return http.client.HTTPSConnection(self._host, timeout=timeout, context=self._tls)
        return http.client.HTTPConnection(self._host, timeout=timeout)

    def verdict(self, data: bytes | None, hashes: dict[str, str], account: str) -> str:
        """`clear`, `hold` or `block` for a file, by its bytes or, where there are none, its hashes alone.

        Raises DeskUnreachable for every other answer.
        """
        if data is not None:
            headers = {
                "Content-Type": "application/octet-stream",
                "Answerable-Account": quote(account, safe=""),
            }
            status, text = self.ask("/api/v1/screen", headers, data)
        else:
            body = json.dumps({"hashes": hashes, "account": account}).encode()
            status, text = self.ask("/api/v1/screen", {"Content-Type": "application/json"}, body)
        if status != 200:
            raise DeskUnreachable(f"status {status}")
        try:
            verdict = json.loads(text)["verdict"]
        except (ValueError, KeyError, TypeError) as error:
            raise DeskUnreachable("the answer is no verdict") from error
        if verdict not in ("clear", "hold", "block"):
            raise DeskUnreachable("the answer is no verdict")
        return verdict
