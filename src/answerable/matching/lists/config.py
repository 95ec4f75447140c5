"""What every source that is asked over the network needs: the one address that its hashes come from."""

from pydantic import field_validator

from answerable.settings.addresses import party
from answerable.settings.section import Section


class Listed(Section):
    """How a source is reached. Nothing but the host of `base_url` is ever asked."""

    base_url: str

    @field_validator("base_url")
    @classmethod
    def is_an_address(cls, value: str) -> str:
        """Refuse an address that can't be called, and credentials sent in clear to another machine."""
        return party(value)
