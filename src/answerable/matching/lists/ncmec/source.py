"""Fetching a list of NCMEC's, range of time by range of time.

Entries come in no order of time, so a range counts only once all its pages were read: until then a checkpoint
holds the range and the link to its next page, and the time up to which everything is known stays the old one.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from answerable.matching.lists import http
from answerable.matching.lists.base import Checkpoint, NoFeedback, Opinion, Page, SourceError
from answerable.matching.lists.ncmec import wire

LATEST: Final = timedelta(seconds=5)
"""A range ends this long ago: an entry may show a moment after the time that it bears."""
LINKS_LAST: Final = timedelta(hours=12)
MOST_AT_ONCE: Final = 400_000
FEW: Final = MOST_AT_ONCE // 8
SHRINK, GROW = 4, 2
MOST_RESTARTS: Final = 3
CLOCKS_APART: Final = timedelta(hours=1)


class NoReason(SourceError):
    """A refutation at NCMEC gives a reason: write one of these as `refuted_reason` of the list."""


class ClockBehind(SourceError):
    """By this machine's clock the list was already fetched up to a time to come: set the clock."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a fetch is. Everything before `since` is known; the range goes to `until`; `link`: its next page.

    Seconds since 1970. `span`: how long a range to ask for. `link_at`: when the link was given.
    """

    since: int
    span: int
    until: int = 0
    link: str = ""
    link_at: int = 0
    taken: int = 0

    def checkpoint(self) -> Checkpoint:
        names = ("since", "span", "until", "link", "link_at", "taken") if self.link else ("since", "span")
        return {name: getattr(self, name) for name in names}


class Ncmec:
    """One list of NCMEC's as a source."""

    def __init__(self, door: http.Door, refuted_reason: str = "") -> None:
        self._door, self._reason = door, refuted_reason

    def pages(self, checkpoint: Checkpoint, *, now: datetime) -> Iterator[Page]:
        """Everything since the checkpoint. See `base.Source`. Raises SourceError."""
        end = int((now - LATEST).timestamp())
        place = _read(checkpoint, end)
        if place.since - end > CLOCKS_APART.total_seconds():
            raise ClockBehind(_text(place.since), retry=False)
        if place.link and now.timestamp() - place.link_at >= LINKS_LAST.total_seconds():
            place = replace(place, link="", taken=0)
        with self._door.open() as talk:
            is_last = place.since >= end and not place.link
            if is_last:
                yield Page((), place.checkpoint(), True)
            while not is_last:
                place, is_last = yield from self._range(talk, place, end, int(now.timestamp()))

    def check(self) -> str:
        """Ask who NCMEC takes this desk for. Raises SourceError."""
        with self._door.open() as talk:
            number, name = wire.member(talk.get("/v2/status").body)
        return f"NCMEC knows this desk as member {number}, {name}."

    def tell(self, key: str, opinion: Opinion, *, facts: dict[str, Any]) -> None:
        """Affirm or refute a member's entry; `facts["matched"]` is the kind of fingerprint that matched.

        Raises SourceError; NoFeedback for a kind on which NCMEC takes none.
        """
        kind = wire.FEEDBACK_TYPES.get(str(facts.get("matched")))
        if kind is None:
            raise NoFeedback(f"NCMEC takes feedback on {', '.join(wire.FEEDBACK_TYPES)} only")
        member, _, entry = key.partition("/")
        path = f"/v2/entries/{quote(member, safe='')}/{quote(entry, safe='')}/{kind}/feedback"
        with self._door.brief().open() as talk:
            reason = self._reason_of(talk, kind) if opinion is Opinion.REFUTED else ""
            talk.send("PUT", path, wire.feedback(opinion, reason), "application/xml; charset=utf-8")

    def _reason_of(self, talk: http.Conversation, kind: str) -> str:
        """The guid of the reason to give: the configured one, or the only one. Raises NoReason."""
        known = wire.reasons(talk.get(f"/v2/feedback/{kind}/reasons").body)
        chosen = [guid for guid, name in known.items() if self._reason in (guid, name)]
        if not self._reason and len(known) == 1:
            chosen = list(known)
        if len(chosen) != 1:
            raise NoReason(", ".join(sorted(known.values())) or "it offers none")
        return chosen[0]

    def _range(
        self, talk: http.Conversation, place: _Place, end: int, now: int
    ) -> Generator[Page, None, tuple[_Place, bool]]:
        """The pages of one range. Returns the place after it, and whether everything is known now."""
        restarts, links = 0, {place.link}
        until = known = place.until
        while True:
            try:
                if place.link:
                    answer = talk.get(place.link, is_link=True)
                else:
                    until = min(end, place.since + place.span)
                    answer = talk.get("/v2/entries", {"from": _text(place.since), "to": _text(until)})
                    known = _known(until, answer.date)
            except http.LinkExpired:
                restarts += 1
                if restarts > MOST_RESTARTS:
                    raise
                place, links = replace(place, link="", taken=0), {""}
                continue
            said = wire.page(answer.body, f"{_text(place.since)} to {_text(until)}, after {place.taken}")
            if not place.link and said.ahead + len(said.changes) > MOST_AT_ONCE and until - place.since > 1:
                place = replace(place, span=max(1, (until - place.since) // SHRINK))
                continue
            taken = place.taken + len(said.changes)
            if not said.next:
                span = place.span * GROW if taken < FEW else place.span
                place = _Place(max(place.since, known), min(span, end))
                is_last = until >= end or known < until
                yield Page(said.changes, place.checkpoint(), is_last)
                return place, is_last
            if said.next in links or not said.next.startswith("/v2/entries?"):
                raise http.AnswerUnusable("its link to the next page leads nowhere new")
            links.add(said.next)
            place = replace(place, until=known, link=said.next, link_at=now, taken=taken)
            yield Page(said.changes, place.checkpoint(), False)


def _known(until: int, date: datetime | None) -> int:
    """Up to when everything is known after a range: by NCMEC's clock, where ours is ahead of it."""
    return until if date is None else min(until, int((date - LATEST).timestamp()))


def _read(checkpoint: Checkpoint, end: int) -> _Place:
    """The place that a checkpoint says; from the beginning where it is empty."""
    return _Place(**{"since": 0, "span": end, **checkpoint})


def _text(seconds: int) -> str:
    return wire.moment(datetime.fromtimestamp(seconds, UTC))
