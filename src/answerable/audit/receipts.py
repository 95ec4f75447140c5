"""What a reporter keeps: a proof, verified offline, of what was received and when."""

from typing import Any


def receipt(entry_id: int, wait_seconds: float = 1.0) -> dict[str, Any]:
    """The receipt of one entry, as JSON values for `audit.verify`."""
    raise NotImplementedError(entry_id, wait_seconds)
