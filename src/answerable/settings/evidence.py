"""The part of the configuration about evidence."""

from pydantic import Field, field_validator

from answerable.settings.section import Section


class Custodian(Section):
    """Somebody who can read the vault on their own machine: a person of the desk, and their age public key."""

    name: str = Field(min_length=1, max_length=60, description="their pseudonym at this desk")
    key: str = Field(description="their age public key: age1…")

    @field_validator("key")
    @classmethod
    def is_a_public_key(cls, value: str) -> str:
        """Refuse what nothing can be encrypted to, and a secret key, which no server may have."""
        if value.upper().startswith("AGE-SECRET-KEY"):
            raise ValueError("this is a secret key: write the public one, age1…, and make a new pair")
        import pyrage  # noqa: PLC0415  only desks with custodians need it here

        try:
            pyrage.x25519.Recipient.from_str(value)
        except pyrage.RecipientError as error:
            raise ValueError("this is no age public key: `age-keygen` prints one, age1…") from error
        return value


class Evidence(Section):
    """Where evidence is kept, and who alone can read the vault."""

    custodians: tuple[Custodian, ...] = ()
    folder: str = Field(
        "", description="of the vault and the working store; empty: `evidence` in the data directory"
    )
    bucket: str = Field(
        "",
        description="one of [[buckets]], where the objects lie instead; `folder` is then where they are encrypted",
    )
    prefix: str = Field(
        "",
        max_length=200,
        pattern=r"^([A-Za-z0-9_-][A-Za-z0-9._-]*/)*$",
        description="of all keys there: `desk/`",
    )
    scrub_days: int = Field(7, ge=1, le=90, description="so often every object is compared with its digest")

    @field_validator("custodians")
    @classmethod
    def has_each_once(cls, value: tuple[Custodian, ...]) -> tuple[Custodian, ...]:
        """Refuse two custodians of one name or one key: each opens alone, and asks another."""
        for what in ("name", "key"):
            found = [getattr(one, what) for one in value]
            if len(found) != len(set(found)):
                raise ValueError(f"two custodians have the same {what}")
        return value
