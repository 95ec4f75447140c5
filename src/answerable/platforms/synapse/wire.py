"""What Synapse answers, as far as the desk reads it. No I/O here.

Everything in an event was written by its sender, and in a report by whoever reports: `content` may be anything.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from answerable.platforms.base import AnswerMalformed, ItemKind
from answerable.platforms.http.wire import Wire
from answerable.platforms.synapse.refs import Mxc, mxc

LARGEST_MEDIA_BYTES: Final = 100_000_000
LARGEST_ANSWER_BYTES: Final = 16_000_000
MEDIA_MESSAGES: Final = {
    "m.image": ItemKind.IMAGE,
    "m.sticker": ItemKind.IMAGE,
    "m.video": ItemKind.VIDEO,
    "m.audio": ItemKind.VIDEO,
    "m.file": ItemKind.IMAGE,
}
"""What shows media, and as what people look at it. A file is what its type says, else one piece of media."""

W = TypeVar("W", bound=Wire)


def _time(milliseconds: int) -> int:
    if not 0 <= milliseconds <= 4_102_444_800_000:
        raise ValueError("it is no time in milliseconds")
    return milliseconds


Id = Annotated[str, Field(min_length=1, max_length=255)]
Count = Annotated[int, Field(ge=0, le=2**62)]
Milliseconds = Annotated[int, AfterValidator(_time)]


class Refusal(Wire):
    """Why something was not done."""

    errcode: str = Field("", max_length=100)


class Done(Wire):
    """The answer to what was only to be done: an object, with nothing in it that counts."""


class Redacted(Wire):
    """`POST /_synapse/client/answerable/redact` of the module: whether it did, else why not."""

    redacted: bool
    why: str = Field("", max_length=500)


class MediaInfo(Wire):
    """One upload as its homeserver keeps it."""

    media_type: str | None = Field(None, max_length=255)
    media_length: Count | None = None
    created_ts: Milliseconds
    user_id: Id | None = None
    quarantined_by: str | None = None
    safe_from_quarantine: bool | int | None = None
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class MediaInfoAnswer(Wire):
    """`GET /_synapse/admin/v1/media/{server}/{id}`."""

    media_info: MediaInfo


class Event(Wire):
    """One event. `content` is what its sender wrote."""

    type: str = Field(max_length=255)
    sender: Id
    origin_server_ts: int = 0
    content: dict[str, Any] = Field(repr=False)
    unsigned: dict[str, Any] = Field({}, repr=False)

    @property
    def kind(self) -> ItemKind:
        """What it is: a piece of media, or text. What is encrypted end to end is text that nobody here can read."""
        shown = self.content.get("msgtype") if self.type == "m.room.message" else self.type
        if not isinstance(shown, str) or shown not in MEDIA_MESSAGES or mxc(self.content.get("url")) is None:
            return ItemKind.TEXT
        declared = _inside(self.content, "info").get("mimetype")
        return (
            kind_of_type(declared, MEDIA_MESSAGES[shown])
            if isinstance(declared, str)
            else MEDIA_MESSAGES[shown]
        )

    @property
    def media(self) -> list[Mxc]:
        """All the uploads that it shows, the main one first: a client shows the thumbnail, which is another upload."""
        info = _inside(self.content, "info")
        found = [mxc(self.content.get("url")), mxc(info.get("thumbnail_url"))]
        return list(dict.fromkeys(one for one in found if one is not None))

    @property
    def redacted(self) -> bool:
        """Whether its content was taken away for good."""
        return "redacted_because" in self.unsigned or "redacted_by" in self.unsigned

    @property
    def words(self) -> str:
        """What it says, as far as it says it in the clear."""
        body = self.content.get("body")
        return body[:20_000] if isinstance(body, str) else ""

    @property
    def posted_at(self) -> datetime | None:
        """When its sender says that it was sent."""
        if not 0 <= self.origin_server_ts <= 4_102_444_800_000:
            return None
        return datetime.fromtimestamp(self.origin_server_ts / 1000, UTC)


class EventAnswer(Wire):
    """`GET /_synapse/admin/v1/fetch_event/{id}`, with what a redaction took away, and `…/context/{id}`, without."""

    event: Event


class User(Wire):
    """`GET /_synapse/admin/v2/users/{id}`."""

    suspended: bool = False
    locked: bool = False
    deactivated: bool = False


class ThirdPartyId(Wire):
    """An address that a user proved to be theirs."""

    medium: str = Field(max_length=50)
    address: str = Field(min_length=1, max_length=250, repr=False)
    validated_at: Milliseconds | None = None


class UserFacts(User):
    """The same, read whole: for a report to an authority."""

    displayname: str | None = Field(None, max_length=300, repr=False)
    threepids: tuple[ThirdPartyId, ...] = Field((), max_length=1000, strict=False, repr=False)
    creation_ts: int = Field(0, ge=0, le=4_102_444_800_000)
    """Seconds since the epoch, or milliseconds: Synapse says it either way."""


class Connection(Wire):
    """From where a device was used."""

    ip: str = Field("", max_length=100, repr=False)
    last_seen: Milliseconds | None = None


class Session(Wire):
    """The connections of a session."""

    connections: tuple[Connection, ...] = Field((), max_length=10_000, strict=False)


class Device(Wire):
    """The sessions of a device."""

    sessions: tuple[Session, ...] = Field((), max_length=1000, strict=False)


class Whois(Wire):
    """`GET /_synapse/admin/v1/whois/{id}`."""

    devices: dict[str, Device] = Field({}, max_length=1000, repr=False)


class Room(Wire):
    """`GET /_synapse/admin/v1/rooms/{id}`."""

    room_id: Id


class Report(Wire):
    """What every report has: who made it, when, in what words."""

    id: Count
    received_ts: int
    user_id: Id
    reason: str | None = Field(None, max_length=100_000, repr=False)


class EventReport(Report):
    """A report of an event; without the event where the homeserver no longer has it."""

    room_id: Id
    event_id: Id
    event: Event | None = None


class UserReport(Report):
    """A report of a user."""

    target_user_id: Id


class RoomReport(Report):
    """A report of a room."""

    room_id: Id


class Posted(Wire):
    """An event with media."""

    room_id: Id
    event_id: Id
    event: Event
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")


class News(Wire):
    """`GET /_synapse/client/answerable/news` of the module: what came after four numbers, and the newest ones."""

    event: tuple[EventReport, ...] = Field((), max_length=1000, strict=False)
    user: tuple[UserReport, ...] = Field((), max_length=1000, strict=False)
    room: tuple[RoomReport, ...] = Field((), max_length=1000, strict=False)
    posted: tuple[Posted, ...] = Field((), max_length=10_000, strict=False)
    event_newest: Count
    user_newest: Count
    room_newest: Count
    posted_newest: Count


class Upload(Wire):
    """One upload in the list of all."""

    media_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,255}$")
    user_id: str | None = None
    media_type: str | None = None
    created_ts: Milliseconds
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")


class Uploads(Wire):
    """`GET /_synapse/client/answerable/media` of the module: a page of all uploads."""

    server_name: Id
    media: tuple[Upload, ...] = Field(max_length=1000, strict=False)
    more: bool


def parse(kind: type[W], body: bytes) -> W:
    """Check an answer. Raises AnswerMalformed, naming the member."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise AnswerMalformed(f"{place}: {first['msg']}") from error


def kind_of_type(media_type: str, otherwise: ItemKind = ItemKind.IMAGE) -> ItemKind:
    """What a piece of media of that type is."""
    if media_type.startswith(("video/", "audio/")):
        return ItemKind.VIDEO
    return ItemKind.IMAGE if media_type.startswith("image/") else otherwise


def _inside(content: dict[str, Any], name: str) -> dict[str, Any]:
    value = content.get(name)
    return value if isinstance(value, dict) else {}
