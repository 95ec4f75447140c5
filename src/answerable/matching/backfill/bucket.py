"""A bucket of S3, or of what speaks like it: every object under a prefix, in the order of their keys.

Nothing but the bucket's configured host is called (rule 4). Left to itself the client would look for credentials at
a cloud's metadata address, take proxies from the environment, and follow a bucket to another region's host.
"""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.pieces import CantRead, Opened, Piece, Rate, SourceFailed, printable
from answerable.platforms.s3 import credentials
from answerable.settings.config import Bucket as Entry
from answerable.settings.config import Config

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

TIMEOUT_SECONDS: Final = 20
ATTEMPTS: Final = 5
_NEVER_READABLE = {"NoSuchKey": "it is gone", "InvalidObjectState": "it is archived"}


class HostNotConfigured(Exception):
    """The bucket is elsewhere than its configured `endpoint` and `region` say; nothing was sent there."""

    def __str__(self) -> str:
        return self.__doc__ or ""


class Bucket:
    """The library in a bucket. `connections`: how many threads read at a time."""

    def __init__(
        self, entry: Entry, prefix: str, naming: Naming, rate: Rate, *, data: Path, connections: int
    ) -> None:
        self._name = entry.name
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._naming = naming
        self._rate = rate
        self._client = _client(entry, data, connections)

    def pieces(self, after: str) -> Iterator[Piece]:
        """Every object after that key, but not the marks that consoles make for folders."""
        for page in self._pages(after):
            for about in page.get("Contents", ()):
                key, size = str(about["Key"]), int(about["Size"])
                if key.endswith("/") and size == 0:
                    continue
                path = key.removeprefix(self._prefix)
                place = self._naming.place(path)
                yield Piece(
                    position=key,
                    name=printable(path),
                    place=place,
                    open=partial(self.opened, path),
                    passed_over="" if place else "no_ref",
                )

    def count(self, stop: threading.Event) -> int | None:
        """How many objects there are; None when stopped or not to be had: then the display does without."""
        found = 0
        try:
            for page in self._pages(""):
                if stop.is_set():
                    return None
                found += int(page.get("KeyCount", 0))
        except SourceFailed:  # who reads the pieces meets the same, and says it
            return None
        return found

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @contextmanager
    def opened(self, path: str) -> Iterator[Opened]:
        """The object of that path under the prefix. Raises CantRead."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  an extra

        self._rate.wait()
        try:
            answer = self._client.get_object(Bucket=self._name, Key=self._prefix + path)
            with closing(
                answer["Body"]
            ) as body:  # entering it would give the bare stream, which may end early
                yield Opened(body, int(answer["ContentLength"]))
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            known = _NEVER_READABLE.get(code)
            raise CantRead(known or f"the bucket refuses it: {code}", passing=known is None) from error
        except (BotoCoreError, HostNotConfigured) as error:
            raise CantRead(_why(error), passing=True) from error

    def _pages(self, after: str) -> Iterator[dict[str, Any]]:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  an extra

        asked: dict[str, Any] = {"Bucket": self._name, "Prefix": self._prefix}
        if after:
            asked["StartAfter"] = after
        while True:
            self._rate.wait()
            try:
                page = self._client.list_objects_v2(**asked)
            except ClientError as error:
                code = error.response.get("Error", {}).get("Code", "")
                raise SourceFailed(f"The bucket {self._name} can't be listed: {code}.") from error
            except (BotoCoreError, HostNotConfigured) as error:
                raise SourceFailed(f"The bucket {self._name} can't be listed: {_why(error)}") from error
            yield page
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]


def configured(config: Config, name: str) -> Entry:
    """The bucket of that name. Raises SourceFailed."""
    for entry in config.buckets:
        if entry.name == name:
            return entry
    raise SourceFailed(f"The bucket {name!r} is not configured: name it and its endpoint under [[buckets]].")


def _client(entry: Entry, data: Path, connections: int) -> Any:
    try:
        import boto3  # noqa: PLC0415  an extra
        from botocore.config import Config as ClientConfig  # noqa: PLC0415
    except ImportError as error:
        raise SourceFailed("Buckets need the extra `s3`: pip install 'answerable[s3]'.") from error

    session = boto3.session.Session(region_name=entry.region, **_credentials(entry, data))
    client = session.client(
        "s3",
        endpoint_url=entry.endpoint,
        config=ClientConfig(
            proxies={},
            max_pool_connections=connections,
            connect_timeout=TIMEOUT_SECONDS,
            read_timeout=TIMEOUT_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            s3={"addressing_style": "path"},  # the bucket's name in the path: the host is the configured one
        ),
    )
    host = urlsplit(entry.endpoint).netloc

    def only_there(request: "AWSPreparedRequest", **_more: object) -> None:
        if urlsplit(request.url).netloc != host:
            raise HostNotConfigured

    client.meta.events.register("before-send.s3", only_there)
    return client


def _credentials(entry: Entry, data: Path) -> dict[str, str]:
    """What the client signs with: given outright, or it would look for some elsewhere. Raises SourceFailed."""
    try:
        keys = credentials.read(entry, data)
    except credentials.CredentialsMissing as error:
        raise SourceFailed(str(error)) from error
    given = zip(credentials.NAMES, (keys.access_key, keys.secret_key, keys.token), strict=True)
    return {name: value for name, value in given if value}


def _why(error: Exception) -> str:
    """What happened, without addresses that were signed."""
    return str(error) if isinstance(error, HostNotConfigured) else f"{type(error).__name__}."
