"""Whom a desk lacks: what nobody on it can keep, so that it is not promised (rule 10, rule 19)."""

from collections.abc import Collection, Iterable, Iterator
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
    harm: str = ""
    """The harm that it is about; empty: all of them."""
    ages: tuple[Age, ...] = ()
    """The ages that it is about; empty: all of them."""

    def concerns(self, harm_id: str | None, age: Age | None) -> bool:
        """Whether a report of that harm about that age suffers from it. None: any."""
        return (not self.harm or harm_id in (None, self.harm)) and (
            not self.ages or age in (None, *self.ages)
        )

    def __str__(self) -> str:
        return f"{self.reason}; nobody can keep: {', '.join(self.kinds)}"


def lacking(pack: Pack, people: Iterable[tuple[Collection[str], bool, bool, bool]]) -> list[Lack]:
    """What a desk lacks people for under this pack. `people`: (qualifications, lead, outside, on_call) each.

    Answers, appeals and complaints go to people who took no part, so they take as many qualified people again
    as the refusal; a tie takes a lead who is none of those who differ.
    """
    staff = [Staff(*person) for person in people]
    found = {lack for need in _rules(pack) for lack in _for_rule(need, staff)}
    found.update(_for_everybody(pack, staff))
    return sorted(found)


def unkept(
    pack: Pack,
    people: Iterable[tuple[Collection[str], bool, bool, bool]],
    *,
    harm_id: str | None = None,
    age: Age | None = None,
) -> frozenset[str]:
    """The kinds that nobody on this desk can keep, for one harm and age (None: for any of them).

    Their promises are not offered.
    """
    lacks = [lack for lack in lacking(pack, people) if lack.concerns(harm_id, age)]
    return frozenset(kind for lack in lacks for kind in lack.kinds)


@dataclass(frozen=True)
class _Need:
    """A refusal, and the harm and ages that it is for."""

    harm: str
    ages: tuple[Age, ...]
    rule: Refusal

    def lack(self, reason: str, *kinds: str) -> Lack:
        whom = "adults" if self.ages == (Age.ADULT,) else "children and unsure"
        named = f"{self.harm} ({whom}): {self.rule.qualified}: {reason}"
        return Lack(named, kinds, self.harm, self.ages)


def _rules(pack: Pack) -> Iterator[_Need]:
    for harm_id, harm in pack.harms.items():
        for ages in ((Age.CHILD, Age.UNSURE), (Age.ADULT,)):
            if set(ages) & set(harm.ages):
                rules = [harm.refusal(ages[0], complete) for complete in (False, True)]
                yield _Need(harm_id, ages, max(rules, key=lambda rule: rule.people))


def _for_rule(need: _Need, staff: list[Staff]) -> Iterator[Lack]:
    rule = need.rule
    able = [person for person in staff if rule.qualified in person.qualifications]
    if not able:
        yield need.lack("nobody is qualified", "decide", "look", "second_look")
    elif any(person.on_call for person in staff) and not any(person.on_call for person in able):
        # Whoever a page reaches answers a danger; a look in the night takes somebody who may look.
        yield need.lack("nobody qualified is on call", "look")
    if len(able) < rule.people:
        reason = f"a refusal takes {rule.people} qualified people, here is {len(able)}: nobody can refuse"
        yield need.lack(reason, "decide", "second_look")
    if not _lead_beside(able, staff, rule.people):
        yield need.lack(f"no lead beside the {rule.people} who may differ", "settle_tie")
    if len(able) < 2 * rule.people:
        reason = f"contesting takes {rule.people} qualified people who took no part, beside those who decided"
        yield need.lack(reason, "decide_appeal", "decide_complaint", "read_answer")


def _lead_beside(able: list[Staff], staff: list[Staff], people: int) -> bool:
    """Whether there is a lead when that many others have judged."""
    leads = [person for person in staff if person.lead]
    others = len(able) - sum(1 for person in able if person.lead)
    if not leads:
        return False
    # Leads may review too: one of them must be left over.
    return others >= people or len(able) >= people + 1 or any(person not in able for person in leads)


def _for_everybody(pack: Pack, staff: list[Staff]) -> Iterator[Lack]:
    kinds = {entry.do for _, entry in every_entry(pack) if entry.by is not By.WORKER}
    if not any(person.on_call for person in staff):
        # A look within a quarter of an hour, day and night, takes somebody whom a page reaches.
        urgent = tuple(sorted(kinds & {"answer_danger", "emergency_duty", "look"}))
        yield Lack("nobody is on call", (*urgent, "page_people"))
    inside = [person for person in staff if not person.outside]
    if not inside:
        rest = kinds - {"decide", "look", "second_look", "settle_tie"}
        yield Lack("nobody of the desk itself is there", tuple(sorted(rest)))
