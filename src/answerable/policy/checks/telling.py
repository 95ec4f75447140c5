"""Promises that are kept, and notices that wait where telling can hurt (rules 2 and 16)."""

from collections.abc import Iterator

from answerable.policy.checks.duties import SIX_MONTHS
from answerable.policy.checks.places import (
    Given,
    cases,
    entries_of,
    every_promise,
    names_in,
    said,
    true_of,
    uncovered,
)
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack, applies
from answerable.policy.words import Age, Event, Interim, Severity

PERSONAL = frozenset({"statement", "contact", "signature", "message", "reason", "log"})
"""What is erased on schedule: people's words, and the sealed parts of the log, which carry digests of them."""
DELAYED = (Event.ON_INTERIM_HIDDEN, Event.ON_VIOLATING, Event.ON_UNDECIDED_REMOVED, Event.ON_OFFENDER)


def holes(pack: Pack) -> Iterator[Hole]:
    """Every promise without an obligation, every notice that comes too early, too late or never."""
    yield from _promises(pack)
    anywhere = frozenset().union(*map(pack.owed_kinds, pack.harms))
    for index, term in enumerate(pack.terms):
        if term.kept_by is not None and term.kept_by not in anywhere:
            yield pack.source.hole(("terms", index), f"bound to nothing: {term.kept_by!r} is not owed")
    yield from _long_enough(pack)
    for harm_id, harm in pack.harms.items():
        if any(entry.use is not Interim.LOOK for entry in harm.interim):
            yield from _interim_notice(pack, harm_id)
        for event in DELAYED:
            yield from _delays(pack, harm_id, event)
        yield from _suspension_notice(pack, harm_id)


def _long_enough(pack: Pack) -> Iterator[Hole]:
    if pack.contest_for < SIX_MONTHS:
        yield pack.source.hole(
            ("contest_for",), "a decision can be contested for six months (DSA Art. 20): 184d"
        )
    for kind in sorted(PERSONAL - set(pack.erases)):
        yield pack.source.hole(("erases",), f"how long a {kind!r} is kept is missing")
    for kind in sorted(PERSONAL & set(pack.erases)):
        if pack.erases[kind] < pack.contest_for:
            yield pack.source.hole(("erases",), f"a {kind!r} is erased while a decision can be contested")


def _promises(pack: Pack) -> Iterator[Hole]:
    for path, promise, harms in every_promise(pack):
        owed = [pack.owed_kinds(h) for h in harms] or [frozenset().union(*map(pack.owed_kinds, pack.harms))]
        for kind in (*promise.kept_by, *promise.then):
            if not all(kind in kinds for kinds in owed):
                yield pack.source.hole(path, f"a promise bound to nothing: {kind!r} is not owed")
        for kind in promise.then:
            for harm_id in harms or pack.harms:
                yield from _after_decisions(pack, path, kind, harm_id)


def _after_decisions(pack: Pack, path: tuple[str | int, ...], kind: str, harm_id: str) -> Iterator[Hole]:
    for event in (Event.ON_VIOLATING, Event.ON_NOT_VIOLATING):
        entries = [e for _, e in entries_of(pack, harm_id, event) if e.do == kind and e.regime is None]
        if uncovered(entries, {}) is not None:
            yield pack.source.hole(path, f"{kind!r} does not always follow {event.value} in {harm_id}")


def _interim_notice(pack: Pack, harm_id: str) -> Iterator[Hole]:
    yield from _told(pack, harm_id, Event.ON_INTERIM_HIDDEN)


def _suspension_notice(pack: Pack, harm_id: str) -> Iterator[Hole]:
    """Nobody's account is suspended without a word (DSA Art. 17)."""
    if any(entry.do == "suspend_account" for _, entry in entries_of(pack, harm_id, Event.ON_OFFENDER)):
        yield from _told(pack, harm_id, Event.ON_OFFENDER)


def _told(pack: Pack, harm_id: str, event: Event) -> Iterator[Hole]:
    """Whether the account holder is told after this event, under each regime and whatever the facts."""
    located = entries_of(pack, harm_id, event)
    for regime in pack.regimes:
        telling = [e for _, e in located if e.do == "tell_holder" and applies(e.regime, [regime])]
        facts = uncovered(telling, {})
        if facts is not None:
            near = [path for path, entry in located if entry.do == "tell_holder"] or [p for p, _ in located]
            place = near[0] if near else ("harms", harm_id, "owes")
            reason = f"{harm_id} under {regime}: {event.value} must owe 'tell_holder' for {said(facts)}"
            yield pack.source.hole(place, reason)


def _delays(pack: Pack, harm_id: str, event: Event) -> Iterator[Hole]:
    harm = pack.harms[harm_id]
    for path, entry in entries_of(pack, harm_id, event):
        if entry.do != "tell_holder":
            continue
        if entry.after is None:
            if harm.severity is Severity.CRITICAL or _dangerous(entry.when):
                yield pack.source.hole(
                    path,
                    "telling can hurt: this notice must wait for a child, or where there is danger (rule 16)",
                )
            continue
        regime = pack.regimes.get(entry.regime or "")
        if regime is None or not entry.ground:
            yield pack.source.hole(
                path, "a notice waits only under a `regime` and on a `ground`, which are logged"
            )
        elif entry.after > regime.delay.longest:
            yield pack.source.hole(
                (*path, "after"), f"longer than the law of {entry.regime!r} lets a notice wait"
            )
        if (
            harm.severity is not Severity.CRITICAL
            and Age.ADULT in harm.ages
            and _harmless(pack, harm_id, event)
        ):
            yield pack.source.hole(path, "an adult's matter without danger gives no ground to wait")


def _dangerous(when: str | None) -> bool:
    """Whether an entry without delay can hold for a child or in danger."""
    given: list[Given] = [{"age": ("child", "unsure")}, {"danger": ("soon", "now")}]
    return any(true_of(when, facts) for part in given for facts in cases(part, names_in([when])))


def _harmless(pack: Pack, harm_id: str, event: Event) -> bool:
    """Whether an adult's matter without danger is not told at once."""
    prompt = [e for _, e in entries_of(pack, harm_id, event) if e.do == "tell_holder" and e.after is None]
    return uncovered(prompt, {"age": ("adult",), "danger": ("none",)}) is not None
