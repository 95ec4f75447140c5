"""What every part of the configuration has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: unknown keys are refused, so that a typo shows."""

    # An address of the database or of a pager holds a password: an error names the key, never what stands there.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
