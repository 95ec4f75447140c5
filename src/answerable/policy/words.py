"""The words that packs, rules and pages share, as enumerations. `docs/words.md` defines them."""

from enum import StrEnum
from typing import Final


class Age(StrEnum):
    """How old the depicted person is. `unsure` is treated as `child` (rule 13)."""

    CHILD = "child"
    UNSURE = "unsure"
    ADULT = "adult"


class Relation(StrEnum):
    """Who reports. A claim, unverified, unless a token proves `trusted_flagger` or `authority`."""

    DEPICTED = "depicted"
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"
    WITNESS = "witness"
    TRUSTED_FLAGGER = "trusted_flagger"
    AUTHORITY = "authority"
    PLATFORM_USER = "platform_user"


class Danger(StrEnum):
    """Whether somebody's life or safety is threatened, as the reporter says."""

    NONE = "none"
    SOON = "soon"
    NOW = "now"


class Interim(StrEnum):
    """What happens to a reported item before anybody has looked."""

    HIDE = "hide"
    LIMIT = "limit"
    LOOK = "look"


class By(StrEnum):
    """Who can keep an obligation."""

    WORKER = "worker"
    PEOPLE = "people"
    OTHER_PEOPLE = "other_people"


CLASSIFICATIONS: Final = ("A1", "A2", "B1", "B2")
"""The scale of 2014 that US providers agreed on: A before puberty, B after it began; 1 and 2 by what is shown."""


class Verdict(StrEnum):
    """A judgement of one item's content under one clause."""

    VIOLATING = "violating"
    NOT_VIOLATING = "not_violating"


class CopyKind(StrEnum):
    """`exact`: the identical file. `near`: within the distance of a perceptual fingerprint."""

    EXACT = "exact"
    NEAR = "near"


class Visibility(StrEnum):
    """How much of the public sees an item: visible < limited < hidden < gone. `unknown` is never wanted."""

    VISIBLE = "visible"
    LIMITED = "limited"
    HIDDEN = "hidden"
    GONE = "gone"

    @property
    def rank(self) -> int:
        """0 for visible to 3 for gone."""
        return list(Visibility).index(self)

    # All four: a str already has them, so total_ordering would leave "gone" > "hidden" to the alphabet.
    # All four: `str` defines its own, which would compare letters.
    def __lt__(self, other: str) -> bool:
        return self.rank < Visibility(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Visibility(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Visibility(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Visibility(other).rank


class Severity(StrEnum):
    """How a harm is ordered among others where no deadline decides."""

    CRITICAL = "critical"
    HIGH = "high"
    NORMAL = "normal"

    @property
    def rank(self) -> int:
        """0 for normal to 2 for critical."""
        return [Severity.NORMAL, Severity.HIGH, Severity.CRITICAL].index(self)


class Event(StrEnum):
    """What happened, from which a pack derives what is owed. Deadlines count from the event."""

    ON_REPORT = "on_report"
    ON_DANGER = "on_danger"
    ON_COMPLETE_REQUEST = "on_complete_request"
    ON_INTERIM_HIDDEN = "on_interim_hidden"
    ON_COPY = "on_copy"
    ON_DIFFER = "on_differ"
    ON_VIOLATING = "on_violating"
    ON_NOT_VIOLATING = "on_not_violating"
    ON_CONFIRMED_BY_TWO = "on_confirmed_by_two"
    ON_OFFENDER = "on_offender"
    ON_FILED = "on_filed"
    ON_UNDECIDED_REMOVED = "on_undecided_removed"
    ON_ANSWER = "on_answer"
    ON_COMPLAINT = "on_complaint"
    ON_APPEAL = "on_appeal"
    ON_WITHDRAWN = "on_withdrawn"
    ON_OVERTURNED = "on_overturned"
