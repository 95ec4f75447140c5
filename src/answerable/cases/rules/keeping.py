"""How long evidence is kept: what may be destroyed now, and what may not (rules 15 and 22). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from answerable.policy.words import Age, Verdict

HELD_AGAIN: Final = timedelta(days=30)
"""While something may not be destroyed, that is asked again so often."""
DESTROY_WITHIN: Final = timedelta(days=30)
HIDDEN_AGAIN: Final = timedelta(days=1)
"""So often it is asked whether what was captured at hiding is needed still."""
CAPTURE_FIRST: Final = timedelta(hours=6)
"""So long `remove` waits for a capture that can't be made. Gone must become gone within the law's 48 hours."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Something owed for the sake of which a case's evidence is kept. `media`: its media too."""

    media: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """How one capture stands.

    `stands`: its content is `violating`. `filed`: an authority was told of it while it was. `contested`: an appeal or
    complaint is open. `held`: people said that nothing is destroyed. `window_ends_at`: until then a decision can be
    contested. `in_vault`: custodians have it, so that the working store's copy is not the only one.
    """

    stands: bool
    filed: bool
    contested: bool
    held: bool
    window_ends_at: datetime
    in_vault: bool
    keepings: Sequence[Keeping]


@dataclass(frozen=True, slots=True)
class May:
    """What may be destroyed of a capture."""

    media: bool
    facts: bool
    working_media: bool


def may_destroy(kept: Kept, now: datetime) -> May:
    """What nobody needs any more. Facts outlive media, and the vault the working store.

    What was cleared and never filed keeps no media: they show somebody who broke no rule.
    """
    if kept.held:
        return May(media=False, facts=False, working_media=False)
    cleared = not kept.stands and not kept.filed
    waits = kept.contested or (kept.stands and now < kept.window_ends_at)
    media = cleared or not (waits or any(one.media for one in kept.keepings))
    return May(
        media=media,
        facts=not (waits or kept.keepings),
        working_media=media or (kept.in_vault and not waits and not _being_filed(kept)),
    )


@dataclass(frozen=True, slots=True)
class Hidden:
    """How things stand with what was captured when it was hidden.

    `verdict`: of its content, where one stands. `captured`: as evidence, with all that is owed. `lifted`: one qualified
    person said that nobody is in it. `current`: the item still shows it. `open`: it is hidden undecided, or people are
    to judge it. `held`: people said that nothing is destroyed.
    """

    verdict: Verdict | None
    captured: bool
    age: Age
    lifted: bool
    current: bool
    open: bool
    held: bool


def why_ended(hidden: Hidden) -> str:
    """Why media that were captured at hiding aren't kept as such any more; empty while they are (rules 15 and 22)."""
    if hidden.held:
        return ""
    if hidden.verdict is Verdict.VIOLATING:
        return "captured" if hidden.captured else ""
    if hidden.verdict is Verdict.NOT_VIOLATING or hidden.lifted:
        return "cleared"
    if hidden.age is Age.ADULT:
        return "adult"
    if not hidden.current:
        return "changed"
    return "" if hidden.open else "over"


def _being_filed(kept: Kept) -> bool:
    """Whether an authority is still to be told, and may need the bytes."""
    return bool(kept.keepings) and kept.stands and not kept.filed
