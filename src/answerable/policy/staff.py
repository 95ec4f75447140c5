"""Whom a desk lacks: what nobody on it can keep, so that it is not promised (rule 10, rule 19)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from answerable.policy.checks.places import every_entry
from answerable.policy.pack import Pack
from answerable.policy.shapes import Refusal
from answerable.policy.words import Age, By


class Staff(NamedTuple):
    """One person of a desk, as far as it matters here. Plain tuples in this order will do."""

    qualifications: Collection[str]
    lead: bool
    outside: bool
    on_call: bool


@dataclass(frozen=True, order=True)
class Lack:
    """A need that this desk's people don't meet, and the kinds of obligation that nobody can keep for it."""

    reason: str
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.reason}; nobody can keep: {', '.join(self.kinds)}"


def lacking(pack: Pack, people: Iterable[tuple[Collection[str], bool, bool, bool]]) -> list[Lack]:
    """What a desk lacks people for under this pack. `people`: (qualifications, lead, outside, on_call) each.

    Appeals and complaints go to somebody who took no part, so they take one qualified person more than the
    refusal; a tie takes a lead who is none of those who differ.
    """
    staff = [Staff(*person) for person in people]
    found = {lack for rule in _rules(pack) for lack in _for_rule(rule, staff)}
    found.update(_for_everybody(pack, staff))
    return sorted(found)


def unkept(pack: Pack, people: Iterable[tuple[Collection[str], bool, bool, bool]]) -> frozenset[str]:
    """The kinds that nobody on this desk can keep: their promises are not offered."""
    return frozenset(kind for lack in lacking(pack, people) for kind in lack.kinds)


def _rules(pack: Pack) -> list[tuple[str, Refusal]]:
    """Each refusal with the name of what it is for."""
    rules = []
    for harm_id, harm in pack.harms.items():
        for age in harm.ages:
            people = max(harm.refusal(age, complete).people for complete in (False, True))
            rule = harm.refusal(age, complete=True).model_copy(update={"people": people})
            rules.append((f"{harm_id} ({'adults' if age is Age.ADULT else 'children and unsure'})", rule))
    return rules


def _for_rule(named: tuple[str, Refusal], staff: list[Staff]) -> Iterable[Lack]:
    name, rule = named
    able = [person for person in staff if rule.qualified in person.qualifications]
    word = f"{name}: {rule.qualified}"
    if not able:
        yield Lack(f"{word}: nobody is qualified", ("decide", "look", "second_look"))
    if len(able) < rule.people:
        yield Lack(
            f"{word}: a refusal takes {rule.people} qualified people, here is {len(able)}: nobody can refuse",
            ("decide", "second_look"),
        )
    if not _lead_beside(able, staff, rule.people):
        yield Lack(f"{word}: no lead beside the {rule.people} who may differ", ("settle_tie",))
    if len(able) < rule.people + 1:
        yield Lack(
            f"{word}: nobody qualified is left who took no part",
            ("decide_appeal", "decide_complaint", "read_answer"),
        )


def _lead_beside(able: list[Staff], staff: list[Staff], people: int) -> bool:
    """Whether there is a lead when that many others have judged."""
    leads = [person for person in staff if person.lead]
    others = len(able) - sum(1 for person in able if person.lead)
    if not leads:
        return False
    # Leads may review too: one of them must be left over.
    return others >= people or len(able) >= people + 1 or any(person not in able for person in leads)


def _for_everybody(pack: Pack, staff: list[Staff]) -> Iterable[Lack]:
    kinds = {entry.do for _, entry in every_entry(pack) if entry.by is not By.WORKER}
    if not any(person.on_call for person in staff):
        urgent = tuple(sorted(kinds & {"answer_danger", "emergency_duty"}))
        yield Lack("nobody is on call", (*urgent, "page_people"))
    inside = [person for person in staff if not person.outside]
    if not inside:
        rest = kinds - {"decide", "look", "second_look", "settle_tie"}
        yield Lack("nobody of the desk itself is there", tuple(sorted(rest)))
