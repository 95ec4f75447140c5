"""Erasing what a reporter wrote before its time, because they ask for it: what stands against it, and who agrees."""

from enum import StrEnum

from answerable.policy.words import Age


class Against(StrEnum):
    """Why a reporter's words can't be erased yet."""

    HELD = "held"
    OPEN = "open"
    UNTOLD = "untold"


class KeptFor(StrEnum):
    """The ground on which people decline. A word of these and no sentence: it stands in the log."""

    LAW = "law"
    """A law obliges to keep them: Regulation (EU) 2016/679, Art. 17(3)(b)."""
    CLAIMS = "claims"
    """They are needed for a legal claim: Art. 17(3)(e)."""
    PRESSED = "pressed"
    """Somebody seems to press the one who asks: a child's words are what protects them."""


def stands_against(*, held: bool, undecided: bool, untold: bool) -> Against | None:
    """What keeps a report's words, the strongest first; None: they can go.

    `held`: people said that nothing of the matter is destroyed. `undecided`: somebody still has to look, read,
    answer or decide. `untold`: an authority is still to be told of it, or
    answered.
    """
    if held:
        return Against.HELD
    if undecided:
        return Against.OPEN
    return Against.UNTOLD if untold else None


def people_to_agree(youngest: Age) -> int:
    """How many of the desk agree, beside the reporter who asks: two where it may be a child's matter (rule 21)."""
    return 1 if youngest is Age.ADULT else 2
