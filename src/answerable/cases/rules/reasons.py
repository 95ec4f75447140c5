"""Why something was restricted, with every element of Art. 17(3) of Regulation (EU) 2022/2065 as a value.

A notice tells an account holder in words; these are the same facts for whoever counts and compares them. Nothing here
says who reported anything, and nothing is a word that a person wrote.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from answerable.policy.words import Relation, Visibility


class Restriction(StrEnum):
    """What was restricted, and how far (17(3)(a))."""

    LIMITED = "limited"
    HIDDEN = "hidden"
    REMOVED = "removed"
    SUSPENDED = "suspended"
    """The account; everything else is about one item's visibility."""


class Lasts(StrEnum):
    """For how long (17(3)(a))."""

    UNTIL_DECIDED = "until_decided"
    NO_END = "no_end"


class Circumstance(StrEnum):
    """What was found (17(3)(b))."""

    BEING_CHECKED = "being_checked"
    BREAKS_A_RULE = "breaks_a_rule"
    NOT_DECIDED_IN_TIME = "not_decided_in_time"
    HOLDER_BROKE_A_RULE = "holder_broke_a_rule"
    ORDERED = "ordered"
    """An authority ordered it. Such a statement is for the holder alone (Art. 9(5), 17(5))."""
    CLEARED = "cleared"
    """It was checked and lifted: it breaks no rule."""
    WAS_WRONG = "was_wrong"
    """The decision was overturned, and what followed from it lifted."""


class CameFrom(StrEnum):
    """Whether somebody notified it (17(3)(b)). Never who."""

    NOTICE = "notice"
    TRUSTED_FLAGGER = "trusted_flagger"
    OTHER_NOTIFICATION = "other_notification"
    OWN_INITIATIVE = "own_initiative"


class Decided(StrEnum):
    """Whether software decided (17(3)(c))."""

    BY_PEOPLE = "by_people"
    PARTLY_BY_SOFTWARE = "partly_by_software"
    BY_SOFTWARE = "by_software"


class Ground(StrEnum):
    """What the restriction rests on (17(3)(d) and (e))."""

    TERMS = "terms"
    LAW = "law"


class Redress(StrEnum):
    """How it can be contested (17(3)(f))."""

    COMPLAINT = "complaint"
    DISPUTE_BODY = "dispute_body"
    COURT = "court"


EVERYWHERE: Final = "everywhere"
"""The territory of every restriction of this desk: an item is taken from everybody or from nobody."""
INTERIM: Final = "interim"
ORDERED: Final = "ordered"
RESTRICTING: Final = frozenset({INTERIM, "removed", "removed_undecided", "account_suspended", ORDERED})
"""The notices of a pack that tell of a restriction; of what is lifted tell `LIFTING`."""
LIFTING: Final = frozenset({"restored", "overturned", "account_restored"})
OF_ACCOUNTS: Final = frozenset({"account_suspended", "account_restored"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The elements of one statement. `clause` is empty where nobody decided; `law` names what set a time limit."""

    restriction: Restriction
    lasts: Lasts
    circumstance: Circumstance
    came_from: CameFrom
    found_by_software: bool
    decided: Decided
    ground: Ground
    clause: str = ""
    law: str = ""
    territory: str = EVERYWHERE
    redress: tuple[Redress, ...] = tuple(Redress)


def came_from(reports: Iterable[tuple[str, bool]]) -> CameFrom:
    """Whether it was notified, by the relation of each report and whether a token proves that."""
    said = set(reports)
    if (Relation.TRUSTED_FLAGGER, True) in said:
        return CameFrom.TRUSTED_FLAGGER
    if said - {(Relation.AUTHORITY, True)}:
        return CameFrom.NOTICE
    return CameFrom.OTHER_NOTIFICATION if said else CameFrom.OWN_INITIATIVE


def of_hiding(wanted: Visibility, why: str, source: CameFrom) -> Reasons:
    """An interim hiding: nobody decided, and the terms say that it is hidden meanwhile."""
    return Reasons(
        restriction=Restriction.LIMITED if wanted is Visibility.LIMITED else Restriction.HIDDEN,
        lasts=Lasts.UNTIL_DECIDED,
        circumstance=Circumstance.BEING_CHECKED,
        came_from=source,
        found_by_software=why != "report",
        decided=Decided.BY_SOFTWARE,
        ground=Ground.TERMS,
    )


def of_removal(clause: str, basis: str, source: CameFrom, *, listed: bool, hid_before: bool) -> Reasons:
    """A removal that was decided. `basis`: of the decision; `listed`: it rests on a list of others alone.

    `hid_before`: software had hidden it before anybody looked.
    """
    matched = basis != "reviews"
    decided = Decided.PARTLY_BY_SOFTWARE if matched else Decided.BY_PEOPLE
    return Reasons(
        restriction=Restriction.REMOVED,
        lasts=Lasts.NO_END,
        circumstance=Circumstance.BREAKS_A_RULE,
        came_from=source,
        found_by_software=matched or (source is CameFrom.OWN_INITIATIVE and hid_before),
        decided=Decided.BY_SOFTWARE if listed else decided,
        ground=Ground.TERMS,
        clause=clause,
    )


def of_deadline(law: str, source: CameFrom) -> Reasons:
    """A removal that the law's time limit brought, and nobody's decision (rule 14)."""
    return Reasons(
        restriction=Restriction.REMOVED,
        lasts=Lasts.NO_END,
        circumstance=Circumstance.NOT_DECIDED_IN_TIME,
        came_from=source,
        found_by_software=source is CameFrom.OWN_INITIATIVE,
        decided=Decided.BY_SOFTWARE,
        ground=Ground.LAW if law else Ground.TERMS,
        law=law,
    )


def of_order(law: str) -> Reasons:
    """A removal that a verified order of an authority brought: nobody here decided, and people carried it out."""
    return Reasons(
        restriction=Restriction.REMOVED,
        lasts=Lasts.NO_END,
        circumstance=Circumstance.ORDERED,
        came_from=CameFrom.OTHER_NOTIFICATION,
        found_by_software=False,
        decided=Decided.BY_PEOPLE,
        ground=Ground.LAW,
        law=law,
        redress=(Redress.COMPLAINT, Redress.COURT),
    )


def of_suspension(clause: str, source: CameFrom, *, hid_before: bool) -> Reasons:
    """The suspension of an account, which only people decide (rule 12)."""
    return Reasons(
        restriction=Restriction.SUSPENDED,
        lasts=Lasts.NO_END,
        circumstance=Circumstance.HOLDER_BROKE_A_RULE,
        came_from=source,
        found_by_software=source is CameFrom.OWN_INITIATIVE and hid_before,
        decided=Decided.BY_PEOPLE,
        ground=Ground.TERMS,
        clause=clause,
    )


def of_lifting(lifted: Reasons, *, overturned: bool) -> Reasons:
    """That a restriction no longer stands."""
    found = Circumstance.WAS_WRONG if overturned else Circumstance.CLEARED
    return replace(lifted, circumstance=found, lasts=Lasts.NO_END, decided=Decided.BY_PEOPLE)


def may_be_published(lasts: Lasts, *, told: bool, over: bool, ordered: bool = False) -> bool:
    """Whether the public database may have it by now.

    Never what an authority ordered: Art. 17 excludes it, and with that Art. 24(5). Not before the holder was told; and
    of an interim hiding not before it is over, because the database says whether somebody notified it, which the holder
    isn't told meanwhile (rule 16).
    """
    return not ordered and told and (lasts is Lasts.NO_END or over)
