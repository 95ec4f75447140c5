"""What is owed: the table, how it is owed, kept and released, and how the worker claims it.

`from answerable.obligations import Owed, owe, keep, release` is what commands need. The names load on first
use, because Django imports this package before its models may be.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from answerable.obligations.attempts import claim, failed
    from answerable.obligations.ledger import (
        InCase,
        keep,
        keep_all,
        keep_each,
        owe,
        owe_in_cases,
        release,
        release_all,
    )
    from answerable.obligations.owed import Owed

_HOMES = {
    "Owed": "owed",
    "InCase": "ledger",
    "owe": "ledger",
    "owe_in_cases": "ledger",
    "keep": "ledger",
    "keep_all": "ledger",
    "keep_each": "ledger",
    "release": "ledger",
    "release_all": "ledger",
    "claim": "attempts",
    "failed": "attempts",
}

__all__ = [
    "InCase",
    "Owed",
    "claim",
    "failed",
    "keep",
    "keep_all",
    "keep_each",
    "owe",
    "owe_in_cases",
    "release",
    "release_all",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
