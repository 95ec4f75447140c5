"""A statement of reasons as the database takes it: from values alone, so that nothing personal can get in.

Nothing here reads a report, an item's address, an account, or what anybody wrote; the only text that isn't fixed here
is a clause of the policy pack, which is public as part of the terms.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from answerable.authorities.dsa import words
from answerable.authorities.dsa.categories import Kind, kind_of
from answerable.authorities.dsa.document import FIRST_APPLICATION, FIRST_CONTENT, LAST, Document
from answerable.cases.rules.reasons import CameFrom, Circumstance, Decided, Ground, Reasons, Restriction
from answerable.policy.words import Age

VISIBILITY: Final[dict[Restriction, tuple[words.Visibility, ...]]] = {
    Restriction.LIMITED: (words.Visibility.DEMOTED, words.Visibility.LABELLED),
    Restriction.HIDDEN: (words.Visibility.DISABLED,),
    Restriction.REMOVED: (words.Visibility.REMOVED,),
}
AUTOMATION: Final = {
    Decided.BY_PEOPLE: words.Automation.NOT,
    Decided.PARTLY_BY_SOFTWARE: words.Automation.PARTIALLY,
    Decided.BY_SOFTWARE: words.Automation.FULLY,
}
SOURCE: Final = {
    CameFrom.NOTICE: words.Source.NOTICE,
    CameFrom.TRUSTED_FLAGGER: words.Source.TRUSTED_FLAGGER,
    CameFrom.OTHER_NOTIFICATION: words.Source.OTHER,
    CameFrom.OWN_INITIATIVE: words.Source.VOLUNTARY,
}
CONTENT: Final = {
    "image": words.Content.IMAGE,
    "profile": words.Content.IMAGE,
    "video": words.Content.VIDEO,
    "text": words.Content.TEXT,
}
OTHER_CONTENT: Final = {"account": "an account", "room": "a room for conversations", "page": "a page"}
CAME: Final = {
    CameFrom.NOTICE: "Somebody notified the platform of it.",
    CameFrom.TRUSTED_FLAGGER: "A trusted flagger notified the platform of it.",
    CameFrom.OTHER_NOTIFICATION: "The platform was notified of it otherwise.",
    CameFrom.OWN_INITIATIVE: "Nobody notified the platform of it.",
}
FACTS: Final = {
    Circumstance.BEING_CHECKED: "The content might have been against the platform's rules, and was checked. It was"
    " hidden meanwhile, and nobody had decided about it.",
    Circumstance.BREAKS_A_RULE: "The content was found to fall under a rule of the platform.",
    Circumstance.NOT_DECIDED_IN_TIME: "A complete removal request named the content. The law sets a time limit for"
    " it, and nobody had decided when it ended.",
    Circumstance.HOLDER_BROKE_A_RULE: "Two people found that content in the account falls under a rule of the"
    " platform, and people found that it is its holder who posted it.",
}
HOW: Final = {
    Decided.BY_PEOPLE: "People decided.",
    Decided.PARTLY_BY_SOFTWARE: "Software recognised it as the very same file as one that people had decided about.",
    Decided.BY_SOFTWARE: "Software did it, by a rule that people set.",
}
HIDDEN_BY_TERMS: Final = "The terms say that what may be against the rules is hidden while it is checked."
REMOVED_BY_TERMS: Final = (
    "The terms say that what a complete removal request names is removed where nobody decided in time."
)
UNDECIDED: Final = (
    "This law sets a time limit for what a complete removal request names. Nobody had decided when it ended; nobody"
    " here found that the content is illegal, and people may still decide otherwise."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a statement is about, besides its reasons. `clause_text`: the clause as the terms state it."""

    harm: str
    age: Age
    item_kind: str
    clause_text: str
    content_on: date
    began_on: date
    ended_on: date | None
    puid: str


def document_of(said: Reasons, about: About) -> Document:
    """The document. Raises ValidationError for what the database would refuse."""
    kind = kind_of(about.harm, said.clause, about.age)
    suspended = said.restriction is Restriction.SUSPENDED
    began = _between(about.began_on, FIRST_APPLICATION)
    ended = None if about.ended_on is None else _between(about.ended_on, began)
    facts = f"{FACTS[said.circumstance]} {CAME[said.came_from]} {HOW[said.decided]}"
    return Document(
        decision_visibility=VISIBILITY.get(said.restriction, ()),
        decision_account=words.Account.SUSPENDED if suspended else None,
        category=kind.category,
        category_addition=kind.also,
        category_specification=kind.keywords,
        content_date=_between(about.content_on, FIRST_CONTENT),
        application_date=began,
        end_date_visibility_restriction=None if suspended else ended,
        end_date_account_restriction=ended if suspended else None,
        decision_facts=facts,
        source_type=SOURCE[said.came_from],
        automated_detection=words.YesNo.YES if said.found_by_software else words.YesNo.NO,
        automated_decision=AUTOMATION[said.decided],
        puid=about.puid,
        **_ground(said, about.clause_text, kind),
        **_content("account" if suspended else about.item_kind, kind),
    )


def _ground(said: Reasons, clause_text: str, kind: Kind) -> Mapping[str, Any]:
    if said.ground is Ground.LAW:
        return {
            "decision_ground": words.Ground.ILLEGAL,
            "illegal_content_legal_ground": said.law[:500],
            "illegal_content_explanation": UNDECIDED,
        }
    by_terms = {
        Circumstance.BEING_CHECKED: (HIDDEN_BY_TERMS, "It was hidden to be checked. It is no decision."),
        Circumstance.NOT_DECIDED_IN_TIME: (REMOVED_BY_TERMS, "Nobody had decided when the time limit ended."),
    }
    rule = f"A rule of the terms: {clause_text}"[:500]
    ground, why = by_terms.get(said.circumstance, (rule, FACTS[said.circumstance]))
    decided = bool(said.clause)
    return {
        "decision_ground": words.Ground.INCOMPATIBLE,
        "incompatible_content_ground": ground,
        "incompatible_content_explanation": why,
        "incompatible_content_illegal": words.YesNo.YES if decided and kind.illegal else None,
    }


def _content(item_kind: str, kind: Kind) -> Mapping[str, Any]:
    known = CONTENT.get(item_kind)
    if known is None:
        other = OTHER_CONTENT.get(item_kind, "something else")
        return {"content_type": (words.Content.OTHER,), "content_type_other": other}
    made = kind.synthetic and known in (words.Content.IMAGE, words.Content.VIDEO)
    return {"content_type": (known, words.Content.SYNTHETIC) if made else (known,)}


def _between(day: date, first: date) -> date:
    """A day that the database takes: what a platform says of its own past may be any."""
    return min(max(day, first), LAST)
