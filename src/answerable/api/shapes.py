"""What the machine API takes and gives, as pydantic models: they are the OpenAPI document."""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from answerable.cases.inputs import LINKS_LIMIT, STATEMENT_LIMIT
from answerable.policy.words import Age, Danger, Relation

HEX = {"sha256": 64, "md5": 32, "pdq": 64}
BATCH_LIMIT = 10_000
FRAMES_LIMIT = 4_000
Ref = Annotated[str, Field(min_length=1, max_length=300)]
ACCOUNT_LIMIT = 300
Account = Annotated[str, Field(max_length=ACCOUNT_LIMIT)]


class Strict(BaseModel):
    """Unknown members are refused, so that a typo shows. (ninja's `Schema` takes ten times as long to check one.)"""

    model_config = ConfigDict(extra="forbid")


def inlined(model: type[BaseModel]) -> dict[str, Any]:
    """The JSON schema of a model, with its parts written where they stand."""
    schema = model.model_json_schema()
    parts = schema.pop("$defs", {})

    def put_in(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return put_in(parts[value["$ref"].rpartition("/")[2]])
            return {name: put_in(one) for name, one in value.items()}
        return [put_in(one) for one in value] if isinstance(value, list) else value

    schema = put_in(schema)
    assert isinstance(schema, dict)  # noqa: S101  for the type checker
    return schema


class In(Strict):
    """Something that a caller sends, with words in it."""

    @model_validator(mode="after")
    def no_nul(self) -> "In":
        """Refuse the character that no database keeps in a text."""
        for value in vars(self).values():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and "\x00" in text:
                    raise ValueError("a text holds a NUL character: leave it out")
        return self


class ClaimIn(In):
    """A hash that a reporter made on their own device: it finds, it never blocks."""

    kind: Literal["sha256", "pdq"]
    value: str = Field(pattern=r"^[0-9a-fA-F]{64}$", description="hexadecimal")


class ReportIn(In):
    """A report, as one reporter makes it at one moment. Everything in it is a claim."""

    harm: str = Field(max_length=40, examples=["csam"])
    relation: Relation
    age: Age = Age.UNSURE
    danger: Danger = Danger.NONE
    links: list[Annotated[str, Field(min_length=1, max_length=2000)]] = Field([], max_length=LINKS_LIMIT)
    statement: str = Field("", max_length=STATEMENT_LIMIT)
    contact: str = Field("", max_length=500)
    signature: str = Field("", max_length=200)
    good_faith: bool = False
    claims: list[ClaimIn] = Field([], max_length=200)
    language: str = Field("en", pattern=r"^[a-z]{2}(-[A-Za-z]{2})?$")
    earlier_code: str = Field("", max_length=40, description="the access code of an earlier report")
    new_fact: Literal["", "age", "police", "identity", "place"] = ""


class ReportedOut(Schema):
    """What one link led to."""

    link: str
    state: str = Field(description="known, resolving, unknown_site")
    interim: str | None = Field(description="hide, limit, look")
    look_within_seconds: int


class FiledOut(Schema):
    """An accepted report. The code opens its status page and is shown once."""

    report: int
    code: str
    items: list[ReportedOut]
    owed: list[str]
    promises: list[str]
    status_url: str


class ThingOut(Schema):
    """What became of one thing that the report named."""

    link: str
    state: str
    at: datetime | None
    hidden_at: datetime | None
    decided_at: datetime | None
    copies: int


class OwedOut(Schema):
    """One thing owed to the reporter."""

    kind: str
    due_at: datetime
    late: bool


class SaidOut(Schema):
    """One message."""

    at: datetime
    from_reporter: bool
    text: str | None


class StatusOut(Schema):
    """What a report's status page shows, and nothing of other reports."""

    report: int
    received_at: datetime
    items: list[ThingOut]
    owed: list[OwedOut]
    messages: list[SaidOut]


class MediaIn(In):
    """Bytes inline as base64, or their address on one of the platform's media hosts."""

    inline: str | None = Field(None, max_length=36_000_000)
    url: str | None = Field(None, max_length=2000)
    media_type: str = Field("", max_length=100)

    @model_validator(mode="after")
    def one_of_both(self) -> "MediaIn":
        """Refuse both or neither."""
        if (self.inline is None) == (self.url is None):
            raise ValueError("give either `inline` or `url`")
        return self

    def data(self) -> bytes | None:
        """The bytes, when they are inline."""
        return base64.b64decode(self.inline) if self.inline is not None else None

    @field_validator("inline")
    @classmethod
    def is_base64(cls, value: str | None) -> str | None:
        """Refuse what isn't base64."""
        if value is not None:
            try:
                base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError) as error:
                raise ValueError("`inline` is not base64") from error
        return value


class FrameIn(Strict):
    """One picture of a video, as vPDQ has it: those of one a second, or of more where it moves."""

    pdq: str = Field(pattern=r"^[0-9a-f]{64}$")
    quality: int = Field(ge=0, le=100)
    at_seconds: float = Field(ge=0, le=1_000_000)


class HashesIn(Strict):
    """Hashes of a file that the caller made, hexadecimal. More are better."""

    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    md5: str = Field("", pattern=r"^([0-9a-f]{32})?$")
    pdq: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    pdq_quality: int | None = Field(None, ge=0, le=100)
    pdq_turns: list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]] = Field(
        [],
        max_length=7,
        description="the PDQ of the seven other rotations and flips: then these are searched too",
    )
    frames: list[FrameIn] = Field([], max_length=FRAMES_LIMIT, description="of a video; not in a batch")
    duration_seconds: float | None = Field(None, ge=0, le=1_000_000)

    @model_validator(mode="after")
    def something(self) -> "HashesIn":
        """Refuse nothing at all."""
        if not (self.sha256 or self.md5 or self.pdq or self.frames):
            raise ValueError("give at least one hash")
        if self.pdq_turns and not (self.pdq and len(self.pdq_turns) == 7):
            raise ValueError("`pdq_turns` are the seven others beside `pdq`")
        return self


class ScreenIn(In):
    """Bytes or hashes of one upload, or a batch of hashes."""

    account: Account = ""
    media: MediaIn | None = None
    hashes: HashesIn | None = None
    batch: list[HashesIn] | None = Field(None, min_length=1, max_length=BATCH_LIMIT)

    @model_validator(mode="after")
    def exactly_one(self) -> "ScreenIn":
        """Refuse none or several."""
        if sum(one is not None for one in (self.media, self.hashes, self.batch)) != 1:
            raise ValueError("give exactly one of `media`, `hashes`, `batch`")
        if any(one.frames for one in self.batch or ()):
            raise ValueError("send a video's frames by themselves, not in a batch")
        return self


class MatchOut(Schema):
    """Which list matched, for keys with `matches:read` only."""

    hash_list: str
    kind: str
    distance: int


class ScreenedOut(Schema):
    """The verdict: publish (`clear`), keep until people looked (`hold`), refuse (`block`)."""

    verdict: Literal["clear", "hold", "block"]
    match_id: str = ""
    match: MatchOut | None = None


class BatchOut(Schema):
    """The verdicts of a batch, in the order asked."""

    results: list[ScreenedOut]


class PlaceIn(In):
    """An item, by its platform and its ref there."""

    platform: str = Field(min_length=1, max_length=40)
    ref: Ref


class CopiesIn(In):
    """What to search for: a file's bytes or hashes, or an item that is registered."""

    media: MediaIn | None = None
    hashes: HashesIn | None = None
    item: PlaceIn | None = None
    limit: int = Field(1000, ge=1, le=BATCH_LIMIT, description="the nearest so many are told")

    @model_validator(mode="after")
    def exactly_one(self) -> "CopiesIn":
        """Refuse none or several."""
        if sum(one is not None for one in (self.media, self.hashes, self.item)) != 1:
            raise ValueError("give exactly one of `media`, `hashes`, `item`")
        return self


class CopyOut(Schema):
    """One item that holds a copy: the identical file (`exact`), or one within 31 bits of 256 (`near`)."""

    platform: str
    ref: str
    url: str
    kind: Literal["exact", "near"]
    distance: int
    turned: bool = Field(description="near only when rotated or flipped")
    current: bool = Field(description="the item shows these bytes now; else it did once")
    wanted: str = Field(description="the visibility that the desk wants: visible, limited, hidden, gone")


class CopiesOut(Schema):
    """The nearest copies first, and how many there are in all."""

    total: int
    copies: list[CopyOut]
