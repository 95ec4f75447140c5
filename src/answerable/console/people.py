"""The people of the desk: added here, known to the log by number."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from answerable import audit
from answerable.cases.models import Person
from answerable.policy import load_named
from answerable.settings.config import config


class NotAdded(Exception):
    """This person can't be added. The message says why."""


def add_person(
    *,
    pseudonym: str,
    qualifications: Iterable[str],
    now: datetime,
    lead: bool = False,
    administrator: bool = False,
    outside: bool = False,
    on_call: bool = False,
) -> Person:
    """Add a person. Raises NotAdded where the name is taken, or the policy knows no such qualification."""
    name = pseudonym.strip()
    if not 1 <= len(name) <= 60:
        raise NotAdded("A pseudonym has 1 to 60 characters.")
    able = sorted(set(qualifications))
    known = known_qualifications()
    if unknown := [q for q in able if q not in known]:
        raise NotAdded(f"The policy pack knows no qualification {unknown[0]!r}: choose {', '.join(known)}.")
    with transaction.atomic():
        if Person.objects.filter(pseudonym=name).exists():
            raise NotAdded(f"Somebody is called {name!r} here already.")
        person = Person.objects.create(
            pseudonym=name,
            qualifications=able,
            lead=lead,
            administrator=administrator,
            outside=outside,
            on_call=on_call,
        )
        event = {"person": person.pk, "change": "added", "qualifications": able, "lead": lead}
        event |= {"administrator": administrator, "outside": outside, "on_call": on_call}
        audit.append("person_changed", actor="operator", now=now, event=event)
    return person


def known_qualifications() -> list[str]:
    """What the desk's policy pack asks people to be qualified for."""
    pack = load_named(config().desk.policy)
    rules = [rule for harm in pack.harms.values() for rule in (harm.refuse, harm.refuse_adult) if rule]
    return sorted({rule.qualified for rule in rules})
