"""What a report does to an item before anybody has looked at it, and what a copy shares with its original."""

from dataclasses import dataclass
from datetime import timedelta

from answerable.policy.words import Age, CopyKind, Interim, Relation, Visibility

UNLOOKED_PER_ACCOUNT = 10
"""So many files of one account may be hidden without anybody's look, in at most twice as many places."""
UNLOOKED_PLACES_PER_ACCOUNT = 2 * UNLOOKED_PER_ACCOUNT
"""Items of one account that may be hidden unlooked before its later ones wait for a look (rule 7)."""
UNFOUNDED_PER_TOKEN = 10
"""Hidings by one token that people lifted again before its later reports wait for a look (rule 7)."""
NEW_FACTS = ("age", "police", "identity", "place")
"""Kinds of new facts. Each counts once for a report, its answers and those that follow it (rule 6)."""
HIDINGS_BY_FACTS = len(NEW_FACTS)
"""How often unproven new facts may hide an item again that people cleared: a brigade has a code for everyone."""
VOUCHING = (Relation.REPRESENTATIVE, Relation.TRUSTED_FLAGGER)
"""Relations that, proven, hide a cleared item again. An authority's report does no more than any (rule 23)."""
LOOK_SOON = timedelta(minutes=15)
LOOK_GUARDED = timedelta(minutes=5)

VISIBILITY_OF = {Interim.HIDE: Visibility.HIDDEN, Interim.LIMIT: Visibility.LIMITED}


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What counts about a report when an item is to be protected."""

    age: Age
    something_new: bool = False
    """An earlier report's code came with a new fact (rule 6)."""
    vouched: bool = False
    """A proven representative or trusted flagger says it (rule 6)."""
    token_hidings: int = 0
    """Hidings that this report's token caused, all times."""
    token_lifted: int = 0
    """How many of those were lifted again by people's decision."""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What counts about an item when a report about it is accepted."""

    media: bool
    wanted: Visibility = Visibility.VISIBLE
    looked_at: bool = False
    """A person has judged its current content."""
    cleared_by_people: bool = False
    """Two people qualified for what is said now decided its file not violating, here or identical elsewhere; or
    the hiding was lifted because nobody is in it."""
    times_hidden: int = 0
    """How often it was hidden without a decision."""
    decided_violating: bool = False
    account_hidden_unlooked: int = 0
    """Other items of its account that are hidden now and that nobody has looked at."""
    account_found_violating: bool = False
    """A look at any item of its account found it violating."""


CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Protection:
    """What a report leads to for one item at once."""

    interim: Interim
    look_within: timedelta
    page: bool
    why: str


def protect(policy: Interim, report: ReportFacts, item: ItemFacts) -> Protection:
    """What happens to one reported item before anybody looks (rules 5, 6 and 7). A look is owed in any case.

    `policy` is what the pack says for this report and item; the rules below only ever make it milder.
    """
    if item.decided_violating:
        return Protection(Interim.LOOK, LOOK_SOON, page=False, why="decided")
    if policy is Interim.LOOK:
        return Protection(Interim.LOOK, LOOK_SOON, page=False, why="policy")
    if not item.media:
        return Protection(Interim.LOOK, LOOK_SOON, page=False, why="not_media")
    if item.cleared_by_people and not believed_again(report, item):
        return Protection(Interim.LOOK, LOOK_SOON, page=False, why=CLEARED)
    if item.account_hidden_unlooked >= UNLOOKED_PER_ACCOUNT and not item.account_found_violating:
        return Protection(Interim.LOOK, LOOK_GUARDED, page=True, why="account_guard")
    if _token_is_guarded(report) and not first_child_report(report.age, looked_at=item.looked_at):
        return Protection(Interim.LOOK, LOOK_SOON, page=False, why="token_guard")
    return Protection(policy, LOOK_SOON, page=False, why="policy")


def believed_again(report: ReportFacts, item: ItemFacts) -> bool:
    """Whether a report on a cleared item brings enough to hide it again before anybody looks (rules 6 and 7)."""
    return report.vouched or (report.something_new and item.times_hidden <= HIDINGS_BY_FACTS)


def _token_is_guarded(report: ReportFacts) -> bool:
    """Whether so many hidings by this token were lifted, and so few stood, that it is no longer believed unlooked."""
    stood = report.token_hidings - report.token_lifted
    return report.token_lifted >= UNFOUNDED_PER_TOKEN and report.token_lifted > stood


def first_child_report(age: Age, *, looked_at: bool) -> bool:
    """Whether a report of that age is the first on an item that nobody has looked at: no guard lowers it."""
    return age is not Age.ADULT and not looked_at


@dataclass(frozen=True, slots=True)
class Original:
    """What is known of the content that a copy is a copy of."""

    protected: Visibility
    """How far the original itself is taken from view: visible when it is not."""
    violating: bool = False
    confirmed_by_two: bool = False
    interim: Interim = Interim.HIDE
    """What happens to copies before a decision, as far as the original itself is taken from view."""
    up_to: int = 25
    """Copies to which that may happen before a decision (the pack's cap)."""
    then: Interim = Interim.LIMIT
    """What happens to copies beyond the cap before a decision."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a copy shares: the visibility wanted for it, whether the decision reaches it, whether a look is owed."""

    wanted: Visibility
    shares_decision: bool
    look: bool


NOTHING_SHARED = Sharing(Visibility.VISIBLE, shares_decision=False, look=False)


def share(
    original: Original,
    kind: CopyKind,
    already_touched: int,
    cleared_by_people: bool,
    *,
    account_guarded: bool = False,
) -> Sharing:
    """What a copy shares with the content it is a copy of (rules 11 and 12). `not_violating` never spreads.

    `already_touched`: copies of this original that were hidden before this one. `cleared_by_people`: people
    decided this copy's own content not violating. `account_guarded`: as many items of its account are hidden
    unlooked as may be (rule 7). What the law's deadline removed undecided takes its identical copies along.
    """
    if original.violating and kind is CopyKind.EXACT:
        return Sharing(Visibility.GONE, shares_decision=True, look=False)
    if not original.violating and original.protected is Visibility.VISIBLE:
        return NOTHING_SHARED
    if original.violating and original.confirmed_by_two:
        return Sharing(Visibility.HIDDEN, shares_decision=False, look=True)
    if cleared_by_people:
        return Sharing(Visibility.VISIBLE, shares_decision=False, look=original.violating)
    if original.protected is Visibility.GONE and kind is CopyKind.EXACT:  # removed undecided
        return Sharing(Visibility.GONE, shares_decision=False, look=True)
    if already_touched < original.up_to and (original.violating or not account_guarded):
        if original.violating:
            return Sharing(Visibility.HIDDEN, shares_decision=False, look=True)
        asked = VISIBILITY_OF.get(original.interim, Visibility.VISIBLE)
        return Sharing(min(original.protected, asked), shares_decision=False, look=True)
    beyond = VISIBILITY_OF.get(original.then, Visibility.VISIBLE)
    return Sharing(beyond, shares_decision=False, look=True)


def listed(*, is_the_file: bool, media: bool, looked_at: bool, capped: bool, then: Interim) -> Visibility:
    """How far an item is taken from view that was there before a list named what it shows. A look is owed in any case.

    `is_the_file`: by SHA-256. `looked_at`: people judged what it shows; then only the very file on a list is something
    new and checkable that hides it again (rule 6). `capped`: so much was hidden for this fingerprint, or of this
    account, that nobody has looked at, that the rest gets what the pack gives copies beyond its number (rule 7).
    """
    if not media or (looked_at and not is_the_file):
        return Visibility.VISIBLE
    if capped:
        return VISIBILITY_OF.get(then, Visibility.VISIBLE)
    return Visibility.HIDDEN
