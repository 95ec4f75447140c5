"""One homeserver over HTTP: as its administrator, and as an ordinary user who only looks."""

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerable.platforms import base, shared_secret
from answerable.platforms.http import client
from answerable.platforms.synapse import wire
from answerable.platforms.synapse.refs import Mxc
from answerable.settings.config import Platform as Entry

NOT_SERVED: Final = 404


class Options(BaseModel):
    """`[platforms.options]` of a Synapse platform in `answerable.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reader_token_file: str = Field(
        description="token of an ordinary account, by which the desk looks as a stranger"
    )
    server_notices: bool = Field(False, description="whether Synapse has `server_notices` configured")
    by_hand: str = Field(
        "https://matrix.to/#/{place}",
        description="where a person does what the desk can't; {place} is the event",
    )


def options_of(entry: Entry) -> Options:
    """The options of a configured platform. Raises PlatformRefused, naming the key."""
    try:
        return Options.model_validate(entry.options)
    except ValidationError as error:
        problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in problem["loc"]) or "options"
        raise base.PlatformRefused(f"options of {entry.name}: {place}: {problem['msg']}") from error


def path(*parts: str) -> str:
    """A path of the API, each part encoded: ids hold `!`, `$`, `:` and worse."""
    return "/" + "/".join(quote(part, safe="") for part in parts)


class Homeserver:
    """Calls to one homeserver. Methods raise PlatformError."""

    def __init__(self, entry: Entry) -> None:
        """Reads and calls nothing."""
        self.entry = entry

    def admin(
        self, kind: type[wire.W], method: str, where: str, body: dict[str, Any] | None = None
    ) -> wire.W:
        """Ask as the administrator. Raises ItemNotFound where Synapse knows no such thing."""
        answer = self._call(method, where, self.entry.secret_file, body, wire.LARGEST_ANSWER_BYTES)
        if answer.status == 200:
            return wire.parse(kind, answer.body)
        raise refusal(answer)

    def bytes_of(self, media: Mxc) -> client.Response:
        """The bytes of an upload, quarantined or not. Raises ItemNotFound."""
        where = f"{_download(media)}?admin_unsafely_bypass_quarantine=true"
        answer = self._call("GET", where, self.entry.secret_file, None, wire.LARGEST_MEDIA_BYTES)
        if answer.status == 200:
            return answer
        raise refusal(answer)

    def is_served(self, media: Mxc) -> bool:
        """Whether an ordinary user gets an upload, or a thumbnail of it, now.

        Only Synapse's own word that it isn't found says no: a refused token, a proxy's page or a busy server say
        nothing about it, and raise.
        """
        thumbnail = path("_matrix", "client", "v1", "media", "thumbnail", media.server, media.media_id)
        size = urlencode({"width": 320, "height": 240, "method": "scale"})
        return self._gets(_download(media)) or self._gets(f"{thumbnail}?{size}", other_refusals=True)

    def _gets(self, where: str, *, other_refusals: bool = False) -> bool:
        token_file = options_of(self.entry).reader_token_file
        answer = self._call("GET", where, token_file, None, wire.LARGEST_MEDIA_BYTES)
        if answer.status == 200:
            return True
        problem = refusal(answer)
        if isinstance(problem, base.ItemNotFound):
            return False
        if other_refusals and answer.status == 400 and wire.parse(wire.Refusal, answer.body).errcode:
            return False  # no thumbnail can be made of it
        raise problem

    def _call(
        self, method: str, where: str, token_file: str, body: dict[str, Any] | None, most_bytes: int
    ) -> client.Response:
        headers = {"Authorization": f"Bearer {_token(token_file)}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return client.call(
            method,
            self.entry.base_url.rstrip("/") + where,
            hosts=frozenset({client.host_of(self.entry.base_url)}),
            most_bytes=most_bytes,
            headers=headers,
            body=json.dumps(body).encode() if body is not None else None,
        )


def refusal(answer: client.Response) -> base.PlatformError:
    """What a status and Synapse's error code stand for. Only its own code can say that something is absent."""
    if answer.status >= 500 or answer.status == 429:
        return base.PlatformFailed(f"status {answer.status}")
    if answer.status in (401, 403):
        return base.PlatformRefused(f"status {answer.status}: is the token still good?")
    code = wire.parse(wire.Refusal, answer.body).errcode
    if answer.status == NOT_SERVED and code == "M_NOT_FOUND":
        return base.ItemNotFound(code)
    return base.PlatformRefused(f"status {answer.status} {code}")


def _download(media: Mxc) -> str:
    return path("_matrix", "client", "v1", "media", "download", media.server, media.media_id)


def _token(name: str) -> str:
    token = shared_secret.read(name, base.PlatformRefused)
    if not token or not token.isprintable() or " " in token:
        raise base.PlatformRefused(f"{Path(name).name} holds no access token")
    return token
