"""Which kinds of obligation exist, who can keep each, and the handler of those that the worker keeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from answerable.policy.words import By

if TYPE_CHECKING:
    from answerable.obligations.models import Obligation

LONGEST_DEADLINE_SECONDS: Final = 10.0
"""A handler's hard deadline never exceeds this: a lease lasts 15 s, and nothing renews it."""


class RegistryError(Exception):
    """Two parts of the code register one kind of obligation differently, or one is registered wrongly."""


class NoHandler(Exception):
    """The worker was given an obligation of a kind that nothing in this version of the code can keep."""


@dataclass(frozen=True)
class KindInfo:
    """What is known of one kind of obligation."""

    name: str
    by: By
    handler: "str | Callable[[Obligation], None] | None"
    deadline_seconds: float
    at_once: bool = False

    def resolve(self) -> "Callable[[Obligation], None]":
        """The handler itself, imported where it was named by its dotted path. Raises NoHandler."""
        if self.handler is None:
            raise NoHandler(f"No handler is registered for {self.name!r}.")
        if callable(self.handler):
            return self.handler
        module, _, attribute = self.handler.rpartition(".")
        found: Callable[[Obligation], None] = getattr(import_module(module), attribute)
        return found


_kinds: dict[str, KindInfo] = {}


def kind(
    name: str,
    *,
    by: By,
    handler: "str | Callable[[Obligation], None] | None" = None,
    deadline_seconds: float = LONGEST_DEADLINE_SECONDS,
    at_once: bool = False,
) -> KindInfo:
    """Register a kind. The worker calls `handler` (a callable or its dotted path) outside a transaction.

    A kind that is kept in the very transaction that owes it is `at_once`, and has no handler.
    Kinds with the same handler are one work: of these, at most one per subject is in hand at a time.
    Registering the same again is harmless. Raises RegistryError.
    """
    info = KindInfo(name, By(by), handler, float(deadline_seconds), at_once)
    if info.by is By.WORKER and (handler is None) is not at_once:
        raise RegistryError(f"{name!r} is kept by the worker: give it a handler, or keep it at once.")
    if info.by is not By.WORKER and handler is not None:
        raise RegistryError(f"{name!r} is kept by people: it can't have a handler.")
    if not 0 < info.deadline_seconds <= LONGEST_DEADLINE_SECONDS:
        raise RegistryError(
            f"{name!r}: a handler has at most {LONGEST_DEADLINE_SECONDS:g} s; split longer work into steps."
        )
    known = _kinds.setdefault(name, info)
    if known != info:
        raise RegistryError(f"{name!r} is registered twice: as {known} and as {info}.")
    return known


def kinds() -> Mapping[str, KindInfo]:
    """Every registered kind by name, for `policy.check` and the worker."""
    return MappingProxyType(_kinds)


def find(name: str) -> KindInfo:
    """The kind of that name. Raises NoHandler when this version of the code doesn't know it."""
    try:
        return _kinds[name]
    except KeyError:
        raise NoHandler(f"This version knows no obligation of kind {name!r}.") from None


def sharing_a_handler() -> list[list[str]]:
    """The groups of kinds that have one handler in common, such as hide, limit, restore and remove."""
    groups: dict[object, list[str]] = {}
    for info in _kinds.values():
        if info.handler is not None:
            groups.setdefault(info.handler, []).append(info.name)
    return [sorted(names) for names in groups.values() if len(names) > 1]
