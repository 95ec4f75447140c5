"""A bucket over real HTTP, as strict as S3: checks every signature (SigV4), pages its lists, answers errors in XML.

Written after Amazon's API reference: ListObjectsV2, GetObject, and "Create a signed AWS API request".
"""

import hashlib
import hmac
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY, SECRET_KEY = "AKIATESTSONLY", "a secret of tests only"
REGION = "eu-test-1"
NAME = "uploads"


@dataclass
class State:
    """What the bucket holds, and what it does wrong from now on.

    faults: `denies`, `moved`, `busy_once`, `cuts`. archived, refused: keys that can't be had.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    archived: set[str] = field(default_factory=set)
    page_size: int = 3
    lists: list[dict[str, str]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Problem(Exception):
    """An answer other than success."""

    def __init__(self, status: int, code: str, **headers: str) -> None:
        self.status, self.code, self.headers = status, code, headers
        super().__init__(code)


class FakeS3:
    """The running service."""

    def __init__(self) -> None:
        self.state = State()
        handler = type("Handler", (_Handler,), {"state": self.state})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.endpoint = f"http://{self.host}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._send(400, b"")

    def do_GET(self) -> None:
        try:
            self._answer()
        except Problem as problem:
            self.state.problems.append(problem.code)
            text = f"<Error><Code>{problem.code}</Code><Message>no</Message></Error>"
            self._send(problem.status, text.encode(), **problem.headers)

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if "denies" in self.state.faults:
            raise Problem(403, "AccessDenied")
        self._check_signature(parts.path, query)
        if "moved" in self.state.faults:
            raise Problem(301, "PermanentRedirect", **{"x-amz-bucket-region": "us-other-9"})
        if "busy_once" in self.state.faults:
            self.state.faults.discard("busy_once")
            raise Problem(503, "SlowDown")
        bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
        if bucket != NAME:
            raise Problem(404, "NoSuchBucket")
        if key:
            self._get(key)
        elif query.get("list-type") == "2":
            self._list(query)
        else:
            raise Problem(400, "InvalidRequest")

    def _list(self, query: dict[str, str]) -> None:
        self.state.lists.append(query)
        after = query.get("continuation-token", "").removeprefix("after:") or query.get("start-after", "")
        prefix = query.get("prefix", "")
        keys = sorted((k for k in self.state.objects if k.startswith(prefix)), key=lambda k: k.encode())
        keys = [key for key in keys if key.encode() > after.encode()]
        page, more = keys[: self.state.page_size], len(keys) > self.state.page_size
        encode = quote if query.get("encoding-type") == "url" else escape
        contents = "".join(
            f"<Contents><Key>{encode(key)}</Key><Size>{len(self.state.objects[key])}</Size></Contents>"
            for key in page
        )
        token = f"<NextContinuationToken>after:{escape(page[-1])}</NextContinuationToken>" if more else ""
        encoding = "<EncodingType>url</EncodingType>" if encode is quote else ""
        text = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<Name>{NAME}</Name><Prefix>{encode(prefix)}</Prefix><KeyCount>{len(page)}</KeyCount>{encoding}"
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{contents}{token}</ListBucketResult>"
        )
        self._send(200, text.encode())

    def _get(self, key: str) -> None:
        self.state.gets.append(key)
        if key in self.state.archived:
            raise Problem(403, "InvalidObjectState")
        if key not in self.state.objects:
            raise Problem(404, "NoSuchKey")
        data = self.state.objects[key]
        self._send(200, data, cut="cuts" in self.state.faults)

    def _send(self, status: int, body: bytes, *, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def _check_signature(self, path: str, query: dict[str, str]) -> None:
        """As S3 computes it itself, from what arrived and the secret that both sides know."""
        words = self.headers.get("authorization", "").removeprefix("AWS4-HMAC-SHA256 ").split(", ")
        given = dict(word.split("=", 1) for word in words if "=" in word)
        if not {"Credential", "SignedHeaders", "Signature"} <= given.keys():
            raise Problem(403, "AccessDenied")
        access_key, day, region, service, end = given["Credential"].split("/")
        if (access_key, region, service, end) != (ACCESS_KEY, REGION, "s3", "aws4_request"):
            raise Problem(400, "AuthorizationHeaderMalformed")
        at = self.headers.get("x-amz-date", "")
        if (
            abs((datetime.now(UTC) - datetime.strptime(at + "+0000", "%Y%m%dT%H%M%SZ%z")).total_seconds())
            > 900
        ):
            raise Problem(403, "RequestTimeTooSkewed")
        signed = given["SignedHeaders"].split(";")
        if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed):
            raise Problem(403, "SignatureDoesNotMatch")
        canonical = "\n".join(
            [
                "GET",
                path,
                "&".join(
                    f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items())
                ),
                *(f"{name}:{' '.join((self.headers.get(name) or '').split())}" for name in signed),
                "",
                given["SignedHeaders"],
                self.headers.get("x-amz-content-sha256", ""),
            ]
        )
        scope = f"{day}/{region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(key.hex(), given["Signature"]):
            raise Problem(403, "SignatureDoesNotMatch")
