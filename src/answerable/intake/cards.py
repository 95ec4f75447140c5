"""The choices of "What is it?", and what each says: the harm, who reports, how old the depicted person is.

All of it is a claim, unverified: it protects or asks for a look, it decides nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from answerable.policy.words import Age, Relation


@dataclass(frozen=True, slots=True)
class Card:
    """One choice of the form."""

    value: str
    harm: str
    relation: Relation
    age: Age
    label: str | Promise
    hint: str | Promise = ""
    asks_about: bool = False
    """Whether the form also asks whom it is about."""
    formal: bool = False
    """Whether a formal removal request by an adult may go with it; never asked from a child."""


CARDS = (
    Card(
        "me_child",
        "csam",
        Relation.DEPICTED,
        Age.CHILD,
        _("A picture or video of me"),
        _("I am under 18, or I was when it was made"),
    ),
    Card("my_child", "csam", Relation.GUARDIAN, Age.CHILD, _("A picture or video of my child")),
    Card(
        "other_child",
        "csam",
        Relation.WITNESS,
        Age.CHILD,
        _("A picture or video of somebody else under 18"),
        _("or who looks under 18"),
    ),
    Card(
        "me_adult",
        "ncii",
        Relation.DEPICTED,
        Age.ADULT,
        _("An intimate picture of me as an adult"),
        _("shared without my consent; also if it is altered or made by a machine"),
        formal=True,
    ),
    Card(
        "other_adult",
        "ncii",
        Relation.WITNESS,
        Age.ADULT,
        _("An intimate picture of another adult"),
        _("shared without their consent"),
        formal=True,
    ),
    Card(
        "threat",
        "sextortion",
        Relation.DEPICTED,
        Age.UNSURE,
        _("Somebody threatens to share pictures"),
        _("or asks for money or more pictures"),
        asks_about=True,
    ),
    Card(
        "approach",
        "grooming",
        Relation.WITNESS,
        Age.CHILD,
        _("Somebody tries to get close to a child"),
        _("asks for secrets, pictures or a meeting"),
        asks_about=True,
    ),
    Card(
        "other", "other_illegal", Relation.WITNESS, Age.UNSURE, _("Something else illegal"), asks_about=True
    ),
)

ABOUT = (
    ("me", _("About me")),
    ("my_child", _("About my child")),
    ("other", _("About somebody else")),
)
_ABOUT_RELATION = {"me": Relation.DEPICTED, "my_child": Relation.GUARDIAN, "other": Relation.WITNESS}

ACTING = (
    ("self", _("I am the person shown")),
    ("for_them", _("I act for the person shown, who asked me to")),
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the choices of a form say together."""

    harm: str
    relation: Relation
    age: Age


def cards_for(harms: Collection[str]) -> list[Card]:
    """The choices that this desk's policy pack knows."""
    return [card for card in CARDS if card.harm in harms]


def said(card: Card, about: str, acting: str) -> Said:
    """What a choice says, with the answers that go with it (empty: not answered)."""
    relation, age = card.relation, card.age
    if card.asks_about and about:
        relation = _ABOUT_RELATION[about]
        age = Age.CHILD if about == "my_child" else age
    if card.formal and acting == "for_them":
        relation = Relation.REPRESENTATIVE
    elif card.formal and acting == "self":
        relation = Relation.DEPICTED
    return Said(card.harm, relation, age)
