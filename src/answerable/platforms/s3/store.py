"""Signed requests to one S3-compatible store: bounded, to its configured host alone, one operation each.

The signature (SigV4) is botocore's; the request goes out like every other of the desk's (`http/client.py`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from answerable.platforms import base
from answerable.platforms.http import client
from answerable.platforms.s3 import credentials, wire
from answerable.settings.config import Bucket

MOST_BYTES: Final = 1_000_000
MOST_COMPARED: Final = 256 * 1024 * 1024
LARGEST_COPY: Final = 5 * 1024**3
"""More can't be copied in one operation, anywhere."""
OPENS_FOR_SECONDS: Final = 300


@dataclass(frozen=True)
class Stored:
    """An object as it is now."""

    bucket: str
    key: str
    size: int
    etag: str
    media_type: str = ""
    checksums: Mapping[str, str] = field(default_factory=dict)


class Store:
    """The store of a configured bucket, and what may be done there."""

    def __init__(self, entry: Bucket, data: Path) -> None:
        """Raises CannotDo without the extra `s3`, PlatformRefused without credentials."""
        try:
            import botocore.auth  # noqa: F401, PLC0415  an extra
        except ImportError as error:
            raise base.CannotDo("buckets need the extra `s3`: pip install 'answerable[s3]'") from error
        try:
            self._keys = credentials.read(entry, data)
        except credentials.CredentialsMissing as error:
            raise base.PlatformRefused(str(error)) from error
        self._entry = entry
        self._host = client.host_of(entry.endpoint)

    def address(self, bucket: str, key: str, query: Mapping[str, str] | None = None) -> str:
        """Where an object lies, unsigned. The bucket stands in the path: the host is the configured one."""
        path = f"/{bucket}/{quote(key, safe='/-_.~')}" if key else f"/{bucket}"
        return (
            self._entry.endpoint.rstrip("/")
            + path
            + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        )

    def head(self, bucket: str, key: str) -> Stored | None:
        """An object's facts; None where there is none."""
        answer = self.ask("HEAD", bucket, key, headers={"x-amz-checksum-mode": "ENABLED"}, absent=(404,))
        if answer.status == 404:
            return None
        given = answer.headers
        size = given.get("content-length", "")
        if not size.isdecimal():
            raise base.AnswerMalformed("the store says no size")
        whole = "x-amz-checksum-type" not in given or given["x-amz-checksum-type"] == "FULL_OBJECT"
        sums = {name: value for name, value in given.items() if name.startswith("x-amz-checksum-") and whole}
        sums.pop("x-amz-checksum-type", None)
        etag = given.get("etag", "").removeprefix("W/").strip('"')
        return Stored(bucket, key, int(size), etag, answer.media_type, sums)

    def copy(self, source: Stored, bucket: str, key: str, acl: str = "") -> Stored:
        """Copy an object as it is now, and check that the copy is the same. Raises PlatformFailed."""
        if source.size > LARGEST_COPY:
            raise base.CannotDo("an object of more than 5 GiB can't be moved in one operation")
        headers = {
            "x-amz-copy-source": quote(f"/{source.bucket}/{source.key}", safe="/-_.~"),
            "x-amz-copy-source-if-match": f'"{source.etag}"',
            **({"x-amz-acl": acl} if acl else {}),
        }
        answer = self.ask("PUT", bucket, key, headers=headers, absent=(404, 412))
        if answer.status != 200:
            why = "it changed" if answer.status == 412 else wire.error_code(answer.body) or "it is not found"
            raise base.PlatformFailed(f"the object was not copied: {why}")
        if not wire.is_copied(answer.body):
            raise base.PlatformFailed(
                f"it was not copied: {wire.error_code(answer.body) or 'no reason given'}"
            )
        made = self.head(bucket, key)
        if made is None or not self.same(source, made):
            raise base.PlatformFailed("the copy is not the same as what was copied")
        return made

    def same(self, one: Stored, other: Stored) -> bool:
        """Whether two objects hold the same bytes: by a checksum of the store's, or by reading both."""
        if one.size != other.size:
            return False
        shared = [name for name in one.checksums if name in other.checksums]
        if shared:
            return all(one.checksums[name] == other.checksums[name] for name in shared)
        if (
            len(one.etag) == 32 and one.etag == other.etag
        ):  # the MD5 of an object that was written in one piece
            return True
        if one.size > MOST_COMPARED:
            raise base.CannotDo("the store gives no checksum of an object too large to be read")
        return self._digest(one) == self._digest(other)

    def write(self, bucket: str, key: str, body: bytes) -> None:
        """Write a small object."""
        self.ask("PUT", bucket, key, body=body)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object; where the bucket keeps versions, its older ones stay beneath a delete marker."""
        self.ask("DELETE", bucket, key, absent=(404,))

    def list(
        self, bucket: str, prefix: str, after: str = "", most: int = 500
    ) -> tuple[list[wire.Listed], bool]:
        """One page of the objects under a prefix, after that key, and whether more follow."""
        query = {"encoding-type": "url", "list-type": "2", "max-keys": str(most), "prefix": prefix}
        if after:
            query["start-after"] = after
        return wire.listed(self.ask("GET", bucket, "", query=dict(sorted(query.items()))).body)

    def opened(self, stored: Stored) -> str:
        """An address that opens one object to whoever has it, for five minutes: for the desk's own fetching."""
        from botocore.auth import S3SigV4QueryAuth  # noqa: PLC0415  an extra

        request = self._request("GET", self.address(stored.bucket, stored.key))
        S3SigV4QueryAuth(self._signing(), "s3", self._entry.region, OPENS_FOR_SECONDS).add_auth(request)
        return str(request.url)

    def ask(
        self,
        method: str,
        bucket: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        absent: tuple[int, ...] = (),
        most_bytes: int = MOST_BYTES,
    ) -> client.Response:
        """One signed request. `absent`: statuses that are an answer, too. Raises PlatformError."""
        from botocore.auth import S3SigV4Auth  # noqa: PLC0415  an extra

        request = self._request(method, self.address(bucket, key, query), body, headers)
        S3SigV4Auth(self._signing(), "s3", self._entry.region).add_auth(request)
        answer = client.call(
            method,
            str(request.url),
            hosts={self._host},
            most_bytes=most_bytes,
            headers=dict(request.headers.items()),
            body=body if method in ("PUT", "POST") else None,
        )
        if 200 <= answer.status < 300 or answer.status in absent:
            return answer
        code = wire.error_code(answer.body)
        if answer.status >= 500 or answer.status == 429:
            raise base.PlatformFailed(f"status {answer.status} {code}", answer.retry_after_seconds)
        raise base.PlatformRefused(f"status {answer.status} {code}")

    def _digest(self, stored: Stored) -> str:
        answer = self.ask("GET", stored.bucket, stored.key, most_bytes=MOST_COMPARED)
        return hashlib.sha256(answer.body).hexdigest()

    def _request(
        self, method: str, url: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Any:
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415  an extra

        return AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))

    def _signing(self) -> Any:
        from botocore.credentials import Credentials  # noqa: PLC0415  an extra

        keys = self._keys
        return Credentials(keys.access_key, keys.secret_key, keys.token or None)
