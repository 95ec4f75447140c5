"""What goes over the wire between desk and bucket: settings, notifications, and the store's answers. No I/O here."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from urllib.parse import unquote, unquote_plus
from xml.etree import ElementTree

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from answerable.platforms.base import AnswerMalformed

CREATED: Final = "ObjectCreated:"
REMOVED: Final = "ObjectRemoved:"


class Options(BaseModel):
    """The adapter's own settings: `[platforms.options]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bucket: str
    """Where the site keeps its uploads: one of [[buckets]]."""
    sealed_bucket: str
    """A private one at the same endpoint, into which the desk moves what nobody may see."""
    prefix: str = ""
    """Only keys that begin so are items."""
    public_urls: tuple[str, ...] = ()
    """Every address at which strangers get an object, with {key}: the site's own, and each CDN's."""
    acl: str = Field("", pattern=r"^[a-z-]*$")
    """The canned ACL of what is put back, such as public-read; empty where the bucket's policy says who reads."""
    principal: str = ""
    """What notifications call the desk's own key (`userIdentity.principalId`)."""
    account: str = ""
    """A regular expression over the whole key with a group `account`, where keys say whose they are."""

    @field_validator("public_urls")
    @classmethod
    def has_the_key(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse an address that names no object."""
        for url in value:
            if url.count("{key}") != 1 or not re.match(r"https?://[^/{]+/", url):
                raise ValueError(f"{url!r}: write the whole address with {{key}} once, after the host")
        return value

    @field_validator("account")
    @classmethod
    def has_the_group(cls, value: str) -> str:
        """Refuse an expression that names no account."""
        try:
            named = re.compile(value).groupindex
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        if value and "account" not in named:
            raise ValueError("name the part that is the account: (?P<account>…)")
        return value


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Name(_Told):
    name: str = Field(max_length=255)


class _Who(_Told):
    principal: str = Field("", alias="principalId", max_length=500)


class _Object(_Told):
    key: str = Field(min_length=1, max_length=4000)
    sequencer: str = Field("", max_length=64, pattern=r"^[0-9A-Fa-f]*$")


class _About(_Told):
    bucket: _Name
    object: _Object


class Record(_Told):
    """One thing that happened to one object. AWS writes `ObjectCreated:Put`, MinIO `s3:ObjectCreated:Put`."""

    event: str = Field(alias="eventName", max_length=100)
    at: AwareDatetime | None = Field(None, alias="eventTime")
    source: str = Field("", alias="eventSource", max_length=100)
    who: _Who = Field(_Who(), alias="userIdentity")
    s3: _About

    @property
    def name(self) -> str:
        """The event without the prefix that only some stores write."""
        return self.event.removeprefix("s3:")

    @property
    def key(self) -> str:
        """The key, decoded: AWS and MinIO write it as forms do, Ceph as it is."""
        return self.s3.object.key if self.source.startswith("ceph") else unquote_plus(self.s3.object.key)

    @property
    def place(self) -> str:
        """The sequencer, so that of two events about one key the later one is the greater."""
        return self.s3.object.sequencer.upper().rjust(64, "0")


class Notification(_Told):
    """A body of records; the test that AWS sends first (`s3:TestEvent`) has none."""

    records: Annotated[tuple[Record, ...], Field(max_length=10_000)] = Field((), alias="Records")
    event: str = Field("", alias="Event", max_length=100)

    def latest(self, bucket: str) -> list[Record]:
        """Of each object of that bucket the last thing that happened to it, whatever the order they came in."""
        last: dict[str, Record] = {}
        for record in self.records:
            known = last.get(record.key)
            if record.s3.bucket.name == bucket and (known is None or record.place >= known.place):
                last[record.key] = record
        return list(last.values())


def notification(body: bytes) -> Notification:
    """Read a notification. Raises AnswerMalformed, naming the member."""
    try:
        told = Notification.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise AnswerMalformed(f"{place}: {first['msg']}") from error
    if not told.records and told.event != "s3:TestEvent":
        raise AnswerMalformed("Records: there are none, and it is no s3:TestEvent")
    return told


class Listed(BaseModel):
    """One object of a list."""

    key: str
    size: int
    modified: datetime


def listed(body: bytes) -> tuple[list[Listed], bool]:
    """The objects of one page of ListObjectsV2, asked with encoding-type=url, and whether more follow."""
    root = xml_of(body, "ListBucketResult")
    found = []
    for one in children(root, "Contents"):
        member = {child.tag.rpartition("}")[2]: child.text or "" for child in one}
        try:
            at = datetime.fromisoformat(member["LastModified"]).astimezone(UTC)
            found.append(Listed(key=unquote(member["Key"]), size=int(member["Size"]), modified=at))
        except (KeyError, ValueError) as error:
            raise AnswerMalformed(f"Contents: {type(error).__name__}") from error
    return found, any(child.text == "true" for child in children(root, "IsTruncated"))


def is_copied(body: bytes) -> bool:
    """Whether CopyObject went well: it answers 200 before it is done, and may then say that it failed."""
    return _root(body).endswith("CopyObjectResult")


def error_code(body: bytes) -> str:
    """The code of an error, or "" where the answer holds none."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314  expat bounds entities; the answer's size is bounded, too
    except ElementTree.ParseError:
        return ""
    return next((child.text or "" for child in children(root, "Code")), "")[:60]


def _root(body: bytes) -> str:
    try:
        return str(ElementTree.fromstring(body).tag)  # noqa: S314
    except ElementTree.ParseError:
        return ""


def xml_of(body: bytes, name: str) -> Any:
    """The root element of an answer of that name. Raises AnswerMalformed."""
    try:
        root = ElementTree.fromstring(body)  # noqa: S314
    except ElementTree.ParseError as error:
        raise AnswerMalformed("the store's answer is no XML") from error
    if root.tag.rpartition("}")[2] != name:
        raise AnswerMalformed(f"the store's answer is a {root.tag.rpartition('}')[2][:60]}")
    return root


def children(root: Any, name: str) -> Iterator[Any]:
    """The elements of that name that lie directly under one, in any namespace."""
    return (child for child in root if child.tag.rpartition("}")[2] == name)
