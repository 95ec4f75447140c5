"""Calls to the servers of one operator: as nobody, as their administrator, as a moderator through Ozone."""

import base64
import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from urllib.parse import urlencode

from answerable import clock
from answerable.platforms import base, shared_secret
from answerable.platforms.atproto import wire
from answerable.platforms.http import client
from answerable.settings.config import Platform as Entry

W = TypeVar("W", bound=wire.Wire)
As = Literal["nobody", "admin", "moderator"]
MOST_BYTES_OF_AN_ANSWER: Final = 8_000_000
MOST_BYTES_OF_A_LOOK: Final = 65_536
REFUSED_FOR_SECONDS: Final = 30.0
NOT_THERE: Final = frozenset(
    {"RecordNotFound", "RepoNotFound", "NotFound", "BlobNotFound", "HandleNotFound", "CouldNotLocateRecord",
     "AccountTakedown", "RepoTakendown", "AccountDeactivated", "RepoDeactivated"}
)  # fmt: skip
"""Errors by which the servers say that what was asked about isn't there, or is shown to nobody."""
_SAID_ONLY_IN_WORDS: Final = (
    "Blob not found",
    "Could not find repo",
    "Could not find account",
    "Profile not found",
)
_NOT_SHOWN: Final = (401, 403, 404, 410, 451)
_EXPIRED: Final = frozenset({"ExpiredToken", "InvalidToken"})


class SaidNo(Exception):
    """A server refused one request, and said why."""

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status, self.error, self.message = status, error, message
        super().__init__(f"{status} {error}")

    @property
    def not_there(self) -> bool:
        """Whether the server says that there is no such thing to be had. A bare 404 may be anything in front of it."""
        return self.error in NOT_THERE or self.message.startswith(_SAID_ONLY_IN_WORDS)


class Xrpc:
    """One operator's data server, and where configured the AppView and Ozone. Threads share the session."""

    def __init__(self, entry: Entry, options: wire.Options) -> None:
        self.options = options
        self.pds = entry.base_url.rstrip("/")
        self._secret_file = entry.secret_file
        self.hosts = frozenset(
            client.host_of(url) for url in (self.pds, options.appview, options.purge, *options.looks) if url
        )
        self._session: wire.Session | None = None
        self._refused = ("", 0.0)
        """The password that was refused, and until when it isn't tried again: servers count that."""
        self._signing_in = threading.Lock()

    def get(self, kind: type[W], nsid: str, /, who: As = "nobody", at: str = "", **query: Any) -> W:
        """Ask. Raises SaidNo, PlatformError."""
        return wire.parse(kind, self.bytes_of(nsid, who, at, **query))

    def bytes_of(
        self,
        nsid: str,
        /,
        who: As = "nobody",
        at: str = "",
        most: int = MOST_BYTES_OF_AN_ANSWER,
        **query: Any,
    ) -> bytes:
        """What a server answers, as it is. Raises SaidNo, PlatformError."""
        path = f"{nsid}?{urlencode({name: value for name, value in query.items() if value != ''})}"
        return self._call("GET", at or self.pds, path, who, None, most).body

    def post(
        self, kind: type[W], nsid: str, body: Mapping[str, Any], /, who: As = "admin", at: str = ""
    ) -> W:
        """Tell. Raises SaidNo, PlatformError."""
        raw = json.dumps(body).encode()
        return wire.parse(kind, self._call("POST", at or self.pds, nsid, who, raw).body)

    def blob_url(self, did: str, cid: str) -> str:
        """Where the data server gives a blob to everybody."""
        return f"{self.pds}/xrpc/com.atproto.sync.getBlob?{urlencode({'did': did, 'cid': cid})}"

    def shown(self, url: str) -> bool:
        """Whether a stranger gets something at an address. Raises PlatformError where nobody can say."""
        answer = client.call("GET", url, hosts=self.hosts, most_bytes=MOST_BYTES_OF_A_LOOK, cut=True)
        if 200 <= answer.status < 300:
            return True
        problem = _problem(answer)
        if answer.status in _NOT_SHOWN or SaidNo(answer.status, problem.error, problem.message).not_there:
            return False
        raise _busy("a look", answer)

    def forget(self, urls: list[str]) -> None:
        """Tell the caches in front to forget addresses. Raises PlatformError."""
        headers = {"content-type": "application/json"}
        if self.options.purge_secret_file:
            headers["authorization"] = f"Bearer {_secret(self.options.purge_secret_file)}"
        body = json.dumps({"files": urls}).encode()
        answer = client.call(
            "POST", self.options.purge, hosts=self.hosts, most_bytes=MOST_BYTES_OF_AN_ANSWER,
            headers=headers, body=body,
        )  # fmt: skip
        if not 200 <= answer.status < 300:
            raise _busy("the cache was told to forget", answer)

    def moderator(self) -> str:
        """The DID of the account that the desk acts as in Ozone. Raises PlatformError."""
        return self._signed_in().did

    def _call(
        self, method: str, at: str, path: str, who: As, body: bytes | None,
        most: int = MOST_BYTES_OF_AN_ANSWER,
    ) -> client.Response:  # fmt: skip
        answer = self._once(method, at, path, self._headers(who, at), body, most)
        if who == "moderator" and 400 <= answer.status < 500 and _problem(answer).error in _EXPIRED:
            self._session_ended(answer)
            answer = self._once(method, at, path, self._headers(who, at), body, most)
        if 200 <= answer.status < 300:
            return answer
        problem = _problem(answer)
        if answer.status in (401, 403):
            raise base.PlatformRefused(f"{path.partition('?')[0]}: {answer.status} {problem.error}")
        raise SaidNo(answer.status, problem.error, problem.message)

    def _once(
        self, method: str, at: str, path: str, headers: Mapping[str, str], body: bytes | None, most: int
    ) -> client.Response:
        sent = {"content-type": "application/json", **headers} if body is not None else headers
        url = f"{at}/xrpc/{path}"
        answer = client.call(method, url, hosts=self.hosts, most_bytes=most, headers=sent, body=body)
        if answer.status == 429 or (answer.status >= 500 and answer.status != 501):
            raise _busy(path.partition("?")[0], answer)
        return answer

    def _headers(self, who: As, at: str) -> dict[str, str]:
        if who == "nobody":
            return {}
        if who == "moderator":
            token = self._signed_in().accessJwt
            return {
                "authorization": f"Bearer {token}",
                "atproto-proxy": f"{self.options.ozone}#atproto_labeler",
            }
        own = self.options.appview_secret_file if at == self.options.appview else ""
        pair = f"admin:{_secret(own or self._secret_file)}".encode()
        return {"authorization": f"Basic {base64.b64encode(pair).decode()}"}

    def _signed_in(self) -> wire.Session:
        with self._signing_in:
            if self._session is None:
                password = _secret(self.options.moderator_secret_file)
                if self._refused[0] == password and time.monotonic() < self._refused[1]:
                    raise base.PlatformRefused("the moderator's password was refused a moment ago")
                body = {"identifier": self.options.moderator, "password": password}
                try:
                    self._session = self._session_by("com.atproto.server.createSession", {}, body)
                except base.PlatformRefused:
                    self._refused = (password, time.monotonic() + REFUSED_FOR_SECONDS)
                    raise
            return self._session

    def _session_ended(self, answer: client.Response) -> None:
        """Renew it, by its own token, as long as that one is good; signing in is counted by the server."""
        with self._signing_in:
            ended, self._session = self._session, None
            if ended is None or _problem(answer).error != "ExpiredToken":
                return
            headers = {"authorization": f"Bearer {ended.refreshJwt}"}
            try:
                self._session = self._session_by("com.atproto.server.refreshSession", headers, None)
            except base.PlatformRefused:
                return  # that one has expired, too: sign in

    def _session_by(
        self, nsid: str, headers: Mapping[str, str], body: Mapping[str, str] | None
    ) -> wire.Session:
        raw = json.dumps(body).encode() if body is not None else None
        answer = self._once("POST", self.pds, nsid, headers, raw, MOST_BYTES_OF_AN_ANSWER)
        if answer.status != 200:
            raise base.PlatformRefused(f"{nsid}: {answer.status} {_problem(answer).error}")
        return wire.parse(wire.Session, answer.body)


def _problem(answer: client.Response) -> wire.Problem:
    """What a server says went wrong; what something in front of it says is no word of its."""
    try:
        return wire.parse(wire.Problem, answer.body)
    except base.AnswerMalformed:
        return wire.Problem()


def _busy(what: str, answer: client.Response) -> base.PlatformFailed:
    """A server that failed or is too busy, with the time at which it wants to be asked again, if it says so."""
    wait = answer.retry_after_seconds
    reset = answer.headers.get("ratelimit-reset", "")
    if wait is None and answer.status == 429 and reset.isdecimal() and len(reset) < 12:
        wait = max(0.0, int(reset) - clock.system_now().timestamp())
    return base.PlatformFailed(f"{what}: status {answer.status}", wait)


def _secret(name: str) -> str:
    secret = shared_secret.read(name, base.SecretMissing, encoding="utf-8")
    if not secret:
        raise base.SecretMissing(f"{Path(name).name}: empty")
    return secret
