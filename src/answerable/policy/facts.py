"""The facts that a pack's conditions may use: enums and booleans, so that all combinations can be tried."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from itertools import product
from typing import get_type_hints

from pydantic import BaseModel, ConfigDict, Field

from answerable.policy.words import Age, Danger, Relation

Value = str | bool


class Facts(BaseModel):
    """What is known of one report and one item at the moment of an event. Claims are claims."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    relation: Relation = Field(Relation.WITNESS, description="who reports, as they say")
    age: Age = Field(Age.UNSURE, description="the item's age, or the report's while no item is known")
    danger: Danger = Field(Danger.NONE, description="whether life or safety is threatened, as they say")
    media: bool = Field(False, description="the item is one piece of media (of a profile: its picture)")
    known: bool = Field(False, description="the item's ref on its platform is at hand")
    located: bool = Field(False, description="the report says where: a link, a name, words that help find it")
    complete: bool = Field(False, description="a complete removal request; a child's needs the place only")
    contact: bool = Field(False, description="a contact was given")
    verified: bool = Field(False, description="a token proves the relation")
    near: bool = Field(False, description="of a copy: near, not the identical file")
    decided: bool = Field(False, description="of a copy: its original is decided `violating`")
    capped: bool = Field(False, description="of a copy: beyond the number that the pack hides unlooked")
    listed: bool = Field(
        False, description="an exact match decided it: with a judged file, or a trusted list"
    )
    told: bool = Field(False, description="the account holder was told before")


@cache
def domains() -> dict[str, tuple[Value, ...]]:
    """Every fact with every value that it can take."""
    found: dict[str, tuple[Value, ...]] = {}
    for name, kind in get_type_hints(Facts).items():
        if name in Facts.model_fields:
            found[name] = (False, True) if kind is bool else tuple(str(v) for v in _members(kind))
    return found


def _members(kind: type) -> list[StrEnum]:
    if not issubclass(kind, StrEnum):
        raise TypeError(f"a fact is an enum or a boolean, not {kind!r}")
    return list(kind)


def combinations(names: Sequence[str]) -> Iterator[dict[str, Value]]:
    """Every combination of the values of these facts."""
    table = domains()
    for values in product(*(table[name] for name in names)):
        yield dict(zip(names, values, strict=True))
