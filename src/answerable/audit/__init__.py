"""The append-only log of everything that happened, looking included (rule 21).

`append` writes; the worker's `sequence` gives entries their place in the Merkle tree and signs it; `receipt`
proves one entry to a person; `check` finds any change; `forget` erases what may be erased. `verify.py` stands
alone. Import each from its module (`answerable.audit.log` …); `audit.append` and `audit.receipt` also work.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from answerable.audit.log import Said as Said
    from answerable.audit.log import append as append
    from answerable.audit.log import append_all as append_all
    from answerable.audit.receipts import receipt as receipt

# Loaded on first use, because Django imports this package before its models are ready. A name that is also
# a module's (`check`, `forget`) can't stand here.
_HOMES = {"append": "log", "append_all": "log", "Said": "log", "receipt": "receipts"}


def __getattr__(name: str) -> Any:
    """Load one of the package's functions from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
