"""The parties whose handlers keep what the worker claims. Importing a module registers its kinds."""

from importlib import import_module
from typing import Final

HANDLERS: Final = (
    "answerable.platforms.handlers",
    "answerable.matching.handlers",
    "answerable.matching.lists.handlers",
    "answerable.matching.lists.asking",
    "answerable.evidence.handlers",
    "answerable.authorities.handlers",
    "answerable.cases.handlers",
)


def register() -> None:
    """Import every party's handlers. Raises ImportError and RegistryError: then the worker must not run."""
    for module in HANDLERS:
        import_module(module)


def warm() -> None:
    """Let each party load what its first handler would load: the first reported item must not wait for it."""
    for module in HANDLERS:
        prepare = getattr(import_module(module), "warm", None)
        if prepare is not None:
            prepare()
