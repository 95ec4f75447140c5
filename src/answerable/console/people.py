"""The people of the desk: added here, known to the log by number."""

from collections.abc import Iterable
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction

from answerable import audit
from answerable.cases.models import Person
from answerable.console.links import end_links
from answerable.policy import load_named
from answerable.settings.config import config


class NotAdded(Exception):
    """This person can't be added, or ended. The message says why."""


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


def end_person(pseudonym: str, *, now: datetime) -> Person:
    """Somebody no longer works here: their next click is refused, their links and second factors end.

    What they did stays in the log. Raises NotAdded where nobody active has that name.
    """
    with transaction.atomic():
        person = Person.objects.filter(pseudonym=pseudonym.strip(), active=True).first()
        if person is None:
            raise NotAdded(f"Nobody active is called {pseudonym!r} here: see `answerable person list`.")
        person.active = person.on_call = False
        person.save(update_fields=["active", "on_call"])
        for account in person.sign_ins.all():
            end_links(account, now=now)
            Authenticator.objects.filter(user_id=account.user_id).delete()
        event = {"person": person.pk, "change": "ended"}
        audit.append("person_changed", actor="operator", now=now, event=event)
    return person


def known_qualifications() -> list[str]:
    """What the desk's policy pack asks people to be qualified for."""
    pack = load_named(config().desk.policy)
    rules = [rule for harm in pack.harms.values() for rule in (harm.refuse, harm.refuse_adult) if rule]
    return sorted({rule.qualified for rule in rules})
