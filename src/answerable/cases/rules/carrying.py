"""What a newer policy pack takes away from an open case: only where that is nothing may the case be pinned to it.

A case was promised things under the pack that it is pinned to (rule 2). A newer one may add and shorten.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Final

from answerable.policy import Pack
from answerable.policy.checks.places import cases, names_in, said, true_of
from answerable.policy.durations import say
from answerable.policy.pack import PER_REGIME, applies
from answerable.policy.shapes import Entry
from answerable.policy.words import Age, By, Event

SOONER_IS_STRICTER = frozenset({"remove_if_undecided"})
"""Of other kinds the wait protects somebody: a notice that can hurt, evidence that is to be kept."""
TAKEN_OVER: Final = frozenset({"preserve", "destroy_preserved"})
"""Kinds that people kept by hand before software could: it does no less than they did."""
NONE = timedelta()


def weaker(old: Pack, new: Pack, harm_id: str, regimes: Collection[str]) -> list[str]:
    """In what `new` asks or owes less than `old`, or later, for a case of that harm. Empty: in nothing."""
    if harm_id not in new.harms:
        return [f"it has no harm {harm_id!r}"]
    return [
        *_clauses(old, new),
        *_refusals(old, new, harm_id),
        *(reason for event in Event for reason in _owes(old, new, harm_id, event, regimes)),
    ]


def _clauses(old: Pack, new: Pack) -> Iterator[str]:
    """What people judged under must stay readable: a decision may yet be undone."""
    there = {(name, clause.id) for name, harm in new.harms.items() for clause in harm.clauses}
    for name, harm in old.harms.items():
        for clause in harm.clauses:
            if (name, clause.id) not in there:
                yield f"it has no clause {clause.id!r}"


def _refusals(old: Pack, new: Pack, harm_id: str) -> Iterator[str]:
    for age in Age:
        for complete in (False, True):
            before = old.harm(harm_id).refusal(age, complete)
            after = new.harm(harm_id).refusal(age, complete)
            if after.people < before.people or after.qualified != before.qualified:
                yield f"a refusal ({age.value}) takes other or fewer people"


def _owes(old: Pack, new: Pack, harm_id: str, event: Event, regimes: Collection[str]) -> Iterator[str]:
    there = [entry for entry in new.entries(harm_id, event) if applies(entry.regime, regimes)]
    for entry in old.entries(harm_id, event):
        if not applies(entry.regime, regimes):
            continue
        texts = [one.when for one in there if _at_least(one, entry)]
        for facts in cases({}, names_in([entry.when, *texts])):
            if true_of(entry.when, facts) and not any(true_of(text, facts) for text in texts):
                time = say(entry.within, "en")
                yield f"{event.value} no longer owes {entry.do!r} within {time} for {said(facts)}"
                break


def _at_least(new: Entry, old: Entry) -> bool:
    """Whether an entry owes what another did, at least as soon and for as long."""
    wait, waited = new.after or NONE, old.after or NONE
    same = ("do", "to", "reply", "notice", "what")
    taken_over = old.do in TAKEN_OVER and new.by is By.WORKER
    return (
        (new.by == old.by or taken_over)
        and all(getattr(new, name) == getattr(old, name) for name in same)
        and (old.do not in PER_REGIME or new.regime == old.regime)
        and new.within <= old.within
        and (wait == waited or (wait < waited and old.do in SOONER_IS_STRICTER))
        and (new.keep_for or NONE) >= (old.keep_for or NONE)
    )
