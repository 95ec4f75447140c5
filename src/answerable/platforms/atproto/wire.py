"""What this platform's servers answer, and the options of the adapter: checked, refused by name. No I/O here."""

from typing import Annotated, Any, Final, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from answerable.platforms.base import AnswerMalformed, OptionsUnusable

DEFS: Final = "tools.ozone.moderation.defs#"


class Wire(BaseModel):
    """Anything on the wire. Unknown members are ignored, so that both sides can grow."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


Did = Annotated[str, Field(max_length=208, pattern=r"^did:[a-z]+:[a-zA-Z0-9._:%-]+$")]
Cid = Annotated[str, Field(max_length=120, pattern=r"^[a-zA-Z0-9]+$")]


class Problem(Wire):
    """An error as every server of the protocol words it."""

    error: str = Field("", max_length=200)
    message: str = Field("", max_length=2000)


class Nothing(Wire):
    """An answer of which only its coming counts."""


class Session(Wire):
    """A moderator's session."""

    did: Did
    accessJwt: str = Field(max_length=10_000, repr=False)
    refreshJwt: str = Field(max_length=10_000, repr=False)


class Resolved(Wire):
    """The account behind a handle."""

    did: Did


class RecordAnswer(Wire):
    """One record."""

    uri: str = Field(max_length=3000)
    cid: Cid | None = None
    value: dict[str, Any]


class Records(Wire):
    """A page of an account's records."""

    records: tuple[RecordAnswer, ...] = Field(max_length=200)
    cursor: str = Field("", max_length=2000)


class Repo(Wire):
    """An account's repository; `rev` grows with each change."""

    did: Did
    rev: str = Field("", max_length=40)
    active: bool = True


class Repos(Wire):
    """A page of the repositories of a server."""

    repos: tuple[Repo, ...] = Field(max_length=1000)
    cursor: str = Field("", max_length=2000)


class Collections(Wire):
    """What kinds of records an account has."""

    collections: tuple[Annotated[str, Field(max_length=317)], ...] = Field(max_length=2000)


class Takedown(Wire):
    """Whether something is taken down, and the mark that whoever did it left."""

    applied: bool = False
    ref: str | None = Field(None, max_length=1000)


class SubjectStatus(Wire):
    """What an administrator is told of an account, record or blob."""

    takedown: Takedown = Takedown()


class AccountInfo(Wire):
    """What a data server's administrator is told of an account."""

    did: str = Field(max_length=2100)
    handle: str = Field("", max_length=300)
    email: str | None = Field(None, max_length=250, repr=False)
    emailConfirmedAt: Annotated[AwareDatetime | None, Field(strict=False)] = None
    indexedAt: Annotated[AwareDatetime | None, Field(strict=False)] = None


class PostViews(Wire):
    """The posts that an AppView shows, of those asked for."""

    posts: tuple[dict[str, Any], ...] = Field(max_length=25)


class Tool(Wire):
    """What program made a moderation event."""

    name: str = Field("", max_length=1000)


class Subject(Wire):
    """What a moderation event is about: an account, a record, or a private message."""

    type: str = Field("", alias="$type", max_length=200)
    did: str = Field("", max_length=208)
    uri: str = Field("", max_length=3000)
    convoId: str = Field("", max_length=200)
    messageId: str = Field("", max_length=200)


class EventBody(Wire):
    """What happened: of a report, why, and the reporter's words."""

    type: str = Field("", alias="$type", max_length=200)
    reportType: str = Field("", max_length=200)
    comment: str | None = Field(None, max_length=30_000, repr=False)


class Event(Wire):
    """One entry of Ozone's history."""

    id: int = Field(ge=0)
    event: EventBody
    subject: Subject
    createdBy: str = Field("", max_length=208)
    createdAt: AwareDatetime
    modTool: Tool | None = None


class Events(Wire):
    """A page of Ozone's history."""

    events: tuple[Event, ...] = Field(max_length=200)
    cursor: str = Field("", max_length=200)


class Status(Wire):
    """Where Ozone's moderators are with something."""

    reviewState: str = Field("", max_length=200)


class Statuses(Wire):
    """A page of those."""

    subjectStatuses: tuple[Status, ...] = Field(max_length=200)


class RecordSubject(Wire):
    """The record that one event is about."""

    uri: str = Field(max_length=3000)
    cid: Cid


class EventDetail(Wire):
    """One event by its number."""

    subject: RecordSubject


class Options(BaseModel):
    """The table `options` of a platform in answerable.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    appview: str = Field(
        "", pattern=r"^$|^https?://[^/]+$", description="the AppView that you run, if you do"
    )
    appview_secret_file: str = Field("", description="its admin password; empty: as the server's")
    ozone: str = Field("", pattern=r"^$|^did:", description="the DID of your Ozone")
    ozone_page: str = Field("", pattern=r"^$|^https?://", description="where your moderators open it")
    moderator: str = Field("", description="handle or DID of the moderator account that the desk acts as")
    moderator_secret_file: str = Field("moderator.secret", description="its password, best an app password")
    looks: tuple[Annotated[str, Field(pattern=r"^https?://[^/]+/.*\{cid\}")], ...] = Field(
        (), description="where pictures are served, caches included: addresses with {did} and {cid}"
    )
    purge: str = Field("", pattern=r"^$|^https?://", description="where caches are told what to forget")
    purge_secret_file: str = Field("", description="the bearer token for it")
    harms: dict[str, str] = Field({}, description="type of report = harm of your pack, or empty: passed over")


T = TypeVar("T", bound=Wire)


def parse(kind: type[T], body: bytes) -> T:
    """Check an answer. Raises AnswerMalformed, naming the member."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise AnswerMalformed(_first(error)) from error


def read_options(options: dict[str, Any]) -> Options:
    """Check the table of options. Raises OptionsUnusable, naming the key."""
    try:
        read = Options.model_validate(options)
    except ValidationError as error:
        raise OptionsUnusable(_first(error)) from error
    if bool(read.ozone) != bool(read.moderator):
        raise OptionsUnusable("ozone and moderator: each needs the other")
    return read


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the whole"
    return f"{place}: {first['msg']}"
