"""One request, taken apart: who asks, and for what."""

import base64
import binascii
import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from django.http.multipartparser import (
    FILE,
    ChunkIter,
    InputStreamExhausted,
    LazyStream,
    MultiPartParserError,
    Parser,
)
from django.utils.http import parse_header_parameters

from answerable.api.keys import key_of, may_read_matches
from answerable.api.models import ApiKey
from answerable.api.problems import Problem
from answerable.api.wsgi import Environ, body_of

MOST_PARTS = 20


class Missing(Problem):
    """A member that the request lacks, said as the original says it. The value of none is repeated."""

    def __init__(self, name: str) -> None:
        super().__init__(422, f"Field required: {name}")
        self.said = [{"type": "missing", "loc": [name], "msg": "Field required", "input": {}}]


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file of a form, and the name of its field: what it is said to be."""

    field: str
    data: bytes


@dataclass(slots=True)
class Asked:
    """A request to the door. `path`: the parts of the address that the route names."""

    key: ApiKey
    query: dict[str, str]
    media_type: str = ""
    body: bytes = b""
    path: dict[str, str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether the caller may be told what matched."""
        return may_read_matches(self.key)

    @property
    def actor(self) -> str:
        """Who asks, for the audit log."""
        return f"key:{self.key.pk}"

    def flag(self, name: str, otherwise: bool = False) -> bool:
        """A yes or no of the query."""
        return self.query.get(name, str(otherwise)).lower() in ("true", "1")

    def banks(self) -> set[str] | None:
        """The banks that a lookup is limited to; None for all."""
        named = self.query.get("banks")
        return set(named.split(",")) if named else None

    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Problem (400, 415)."""
        if not self.media_type.startswith("application/json"):
            raise Problem(
                415, "Did not attempt to load JSON data because the request Content-Type was not JSON."
            )
        try:
            said = json.loads(self.body)
        except ValueError as error:
            raise Problem(400, "The body is not JSON.") from error
        if not isinstance(said, dict):
            raise Problem(400, "Request input was not a dict")
        return said

    def form(self) -> tuple[dict[str, str], list[Uploaded]]:
        """Fields and files of a `multipart/form-data` body; nothing of any other. Raises Problem (400)."""
        kind, options = parse_header_parameters(self.media_type)
        boundary = options.get("boundary", "").encode("ascii", "replace")
        if kind != "multipart/form-data" or not 0 < len(boundary) <= 200:
            return {}, []
        fields: dict[str, str] = {}
        files: list[Uploaded] = []
        try:
            stream = LazyStream(ChunkIter(io.BytesIO(self.body), 1 << 16))
            for number, (what, about, part) in enumerate(Parser(stream, boundary)):
                if number >= MOST_PARTS:
                    raise Problem(400, f"The form has more than {MOST_PARTS} parts.")
                name = _text(about.get("content-disposition", ("", {}))[1].get("name", ""))
                data = b"".join(part)
                if what == FILE:
                    files.append(Uploaded(name, data))
                elif name:
                    fields[name] = data.decode("utf-8", "replace")
        except (MultiPartParserError, InputStreamExhausted, ValueError) as error:
            raise Problem(
                400, "The form can't be read: send multipart/form-data as RFC 7578 says."
            ) from error
        return fields, files


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def asked(environ: Environ, *scopes: str) -> Asked:
    """What a request asks, if its key holds one of the scopes. Raises Problem."""
    key = key_of(_secret(environ.get("HTTP_AUTHORIZATION", "")), *scopes)
    query = dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=100))
    has_body = environ["REQUEST_METHOD"] in ("POST", "PUT") and environ.get("CONTENT_LENGTH", "0") != "0"
    body = body_of(environ) if has_body else b""
    return Asked(key, query, environ.get("CONTENT_TYPE", ""), body)


def _secret(authorization: str) -> str:
    """The key's secret: `Bearer ak_…`, or the password of `Basic`, as an address with `name:ak_…@` sends it."""
    kind, _, token = authorization.partition(" ")
    token = token.strip()
    if kind.lower() == "basic":
        try:
            return base64.b64decode(token, validate=True).decode().partition(":")[2]
        except (binascii.Error, ValueError):
            token = ""
    if kind.lower() not in ("bearer", "basic") or not token:
        raise Problem(401, "Send an API key: in the address, as https://hma:ak_…@…, or as a Bearer token.")
    return token
