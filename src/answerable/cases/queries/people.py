"""The people of a desk as the policy counts them (`policy.staff`)."""

from django.conf import settings
from django.db.models import QuerySet

from answerable.cases.inputs import NotFound
from answerable.cases.models import Person
from answerable.db.prepared import prepared
from answerable.settings.config import config


def named(pseudonym: str) -> int:
    """The number of an active person, for those who name them at a command line. Raises NotFound."""
    found = Person.objects.filter(pseudonym=pseudonym, active=True).first()
    if found is None:
        raise NotFound(f"Nobody active is called {pseudonym!r} here: see `answerable person list`.")
    return int(found.pk)


def is_custodian(person: Person) -> bool:
    """Whether a person of the desk can read the vault with a key of their own (`[evidence]`)."""
    names = {one.name for one in settings.CONFIG.evidence.custodians}
    return bool(person.active) and person.pseudonym in names


def may_handle(person: Person) -> bool:
    """Whether a person verifies and answers requests: custodians, leads, administrators."""
    return bool(person.active) and (person.lead or person.administrator or is_custodian(person))


def staff() -> tuple[tuple[tuple[str, ...], bool, bool, bool], ...]:
    """Each active person: qualifications, lead, outside, on call.

    On call is whom a page reaches: without an address under `[alerts]` nobody is, whatever their row says.
    """
    paged = bool(config().alerts.urls)
    return tuple(
        (tuple(able), lead, outside, on_call and paged) for able, lead, outside, on_call in _active()
    )


@prepared
def _active() -> "QuerySet[Person, tuple[list[str], bool, bool, bool]]":
    people = Person.objects.filter(active=True).order_by("pk")
    return people.values_list("qualifications", "lead", "outside", "on_call")
