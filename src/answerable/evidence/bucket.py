"""A store in a bucket of S3, or of what speaks like it: an object has its name there when it is whole, or not at all.

What is being encrypted is spooled, encrypted, in the desk's folder; the bucket gets it once its name and its digest are
known. So nothing in the bucket is ever half there or has another name first, and what fails on the way to the bucket
begins at the beginning. docs/decisions/0064 says why.
"""

import hashlib
import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from answerable.db import crash
from answerable.evidence import bucket_wire as wire
from answerable.evidence.bucket_requests import Requests
from answerable.evidence.errors import BucketFailed, NotRead, NotStored, ObjectMissing
from answerable.evidence.store import NOTE, FolderDraft, FolderStore
from answerable.platforms import base
from answerable.platforms.http import client
from answerable.platforms.s3.wire import error_code, listed
from answerable.settings.config import Bucket

PART_BYTES: Final = 16 * 1024 * 1024
"""A larger object goes in parts of so many bytes; one of them is in memory at a time."""
PIECE_BYTES: Final = 8 * 1024 * 1024
T = TypeVar("T")
_OURS: Final = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}\.[0-9a-f]{16}\.age")
_NO_VERSIONS: Final = (400, 405, 501)


class BucketStore:
    """Objects under a prefix of one bucket. `spool`: where they are encrypted first."""

    def __init__(self, entry: Bucket, data: Path, prefix: str, spool: FolderStore) -> None:
        self._bucket, self._prefix, self._spool = Requests(entry, data), prefix, spool

    def draft(self) -> "BucketDraft":
        """Begin an object. Raises NotStored, also where the bucket takes nothing: before anything is fetched for it."""
        self._bucket.takes_objects(self._prefix)
        return BucketDraft(self, self._spool.draft())

    def open(self, name: str) -> IO[bytes]:
        """The object's bytes, which come piece by piece. Raises ObjectMissing, NotRead."""
        return io.BufferedReader(_Reading(self, name), 256 * 1024)

    def has(self, name: str) -> bool:
        """Whether it, or an older version of it, is there. Raises NotStored."""
        return bool(self._versions(self._prefix + name))

    def destroy(self, name: str) -> None:
        """Make every version of it be gone, also where it is gone already. Raises NotStored."""
        key = self._prefix + name
        for version in self._versions(key):
            query = {"versionId": version.version_id} if version.version_id else {}
            self._bucket.writing("DELETE", key, query=query, absent=(404,), destroying=True)

    def names(self) -> Iterator[str]:
        """All that is there. Raises NotStored."""
        after, more = "", True
        while more:
            query = {"encoding-type": "url", "list-type": "2", "max-keys": "1000", "prefix": self._prefix}
            query |= {"start-after": after} if after else {}
            page, more = _read(listed, self._bucket.writing("GET", "", query=query).body)
            for one in page:
                after = one.key
                if _OURS.fullmatch(one.key.removeprefix(self._prefix)):
                    yield one.key.removeprefix(self._prefix)
            more = more and bool(page)

    def written_at(self, name: str) -> float:
        """When an object was written, in seconds since the epoch, by the bucket's clock. Raises NotStored."""
        answer = self._bucket.writing("HEAD", self._prefix + name, absent=(404,))
        try:
            return parsedate_to_datetime(answer.headers.get("last-modified", "")).timestamp()
        except ValueError:
            return time.time()

    def sweep_unfinished(self, older_than: float) -> int:
        """Take away what processes left that ended: in the spool, and uploads that were begun. How many."""
        swept = self._spool.sweep_unfinished(older_than)
        asked: dict[str, str] = {}
        while True:
            query = {"encoding-type": "url", "prefix": self._prefix, "uploads": "", **asked}
            answer = self._bucket.writing("GET", "", query=query, absent=(501,))
            if answer.status == 501:
                return swept
            page, asked = _read(wire.uploads, answer.body)
            for one in page:
                if one.at < older_than and one.key.startswith(self._prefix):
                    self._bucket.writing("DELETE", one.key, query={"uploadId": one.upload_id}, absent=(404,))
                    swept += 1
            if not asked:
                return swept

    def note(self) -> bytes:
        """What was noted of whose it is; empty: nothing. Raises NotStored."""
        answer = self._bucket.writing("GET", self._prefix + NOTE, absent=(404,))
        return answer.body if answer.status == 200 else b""

    def leave_note(self, data: bytes) -> None:
        """Note whose it is, instead of what was noted before. Raises NotStored."""
        key = self._prefix + NOTE
        before = [one.version_id for one in self._versions(key)]
        self._bucket.writing("PUT", key, body=data)
        for version in before:
            if version not in ("", "null"):  # without versions it was overwritten
                with suppress(NotStored):  # an object lock keeps it: an older note harms nobody
                    query = {"versionId": version}
                    self._bucket.writing("DELETE", key, query=query, absent=(404,), destroying=True)

    def keeps_versions(self) -> bool:
        """Whether the bucket keeps older versions of what is deleted. Raises NotStored."""
        answer = self._bucket.writing("GET", "", query={"versioning": ""}, absent=_NO_VERSIONS)
        return answer.status == 200 and _read(wire.keeps_versions, answer.body)

    def put(self, name: str, path: Path) -> None:
        """Bring a file into the bucket under that name, whole, and look that it is there so. Raises NotStored."""
        key, size = self._prefix + name, path.stat().st_size
        with path.open("rb") as file:
            if size <= PART_BYTES:
                data = file.read()
                digest = hashlib.sha256(data)
                said = wire.checksum(digest.digest())
                headers = {"x-amz-checksum-sha256": said, "x-amz-sdk-checksum-algorithm": "SHA256"}
                self._bucket.writing("PUT", key, body=data, headers=headers)
            else:
                digest, said = self._in_parts(key, file)
        self._look(key, size, digest.hexdigest(), {said.partition("-")[0], wire.checksum(digest.digest())})

    def piece(self, key: str, at: int, etag: str) -> client.Response:
        """The bytes of an object from there on. Raises ObjectMissing, NotRead."""
        headers = {"range": f"bytes={at}-{at + PIECE_BYTES - 1}", **({"if-match": etag} if etag else {})}
        try:
            answer = self._bucket.ask(
                "GET", key, headers=headers, absent=(404, 412, 416), most_bytes=PIECE_BYTES + 65_536
            )
        except base.PlatformError as error:
            raise NotRead(error.detail or type(error).__name__) from error
        code = error_code(answer.body) if answer.status != 206 else ""
        if answer.status == 404 and code != "NoSuchBucket":
            raise ObjectMissing(key.removeprefix(self._prefix))
        if answer.status == 404:
            raise NotRead(code)
        if answer.status == 412:
            raise NotRead("it changed while it was read")
        return answer

    def key_of(self, name: str) -> str:
        """An object's key in the bucket."""
        return self._prefix + name

    def _in_parts(self, key: str, file: IO[bytes]) -> tuple[Any, str]:
        answer = self._bucket.writing(
            "POST", key, query={"uploads": ""}, headers={"x-amz-checksum-algorithm": "SHA256"}
        )
        query = {"uploadId": _read(wire.upload_id, answer.body)}
        whole, parts = hashlib.sha256(), list[wire.Part]()
        try:
            while data := file.read(PART_BYTES):
                whole.update(data)
                sha256 = hashlib.sha256(data).digest()
                given = self._bucket.writing(
                    "PUT",
                    key,
                    query={"partNumber": str(len(parts) + 1), **query},
                    headers={
                        "x-amz-checksum-sha256": wire.checksum(sha256),
                        "x-amz-sdk-checksum-algorithm": "SHA256",
                    },
                    body=data,
                ).headers
                confirmed = given.get("x-amz-checksum-sha256") == wire.checksum(sha256)
                parts.append(wire.Part(given.get("etag", ""), sha256, confirmed))
            done = self._bucket.writing(
                "POST", key, query=query, body=wire.parts_listed(parts), absent=(404,)
            )  # 404: an answer was lost, and it is completed already; the look afterwards says which
            if done.status == 200 and not wire.is_completed(done.body):
                raise BucketFailed(error_code(done.body) or "the upload was not completed")
        except BaseException:
            with suppress(Exception):  # what stays is swept
                self._bucket.ask("DELETE", key, query=query, absent=(404,), tries=1)
            raise
        return whole, wire.checksum_of_parts(parts)

    def _look(self, key: str, size: int, sha256: str, checksums: set[str]) -> None:
        """Look that it is there as it was sent: by the store's checksum, or where it has none, by reading it."""
        answer = self._bucket.writing("HEAD", key, headers={"x-amz-checksum-mode": "ENABLED"}, absent=(404,))
        if answer.status == 404:
            raise BucketFailed("it is not there after it was written")
        said = answer.headers.get("x-amz-checksum-sha256", "").partition("-")[
            0
        ]  # not all stores count the parts
        good = answer.headers.get("content-length") == str(size) and (not said or said in checksums)
        if good and not said:
            good = self._read_back(key.removeprefix(self._prefix)) == sha256
        if not good:
            with suppress(Exception):  # what stays is swept
                self.destroy(key.removeprefix(self._prefix))
            raise BucketFailed("the bucket has other bytes than were sent")

    def _read_back(self, name: str) -> str:
        digest = hashlib.sha256()
        try:
            with self.open(name) as file:
                while data := file.read(PIECE_BYTES):
                    digest.update(data)
        except (NotRead, ObjectMissing) as error:
            raise BucketFailed(f"it can't be read back: {error.detail}") from error
        return digest.hexdigest()

    def _versions(self, key: str) -> list[wire.Version]:
        """Every version of an object and every mark of its deletion; where a store has no versions, the object."""
        found: list[wire.Version] = []
        asked: dict[str, str] = {}
        while True:
            query = {"encoding-type": "url", "prefix": key, "versions": "", **asked}
            answer = self._bucket.writing("GET", "", query=query, absent=_NO_VERSIONS)
            if answer.status in _NO_VERSIONS:
                query = {"encoding-type": "url", "list-type": "2", "max-keys": "10", "prefix": key}
                page, _ = _read(listed, self._bucket.writing("GET", "", query=query).body)
                return [wire.Version(one.key, "") for one in page if one.key == key]
            more, asked = _read(wire.versions, answer.body)
            found += [one for one in more if one.key == key]
            if not asked:
                return found


class BucketDraft:
    """An object that is being encrypted into the spool, and goes into the bucket when it is kept."""

    def __init__(self, store: BucketStore, spooled: FolderDraft) -> None:
        self._store, self._spooled = store, spooled

    def write(self, data: bytes, /) -> int:
        """Take all of it. Raises OSError."""
        return self._spooled.write(data)

    def flush(self) -> None:
        """Hand what is held back to the system."""
        self._spooled.flush()

    def keep(self, name: str) -> None:
        """Make it last under that name, whole or not at all. Raises NotStored."""
        path = self._spooled.end()
        crash.point("evidence written")
        self._store.put(name, path)
        crash.point("evidence kept")
        self._spooled.drop()

    def drop(self) -> None:
        """Give it up; after `keep`, nothing."""
        self._spooled.drop()


def _read(parse: Callable[[bytes], T], body: bytes) -> T:
    try:
        return parse(body)
    except base.AnswerMalformed as error:
        raise BucketFailed(error.detail) from error


class _Reading(io.RawIOBase):
    """An object as a file, read once from its beginning, a piece of a few megabytes at a time."""

    def __init__(self, store: BucketStore, name: str) -> None:
        super().__init__()
        self._store, self._key = store, store.key_of(name)
        self._at, self._size, self._etag, self._piece = 0, 0, "", memoryview(b"")
        self._next()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._piece and self._at < self._size:
            self._next()
        count = min(len(buffer), len(self._piece))
        buffer[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def _next(self) -> None:
        answer = self._store.piece(self._key, self._at, self._etag)
        if answer.status == 416:  # an empty object
            return
        size = answer.headers.get("content-range", "").rpartition("/")[2]
        if answer.status != 206 or not size.isdecimal() or not answer.body:
            raise NotRead("the bucket gives no part of an object")
        self._size, self._etag = int(size), answer.headers.get("etag", "")
        self._at += len(answer.body)
        self._piece = memoryview(answer.body)
