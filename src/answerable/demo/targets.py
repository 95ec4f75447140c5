"""What each measured figure has to reach. A figure that was not measured reaches nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from answerable.demo.figures import Figures

STORY, BRIGADE, AUTHOR, FLOOD, OVERTURN = "story", "brigade", "author", "flood", "overturn"
ACTS = (STORY, BRIGADE, AUTHOR, FLOOD, OVERTURN)
SEEN_UNDER_SECONDS = 5.0
"""Where a platform shows an upload before anybody can be asked: for how long known material may be seen at most."""


@dataclass(frozen=True)
class Target:
    """One figure, what it has to be, and the act that measures it (empty: every replay)."""

    figure: str
    wanted: str
    holds: Callable[[Any, Figures], bool]
    act: str = ""
    counts: Callable[[Figures], bool] = lambda _: True
    """Whether the platform that was played on lets it be measured."""


def _is(value: object) -> Callable[[Any, Figures], bool]:
    return lambda found, _all: found == value


TARGETS = (
    Target("reports_needed", "1", _is(1), STORY),
    Target("seconds_to_hidden", "under 1", lambda found, _: found < 1.0, STORY),
    Target("seconds_to_hidden_message", "under 1", lambda found, _: found < 1.0, STORY),
    Target("views_after_first_notice", "0", _is(0), STORY),
    Target("copies_found", "all copies", lambda found, all_: found == all_.copies_total, STORY),
    Target("copies_verified_gone", "all copies", lambda found, all_: found == all_.copies_total, STORY),
    Target(
        "reuploads_blocked", "all that were tried", lambda found, all_: found == all_.reuploads_tried, STORY
    ),
    Target(
        "seconds_reuploads_were_seen",
        f"under {SEEN_UNDER_SECONDS:.0f}",
        lambda found, _: found < SEEN_UNDER_SECONDS,
        STORY,
        counts=lambda all_: not all_.asked_before_showing,
    ),
    Target("cases_of_the_family", "1", _is(1), STORY),
    Target("document_asked", "false", _is(False), STORY),
    Target("refused_by_one_person", "false", _is(False), STORY),
    Target("answer_reopened", "true", _is(True), STORY),
    Target("answer_read_by_others", "true", _is(True), STORY),
    Target("later_uploads_held", "true", _is(True), STORY),
    Target("promises_kept", "all that were owed", lambda found, all_: found == all_.promises_owed, STORY),
    Target("terms_checked", "true", _is(True), STORY),
    Target("receipt_verified", "true", _is(True), STORY),
    Target("innocent_times_hidden", "at most 1", lambda found, _: found <= 1, BRIGADE),
    Target("innocent_hidden_minutes", "under 60", lambda found, _: found < 60, BRIGADE),
    Target("innocent_restored", "true", _is(True), BRIGADE),
    Target("author_items_hidden_unlooked", "at most 10", lambda found, _: found <= 10, AUTHOR),
    Target("author_items_restored", "true", _is(True), AUTHOR),
    Target("seconds_to_hidden_in_flood", "under 60", lambda found, _: found < 60, FLOOD),
    Target("overturned_put_back", "true", _is(True), OVERTURN),
    Target("obligations_late", "0", _is(0)),
    Target("audit_verified", "true", _is(True)),
)


def missed(figures: Figures, acts: tuple[str, ...]) -> list[str]:
    """The targets that these acts were to reach and did not, each in a line."""
    lines = []
    for target in TARGETS:
        if (target.act and target.act not in acts) or not target.counts(figures):
            continue
        found = getattr(figures, target.figure)
        if found is None or not target.holds(found, figures):
            lines.append(f"{target.figure} is {found}, and should be {target.wanted}")
    return lines
