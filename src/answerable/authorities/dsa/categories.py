"""What the database of the EU calls what a clause is about.

A pack of one's own may have harms that stand nowhere here: what is known of them is that they are against the terms.
"""

from dataclasses import dataclass
from typing import Final

from answerable.authorities.dsa.words import OTHER_KEYWORD
from answerable.policy.words import Age


@dataclass(frozen=True, slots=True)
class Kind:
    """A category with its keywords. `also`: further categories; `illegal`: the clause itself speaks of the law."""

    category: str
    keywords: tuple[str, ...]
    also: tuple[str, ...] = ()
    synthetic: bool = False
    illegal: bool = False


def _kind(category: str, *keywords: str, also: tuple[str, ...] = (), synthetic: bool = False) -> Kind:
    names = tuple(f"KEYWORD_{word}" for word in keywords)
    more = tuple(f"STATEMENT_CATEGORY_{name}" for name in also)
    return Kind(f"STATEMENT_CATEGORY_{category}", names, more, synthetic)


ABUSE: Final = _kind("PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL")
MADE_ABUSE: Final = _kind("PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE", synthetic=True)
ENTICEMENT: Final = _kind("PROTECTION_OF_MINORS", "GROOMING_SEXUAL_ENTICEMENT_MINORS")
TRADE: Final = _kind(
    "PROTECTION_OF_MINORS", "GROOMING_SEXUAL_ENTICEMENT_MINORS", "HUMAN_TRAFFICKING", also=("VIOLENCE",)
)
SHARED: Final = _kind("CYBER_VIOLENCE", "NON_CONSENSUAL_IMAGE_SHARING")
FORGED: Final = _kind("CYBER_VIOLENCE", "NON_CONSENSUAL_MATERIAL_DEEPFAKE", synthetic=True)
THREAT: Final = _kind("CYBER_VIOLENCE", "CYBER_BULLYING_INTIMIDATION")
PRIVATE: Final = _kind("DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "MISSING_PROCESSING_GROUND")
UNNAMED: Final = Kind("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", (OTHER_KEYWORD,))
UNLAWFUL: Final = Kind("STATEMENT_CATEGORY_OTHER_VIOLATION_TC", (OTHER_KEYWORD,), illegal=True)

OF_MINORS: Final[dict[str, Kind]] = {
    "csam": ABUSE,
    "csam.generated": MADE_ABUSE,
    "child_sexualisation": ABUSE,
    "sextortion": ENTICEMENT,
    "sextortion.shared": ABUSE,
    "grooming": ENTICEMENT,
    "grooming.trade": TRADE,
    "ncii": ABUSE,
    "ncii.forgery": MADE_ABUSE,
    "other_illegal": UNNAMED,
    "other_illegal.law": UNLAWFUL,
    "other_illegal.threat": THREAT,
    "other_illegal.private": PRIVATE,
}
"""By clause, or by harm. Who may be a child is treated as one (rule 13)."""
OF_ADULTS: Final[dict[str, Kind]] = {
    **OF_MINORS,
    "sextortion": THREAT,
    "sextortion.shared": SHARED,
    "ncii": SHARED,
    "ncii.forgery": FORGED,
}
"""The keywords of images shared without consent are for adults alone."""


def kind_of(harm: str, clause: str, age: Age) -> Kind:
    """The kind of a clause, else of its harm, else of the harm that the case is about."""
    table = OF_ADULTS if age is Age.ADULT else OF_MINORS
    for name in (clause, clause.partition(".")[0], harm):
        if name in table:
            return table[name]
    return UNNAMED
