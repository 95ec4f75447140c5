"""A bucket over real HTTP, as strict as S3: checks every signature (SigV4), pages its lists, answers errors in XML.

Written after Amazon's API reference: ListObjectsV2, GetObject, HeadObject, CopyObject, PutObject, DeleteObject, and
"Create a signed AWS API request". Strangers, who sign nothing, may get objects of the public bucket and nothing else.
"""

import hashlib
import hmac
import mimetypes
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

ACCESS_KEY, SECRET_KEY = "AKIATESTSONLY", "a secret of tests only"
EARLIER = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)
REGION = "eu-test-1"
NAME = "uploads"
SEALED = "uploads-sealed"


@dataclass
class State:
    """What the bucket holds, and what it does wrong from now on.

    faults: `denies`, `moved`, `busy_once`, `cuts`; `spoils_copies`, `fails_with_200` (CopyObject answers 200 and an
    error), `keeps_all` (DELETE answers 204 and does nothing), `changes` (another upload comes between copy and delete).
    archived: keys that can't be had. composed: keys whose ETag is not the MD5, as of what was uploaded in parts.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    sealed: dict[str, bytes] = field(default_factory=dict)
    written: dict[tuple[str, str], datetime] = field(default_factory=dict)
    composed: set[str] = field(default_factory=set)
    public: bool = False
    sealed_is_public: bool = False
    acls: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)
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
    sent = b""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: without it each answer waits 40 ms

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.sent = self.rfile.read(int(self.headers.get("content-length") or 0))
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

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
        bucket, _, key = unquote(parts.path).removeprefix("/").partition("/")
        self.state.asked.append((self.command, bucket, key))
        is_signed = "authorization" in self.headers or "X-Amz-Signature" in query
        of = {NAME: self.state.objects, SEALED: self.state.sealed}.get(bucket)
        public = self.state.public if bucket == NAME else self.state.sealed_is_public
        if not is_signed and not (key and public and self.command == "GET"):
            raise Problem(403, "AccessDenied")
        if is_signed:
            self._check_signature(parts.path, query)
        if "moved" in self.state.faults:
            raise Problem(301, "PermanentRedirect", **{"x-amz-bucket-region": "us-other-9"})
        if "busy_once" in self.state.faults:
            self.state.faults.discard("busy_once")
            raise Problem(503, "SlowDown")
        if of is None:
            raise Problem(404, "NoSuchBucket")
        if key and self.command == "PUT":
            self._put(bucket, of, key)
        elif key and self.command == "DELETE":
            if "keeps_all" not in self.state.faults:
                of.pop(key, None)
            self._send(204, b"")
        elif key:
            self._get(of, key)
        elif query.get("list-type") == "2":
            self._list(bucket, of, query)
        else:
            raise Problem(400, "InvalidRequest")

    def _put(self, bucket: str, of: dict[str, bytes], key: str) -> None:
        source = unquote(self.headers.get("x-amz-copy-source", ""))
        self.state.written[bucket, key] = datetime.now(UTC)
        if not source:
            of[key] = self.sent
            self._send(200, b"")
            return
        from_bucket, _, from_key = source.removeprefix("/").partition("/")
        objects = {NAME: self.state.objects, SEALED: self.state.sealed}[from_bucket]
        if from_key not in objects:
            raise Problem(404, "NoSuchKey")
        if self.headers.get("x-amz-copy-source-if-match", "").strip('"') != self._etag(objects, from_key):
            raise Problem(412, "PreconditionFailed")
        if "fails_with_200" in self.state.faults:
            self._send(200, b"<Error><Code>InternalError</Code></Error>")
            return
        data = objects[from_key]
        of[key] = data[:-1] + b"?" if "spoils_copies" in self.state.faults else data
        self.state.acls[key] = self.headers.get("x-amz-acl", "")
        if "changes" in self.state.faults:
            self.state.faults.discard("changes")
            objects[from_key] = b"another upload of the same name"
        text = f'<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ETag>"{self._etag(of, key)}"</ETag>'
        self._send(200, f"{text}</CopyObjectResult>".encode())

    def _etag(self, of: dict[str, bytes], key: str) -> str:
        digest = hashlib.md5(of[key]).hexdigest()
        return f"{digest}-2" if key in self.state.composed else digest

    def _list(self, bucket: str, of: dict[str, bytes], query: dict[str, str]) -> None:
        self.state.lists.append(query)
        after = query.get("continuation-token", "").removeprefix("after:") or query.get("start-after", "")
        prefix = query.get("prefix", "")
        keys = sorted((k for k in of if k.startswith(prefix)), key=lambda k: k.encode())
        keys = [key for key in keys if key.encode() > after.encode()]
        size = min(self.state.page_size, int(query.get("max-keys", "1000")))
        page, more = keys[:size], len(keys) > size
        encode = quote if query.get("encoding-type") == "url" else escape
        contents = "".join(
            f"<Contents><Key>{encode(key)}</Key><Size>{len(of[key])}</Size><LastModified>"
            f"{self.state.written.get((bucket, key), EARLIER).isoformat()}</LastModified></Contents>"
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

    def _get(self, of: dict[str, bytes], key: str) -> None:
        self.state.gets.append(key)
        if key in self.state.archived:
            raise Problem(403, "InvalidObjectState")
        if key not in of:
            raise Problem(404, "NoSuchKey")
        data = of[key]
        named = {
            "etag": f'"{self._etag(of, key)}"',
            "content-type": mimetypes.guess_type(key)[0] or "binary/octet-stream",
        }
        self._send(200, data, cut="cuts" in self.state.faults, **named)

    def _send(self, status: int, body: bytes, *, cut: bool = False, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = self.close_connection or cut

    def _check_signature(self, path: str, query: dict[str, str]) -> None:
        """As S3 computes it itself, from what arrived and the secret that both sides know."""
        if "X-Amz-Signature" in query:
            self._check_signed_address(path, query)
            return
        words = self.headers.get("authorization", "").removeprefix("AWS4-HMAC-SHA256 ").split(", ")
        given = dict(word.split("=", 1) for word in words if "=" in word)
        if not {"Credential", "SignedHeaders", "Signature"} <= given.keys():
            raise Problem(403, "AccessDenied")
        access_key, _day, region, service, end = given["Credential"].split("/")
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
        digest = self.headers.get("x-amz-content-sha256", "")
        if self.command == "PUT" and digest != hashlib.sha256(self.sent).hexdigest():
            raise Problem(400, "XAmzContentSHA256Mismatch")
        if self._signature(path, query, signed, digest, at) != given["Signature"]:
            raise Problem(403, "SignatureDoesNotMatch")

    def _check_signed_address(self, path: str, query: dict[str, str]) -> None:
        at = datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
        if datetime.now(UTC) > at + timedelta(seconds=int(query["X-Amz-Expires"])):
            raise Problem(403, "AccessDenied")
        rest = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
        signed = query["X-Amz-SignedHeaders"].split(";")
        made = self._signature(path, rest, signed, "UNSIGNED-PAYLOAD", query["X-Amz-Date"])
        if made != query["X-Amz-Signature"]:
            raise Problem(403, "SignatureDoesNotMatch")

    def _signature(self, path: str, query: dict[str, str], signed: list[str], digest: str, at: str) -> str:
        asked = [f"{quote(k, safe='-_.~')}={quote(v, safe='-_.~')}" for k, v in sorted(query.items())]
        heads = [f"{name}:{' '.join((self.headers.get(name) or '').split())}" for name in signed]
        canonical = "\n".join([self.command, path, "&".join(asked), *heads, "", ";".join(signed), digest])
        scope = f"{at[:8]}/{REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", at, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{SECRET_KEY}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return key.hex()
