"""What an operator configures of the authorities that the worker tells by itself: `[authorities.…]`."""

from datetime import date
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from answerable.settings.addresses import party
from answerable.settings.section import Section

ADDRESS = r"^[A-Za-z0-9._%+=-]+@[A-Za-z0-9.-]+$"


class NcmecReporter(Section):
    """Who files at NCMEC, and whom police may ask: it stands in every report."""

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=255)
    first_name: str = Field("", max_length=100)
    last_name: str = Field("", max_length=100)
    phone: str = Field("", max_length=50)
    about_us: str = Field(
        "", description="standing text: the company, how to serve process, an emergency phone"
    )
    legal_url: str = Field("", max_length=2083)
    terms: str = Field("", max_length=3000, description="the passages of your terms that matter here")


class NcmecPlatform(Section):
    """What NCMEC is told of one platform."""

    name: str = Field("", max_length=100, description="the product's name; else that of the platform")
    place: Literal["web_page", "chat", "game"] = "web_page"
    public: bool = Field(False, description="what anybody may see there is open to the public")


class Ncmec(Section):
    """NCMEC's CyberTipline. Without this section people file by hand what is owed to it."""

    base_url: str = Field(description="the address that NCMEC named with the credentials, ending in /ispws")
    environment: Literal["test", "production"] = "test"
    login_file: str = Field("ncmec.login", description="a secret file: name:password of the CyberTipline")
    send: Literal["after_a_person", "at_once"] = "after_a_person"
    classify: bool = Field(
        False,
        description="reviewers state A1 to B2: for those who signed the industry's agreement on that scale",
    )
    reporter: NcmecReporter
    platforms: dict[str, NcmecPlatform] = {}
    copies_per_hour: int = Field(
        1000, ge=1, le=10_000, description="reports begun in an hour that are about identical copies alone"
    )

    def __hash__(self) -> int:
        """By address: `platforms` is a table, and the whole configuration is a key of caches."""
        return hash((self.base_url, self.environment))

    @field_validator("base_url")
    @classmethod
    def is_safe(cls, value: str) -> str:
        """Refuse what is no address, and a password sent in the clear to another machine."""
        parts = urlsplit(value)
        at_home = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.netloc or parts.scheme not in ("https", "http") or parts.username:
            raise ValueError("write the whole address that NCMEC named, ending in /ispws")
        if parts.scheme != "https" and not at_home:
            raise ValueError("it is asked over https only")
        return value.rstrip("/")

    @model_validator(mode="after")
    def is_the_environment_that_it_says(self) -> "Ncmec":
        """Refuse trying out at the address of production: filing test data there can cost the credentials."""
        host = urlsplit(self.base_url).hostname or ""
        if self.environment == "test" and host.startswith("report."):
            raise ValueError(
                'this is the address of production: write `environment = "production"`, or the test address'
            )
        if self.environment == "production" and "test" in host.partition(".")[0]:
            raise ValueError("this is the address for tests: what is filed there keeps no duty")
        return self


class Dsa(Section):
    """The EU's public database of statements of reasons. Without this section nothing is delivered to it."""

    base_url: str = Field(description="the address that came with the token, without /api")
    environment: Literal["test", "production"] = "test"
    token_file: str = Field("dsa.token", description="a secret file: the token of the database")
    since: date | None = Field(None, description="deliver no restriction that began before this day")

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Refuse an address that can't be called, and a token sent in clear to another machine."""
        return party(value)


class EmailParty(Section):
    """An authority that takes encrypted mail. It has agreed to that, and given its key by a way that you trust."""

    address: str = Field(pattern=ADDRESS, max_length=254)
    key: str = Field(description="its age public key: age1…")

    @field_validator("key")
    @classmethod
    def is_a_public_key(cls, value: str) -> str:
        """Refuse what nobody could be encrypted to, and a secret key most of all."""
        if value.upper().startswith("AGE-SECRET-KEY"):
            raise ValueError(
                "this is a secret key: never write one here; tell its owner that it is known now"
            )
        import pyrage  # noqa: PLC0415  only desks that mail need it

        try:
            pyrage.x25519.Recipient.from_str(value)
        except pyrage.RecipientError as error:
            raise ValueError("this is no age public key: age1 and 58 characters") from error
        return value


class Email(Section):
    """Authorities that are told by mail: each by the name that the policy pack has for it."""

    host: str = Field(pattern=r"^[A-Za-z0-9.:-]+$", max_length=255, description="your mail server")
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    login_file: str = Field("", description="a secret file: name:password; empty: without")
    sender: str = Field(
        pattern=ADDRESS, max_length=254, description="where they answer, and letters come back"
    )
    environment: Literal["test", "production"] = "test"
    receipt_within_hours: int = Field(72, ge=1, le=720, description="when a missing receipt is late")
    parties: dict[str, EmailParty] = Field(min_length=1)

    def __hash__(self) -> int:
        """By where it goes: `parties` is a table, and the whole configuration is a key of caches."""
        return hash((self.host, self.port, self.sender, self.environment))

    @field_validator("parties")
    @classmethod
    def have_no_door_of_their_own(cls, value: dict[str, EmailParty]) -> dict[str, EmailParty]:
        """Refuse to mail whom the worker tells otherwise."""
        if "ncmec" in value:
            raise ValueError("NCMEC takes no mail: configure [authorities.ncmec]")
        return value

    @model_validator(mode="after")
    def is_encrypted_on_its_way(self) -> "Email":
        """Refuse a password in clear on a network."""
        if self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError('security = "none" is for a mail server on this machine')
        return self


class Authorities(Section):
    """Authorities that the worker tells by itself."""

    ncmec: Ncmec | None = None
    dsa: Dsa | None = None
    email: Email | None = None
