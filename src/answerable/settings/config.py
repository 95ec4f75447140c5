"""What an operator configures: `answerable.toml` in the data directory, checked before anything starts.

The data directory is named by `ANSWERABLE_DATA` (default `./data`). Secrets are files beside the
configuration, mode 0600, never values in it.
"""

import os
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from answerable.settings.addresses import party
from answerable.settings.authorities import (
    Authorities,
    Dsa,
    Email,
    EmailParty,
    Ncmec,
    NcmecPlatform,
    NcmecReporter,
)
from answerable.settings.evidence import Evidence
from answerable.settings.section import Section

__all__ = [
    "Authorities",
    "Config",
    "ConfigError",
    "Dsa",
    "Email",
    "EmailParty",
    "Ncmec",
    "NcmecPlatform",
    "NcmecReporter",
    "Section",
    "config",
    "data_directory",
    "read",
]

DATA_VARIABLE = "ANSWERABLE_DATA"
CONFIG_NAME = "answerable.toml"
ITEM_KINDS = ("image", "video", "text", "profile", "account", "room", "page")


class ConfigError(Exception):
    """The configuration can't be used. The message says which key, and what to write."""


class Desk(Section):
    """Who answers, where, and under which laws."""

    name: str = "Answerable"
    origin: str = Field("desk.localhost/log", description="unique name of the audit log, without a scheme")
    public_url: str = "http://localhost:8400"
    staff_url: str = "http://localhost:8401"
    regimes: tuple[str, ...] = Field(
        min_length=1, description="the laws under which the operator is provider"
    )
    policy: str = Field("baseline", description="`baseline` or the path of a policy pack")
    languages: tuple[str, ...] = ("en", "fr")
    emergency_contact: str = Field("", description="shown where danger is reported and nobody is on call")


class Platform(Section):
    """One platform that this desk answers for."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    adapter: str = "http"
    base_url: str
    secret_file: str
    hosts: tuple[str, ...] = Field(min_length=1, description="host[:port] of the links that people report")
    media_hosts: tuple[str, ...] = Field((), description="host[:port] from which media may be fetched")
    item_paths: tuple[str, ...] = Field(
        (),
        description="where items live: /p/{ref}, /viewtopic.php?p={ref}; and what is there: /u/{ref} profile",
    )
    report_harm: str = Field(
        "csam", description="what a report made on the platform is taken for where it doesn't say"
    )
    erase_confirmed: bool = Field(
        False, description="whether what can't be undone there is done once two people confirmed a removal"
    )
    options: dict[str, Any] = Field({}, description="what this adapter needs besides; it checks them itself")

    def __hash__(self) -> int:
        """By name and address: `options` is a table, and the whole configuration is a key of caches."""
        return hash((self.name, self.base_url))

    @field_validator("base_url")
    @classmethod
    def has_scheme_and_host(cls, value: str) -> str:
        """Refuse an address that httpx could not call."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("write the whole address, such as https://photos.example/answerable")
        return value

    @field_validator("item_paths")
    @classmethod
    def has_one_ref(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse a pattern that names no item, or two, or something that no item is."""
        for entry in value:
            pattern, _, kind = entry.partition(" ")
            if not pattern.startswith("/") or pattern.count("{ref}") != 1:
                raise ValueError(f"{entry!r}: begin with / and write {{ref}} once, such as /p/{{ref}}")
            if kind not in ("", *ITEM_KINDS):
                raise ValueError(f"{entry!r}: after the path stands what is there: {', '.join(ITEM_KINDS)}")
        return value


class Bucket(Section):
    """A bucket, of a library (`answerable backfill s3://name/…`), a platform or the evidence, and its one host."""

    name: str = Field(min_length=3, max_length=255)
    endpoint: str = Field(description="the whole address of the S3 service")
    region: str = "us-east-1"
    credentials_file: str = Field(
        "", description="an INI file in the data directory; empty: AWS_ACCESS_KEY_ID and its companions"
    )

    @field_validator("endpoint")
    @classmethod
    def has_scheme_and_host(cls, value: str) -> str:
        """Refuse what is no address."""
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("write the whole address, such as https://s3.eu-central-1.example")
        return value


class Database(Section):
    """`sqlite` (in the data directory) or a PostgreSQL address."""

    url: str = "sqlite"


class Alerts(Section):
    """Where people on call are paged: apprise addresses."""

    urls: tuple[str, ...] = ()


class Worker(Section):
    """How many obligations are worked on at a time."""

    threads: int = Field(6, ge=2, le=64)


class Web(Section):
    """Where the doors listen, with how many processes each, and requests per process at a time."""

    address: str = "127.0.0.1"
    public_port: int = Field(8400, ge=1, le=65535)
    staff_port: int = Field(8401, ge=1, le=65535)
    processes: int = Field(1, ge=1, le=64)
    threads: int = Field(4, ge=1, le=256)


class Hma(Section):
    """The door for tools that were written for Meta's hasher-matcher-actioner, under `/hma` of the public door."""

    enabled: bool = False


class HashListEntry(Section):
    """One hash list that is fetched on schedule. `source` holds what its kind needs: addresses, files of secrets."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=30)
    kind: Literal["file", "ncmec", "stopncii", "threatexchange"]
    label: str = Field("", alias="class", max_length=28, description="of records that say none")
    terms: str = Field("", max_length=300, description="what you may do with it, for those who ask later")
    every_minutes: int = Field(60, ge=1, le=10_080)
    stale_after_hours: int = Field(720, ge=1, description="without a complete fetch people are paged")
    feedback: bool = Field(True, description="tell the source what people here found, where it takes it")
    source: dict[str, Any] = {}

    def __hash__(self) -> int:
        """By name and kind: `source` is a table, and the whole configuration is a key of caches."""
        return hash((self.name, self.kind))

    @field_validator("name")
    @classmethod
    def is_not_ours(cls, value: str) -> str:
        """Refuse the names of what people here decided."""
        if value == "own" or value.startswith("own."):
            raise ValueError("names that begin with `own.` are those of your own decisions")
        if value == "shield" or value.startswith("shield."):
            raise ValueError("`shield` is what Arachnid Shield answers: write it into [shield]")
        return value

    @model_validator(mode="after")
    def says_who_opened_it(self) -> "HashListEntry":
        """Bind the name of StopNCII's list to it, because no policy pack may let that one decide; and let no other
        source take the name of one that the baseline pack lets decide."""
        if self.kind == "stopncii" and not self.name.startswith("stopncii"):
            raise ValueError("a list of StopNCII has a name that begins with `stopncii`")
        if self.kind not in ("file", "ncmec") and self.name.partition(".")[0] == "ncmec":
            raise ValueError(
                "the name `ncmec` is for what NCMEC shares: the policy pack may let that one decide"
            )
        return self


class Shield(Section):
    """Arachnid Shield, which is asked about the PDQ of pictures. Without this section nothing is asked."""

    base_url: str = Field(description="the address that Shield gave you: the only host that is asked")
    login_file: str = Field("shield.login", description="a secret file: name:password of Shield")
    hashes_per_minute: int = Field(600, ge=1, le=60_000)
    library: bool = Field(True, description="ask about what was registered before Shield was turned on, too")
    ask_again_days: int | None = Field(
        None, ge=1, le=3650, description="ask about a hash again after so long; else never"
    )
    terms: str = Field(
        "for the protection of this platform only; never to be given to generative AI", max_length=300
    )

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Refuse an address that can't be called, and credentials sent in clear to another machine."""
        return party(value)


class Config(Section):
    """The whole file."""

    desk: Desk
    platforms: tuple[Platform, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    lists: tuple[HashListEntry, ...] = ()
    database: Database = Database()
    alerts: Alerts = Alerts()
    worker: Worker = Worker()
    web: Web = Web()
    hma: Hma = Hma()
    shield: Shield | None = None
    authorities: Authorities = Authorities()
    evidence: Evidence = Evidence()
    environment: Literal["production", "demo", "test"] = "production"

    @model_validator(mode="after")
    def is_under_the_laws_that_it_names(self) -> "Config":
        """Refuse to deliver to the database of the EU what no law of the EU asks for."""
        if self.authorities.dsa is not None and not any(
            r.partition(".")[0] == "eu" for r in self.desk.regimes
        ):
            raise ValueError("[authorities.dsa] is for desks whose regimes name `eu`")
        return self

    @model_validator(mode="after")
    def keeps_evidence_by_itself(self) -> "Config":
        """Refuse a bucket that isn't configured, and one in which a platform has its uploads."""
        bucket = self.evidence.bucket
        if bucket and bucket not in [one.name for one in self.buckets]:
            raise ValueError(f"[evidence] bucket: there is no {bucket!r} in [[buckets]]")
        if bucket and any(bucket in one.options.values() for one in self.platforms):
            raise ValueError("[evidence] bucket: a platform uses this bucket, evidence needs one of its own")
        return self

    @field_validator("lists")
    @classmethod
    def has_each_name_once(cls, value: tuple[HashListEntry, ...]) -> tuple[HashListEntry, ...]:
        """Refuse two lists of one name: each would go on where the other stopped."""
        names = [entry.name for entry in value]
        if len(names) != len(set(names)):
            raise ValueError("two lists have the same name")
        return value


def data_directory() -> Path:
    """The directory that holds configuration, database, keys and media."""
    return Path(os.environ.get(DATA_VARIABLE, "data")).resolve()


def read(path: Path) -> Config:
    """Read and check one configuration file. Raises ConfigError with what to do."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist: run `answerable init` or set {DATA_VARIABLE}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    try:
        return Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError("\n".join([f"{path} can't be used:", *_problems(error)])) from error


def _problems(error: ValidationError) -> list[str]:
    """Each problem as a line: the key, and what is wrong with it. Never a value: one may hold a password."""
    return [
        f"  {'.'.join(str(part) for part in problem['loc'])}: "
        + ("there is no such key" if problem["type"] == "extra_forbidden" else problem["msg"])
        for problem in error.errors(include_url=False, include_input=False, include_context=False)
    ]


@lru_cache(maxsize=1)
def config() -> Config:
    """This process's configuration."""
    return read(data_directory() / CONFIG_NAME)
