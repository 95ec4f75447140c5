"""What every harm must owe, whatever else its pack says: the rules and the laws, one line each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from answerable.policy.checks.places import (
    Given,
    Located,
    cases,
    entries_of,
    names_in,
    said,
    true_of,
    uncovered,
)
from answerable.policy.durations import say
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack, applies
from answerable.policy.shapes import Entry, Harm
from answerable.policy.words import Age, By, Event, Interim, Severity

SIX_MONTHS = timedelta(days=184)
"""The longest that six months can be."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
YOUNG: Given = {"age": ("child", "unsure")}
NOW: Given = {"danger": ("now",)}
MEDIA: Given = {"media": (True,), "known": (True,)}
LEAVING: Given = {"age": ("adult",), "relation": ("depicted",)}


@dataclass(frozen=True)
class Duty:
    """An obligation that must be owed after an event, for all facts within `given`."""

    event: Event
    do: str
    within: timedelta
    why: str
    by: By = By.WORKER
    given: Given = field(default_factory=dict)
    begins_by: timedelta | None = None
    waits: timedelta | None = None
    keep_for: timedelta | None = None
    to: str | None = None

    def met_by(self, entry: Entry) -> bool:
        """Whether an entry keeps this duty where its condition holds."""
        return (
            entry.do == self.do
            and entry.by == self.by
            and entry.within <= self.within
            and (self.begins_by is None or (entry.after or timedelta()) <= self.begins_by)
            and (self.waits is None or (entry.after or timedelta()) >= self.waits)
            and (self.keep_for is None or (entry.keep_for or timedelta()) >= self.keep_for)
            and (self.to is None or entry.to == self.to)
        )

    def __str__(self) -> str:
        parts = [f"{self.do!r} by {self.by.value} within {say(self.within, 'en')}"]
        if self.waits:
            parts.append(f"not before {say(self.waits, 'en')}")
        if self.begins_by is not None:
            parts.append(f"beginning at {say(self.begins_by, 'en')}")
        if self.keep_for:
            parts.append(f"for {say(self.keep_for, 'en')}")
        if self.to:
            parts.append(f"to {self.to}")
        return ", ".join(parts)


E, PEOPLE, OTHERS = Event, By.PEOPLE, By.OTHER_PEOPLE
ALWAYS = (
    Duty(E.ON_REPORT, "acknowledge", HOUR, "a report is confirmed (DSA Art. 16(4))"),
    Duty(E.ON_REPORT, "look", DAY, "people look at every report (rule 6)", PEOPLE),
    Duty(E.ON_REPORT, "decide", 7 * DAY, "people decide every report (rule 8)", PEOPLE),
    Duty(E.ON_DANGER, "page_people", 5 * MINUTE, "danger goes first (rule 19)", given=NOW),
    Duty(E.ON_DANGER, "answer_danger", 15 * MINUTE, "danger goes first (rule 19)", PEOPLE, NOW),
    Duty(E.ON_COPY, "look", DAY, "a person looks at a near copy (rule 11)", PEOPLE, {"near": (True,)}),
    Duty(E.ON_DIFFER, "settle_tie", 2 * DAY, "where two differ a lead decides (rule 10)", OTHERS),
    Duty(E.ON_VIOLATING, "remove", HOUR, "what violates is removed"),
    Duty(E.ON_VIOLATING, "capture", HOUR, "what violates is captured before it is removed (rule 15)"),
    Duty(E.ON_VIOLATING, "block_identical", MINUTE, "an identical file stays away", given={"media": (True,)}),
    Duty(E.ON_VIOLATING, "second_look", DAY, "a second person looks within 24 hours (rule 12)", OTHERS),
    Duty(E.ON_VIOLATING, "tell_reporter", HOUR, "the reporter is told (DSA Art. 16(5))"),
    Duty(E.ON_VIOLATING, "tell_holder", 60 * DAY, "the account holder is told why (DSA Art. 17)"),
    Duty(E.ON_NOT_VIOLATING, "restore", HOUR, "what was cleared is put back (rule 7)"),
    Duty(E.ON_NOT_VIOLATING, "tell_reporter", HOUR, "the reporter is told (DSA Art. 16(5))"),
    Duty(E.ON_NOT_VIOLATING, "tell_holder", 7 * DAY, "who was told is told again", given={"told": (True,)}),
    Duty(E.ON_CONFIRMED_BY_TWO, "judge_account", DAY, "a person asks whose account it is (rule 12)", PEOPLE),
    Duty(E.ON_ANSWER, "read_answer", DAY, "every answer is read by others (rule 6)", OTHERS),
    Duty(E.ON_COMPLAINT, "decide_complaint", 30 * DAY, "complaints are decided (DSA Art. 20)", OTHERS),
    Duty(E.ON_APPEAL, "decide_appeal", 30 * DAY, "appeals are decided (DSA Art. 20)", OTHERS),
    Duty(E.ON_WITHDRAWN, "erase_text", 7 * DAY, "withdrawing erases the contact (rule 18)"),
    Duty(
        E.ON_WITHDRAWN,
        "confirm_ending",
        30 * DAY,
        "a look and seven days (rule 18)",
        PEOPLE,
        LEAVING,
        waits=7 * DAY,
    ),
    Duty(E.ON_OVERTURNED, "restore", HOUR, "overturning puts back (rule 15)"),
    Duty(E.ON_OVERTURNED, "unblock", MINUTE, "overturning withdraws the fingerprint (rule 15)"),
    Duty(E.ON_OVERTURNED, "lift_account_effects", HOUR, "overturning lifts strikes and holds (rule 15)"),
    Duty(E.ON_OVERTURNED, "tell_reporter", HOUR, "everyone told is told (rule 15)"),
    Duty(E.ON_OVERTURNED, "tell_holder", 7 * DAY, "everyone told is told (rule 15)"),
)
CHILD_LOOK = Duty(
    E.ON_REPORT, "look", 15 * MINUTE, "a child's report is looked at soon (rule 5)", PEOPLE, YOUNG
)
EMERGENCY = Duty(
    E.ON_DANGER, "emergency_duty", 2 * HOUR, "danger owes the regime's emergency duty (rule 19)", PEOPLE, NOW
)
FORTY_EIGHT = Duty(
    E.ON_COMPLETE_REQUEST,
    "remove_if_undecided",
    48 * HOUR,
    "the 48 hours: undecided at hour 40 it is removed (47 USC 223a, OSA s. 10(3A))",
    given={"media": (True,)},
    begins_by=40 * HOUR,
)
UNDECIDED = (
    Duty(E.ON_UNDECIDED_REMOVED, "tell_reporter", HOUR, "the reporter is told that it is removed"),
    Duty(E.ON_UNDECIDED_REMOVED, "tell_holder", 60 * DAY, "the account holder is told why (DSA Art. 17)"),
)
COMPLAINTS = (
    Duty(
        E.ON_VIOLATING,
        "preserve",
        2 * DAY,
        "what deciding a complaint takes is kept as long as one can come (DSA Art. 20)",
        keep_for=SIX_MONTHS,
    ),
    Duty(E.ON_VIOLATING, "destroy_preserved", 400 * DAY, "then it is destroyed", waits=SIX_MONTHS),
)
YEAR = (
    Duty(E.ON_VIOLATING, "preserve", 2 * DAY, "a year's preservation", given=YOUNG, keep_for=365 * DAY),
    Duty(
        E.ON_FILED,
        "destroy_preserved",
        800 * DAY,
        "kept a year, then destroyed",
        given=YOUNG,
        waits=365 * DAY,
    ),
)


def holes(pack: Pack) -> Iterator[Hole]:
    """Every duty that a harm of this pack does not keep."""
    for harm_id, harm in pack.harms.items():
        yield from _hiding(pack, harm_id, harm)
        for regime in pack.regimes:
            for duty in _duties(pack, harm, regime):
                yield from _unmet(pack, harm_id, regime, duty)


def _duties(pack: Pack, harm: Harm, regime: str) -> Iterator[Duty]:
    yield from ALWAYS
    yield EMERGENCY
    young = Age.CHILD in harm.ages
    if young:
        yield CHILD_LOOK
    if applies("eu", [regime]):
        yield from COMPLAINTS
    if harm.severity is Severity.NORMAL:
        return
    if applies("us", [regime]) or applies("uk", [regime]):
        yield FORTY_EIGHT
        yield from UNDECIDED
        if young:
            yield from YEAR
    if not young:
        return
    for name in pack.regimes[regime].tells:
        why = f"a finding about a child is filed under {regime}"
        yield Duty(E.ON_VIOLATING, "report_authority", DAY, why, PEOPLE, YOUNG, to=name)
        yield Duty(
            E.ON_OVERTURNED,
            "correct_authority",
            7 * DAY,
            "authorities are told again (rule 15)",
            PEOPLE,
            YOUNG,
            to=name,
        )


def _unmet(pack: Pack, harm_id: str, regime: str, duty: Duty) -> Iterator[Hole]:
    located = entries_of(pack, harm_id, duty.event)
    meeting = [e for _, e in located if duty.met_by(e) and applies(e.regime, [regime])]
    facts = uncovered(meeting, duty.given)
    if facts is not None:
        where = _nearest(located, duty, harm_id)
        name = f"{harm_id} under {regime}: {duty.event.value} must owe {duty} for {said(facts)}: {duty.why}"
        yield pack.source.hole(where, name)


def _nearest(located: list[Located], duty: Duty, harm_id: str) -> tuple[str | int, ...]:
    """The entry that comes closest (same kind), else the harm's place for that event."""
    for path, entry in located:
        if entry.do == duty.do:
            return path
    return ("harms", harm_id, "owes", duty.event.value)


def _hiding(pack: Pack, harm_id: str, harm: Harm) -> Iterator[Hole]:
    """What the pack hides is hidden at once, a child's media always (rule 5), and owes a look (rule 7)."""
    owed = entries_of(pack, harm_id, Event.ON_REPORT)
    limits = {"hide": 5 * MINUTE, "limit": 5 * MINUTE, "look": HOUR}
    entries = {do: [e for _, e in owed if e.do == do and e.within <= limit] for do, limit in limits.items()}
    names = names_in(
        [*(e.when for e in harm.interim), *(e.when for found in entries.values() for e in found)]
    )
    given: Given = {"known": (True,), "media": (True,)}
    children = harm.severity is not Severity.NORMAL and Age.CHILD in harm.ages
    for facts in cases(given, names | {"age"}):
        use = next((e.use for e in harm.interim if true_of(e.when, facts)), None)
        if children and facts["age"] != "adult" and use is not Interim.HIDE:
            yield pack.source.hole(
                ("harms", harm_id, "interim"), f"a child's media is hidden at once, not for {said(facts)}"
            )
            return
        needed = () if use in (Interim.LOOK, None) else (use.value, "look")
        for do in needed:
            if not any(e.regime is None and true_of(e.when, facts) for e in entries[do]):
                limit = say(limits[do], "en")
                reason = f"interim is {use}, but on_report owes no {do!r} within {limit} for {said(facts)}"
                yield pack.source.hole(("harms", harm_id, "interim"), reason)
                return
