"""The people of a desk as the policy counts them (`policy.staff`)."""

from answerable.cases.models import Person
from answerable.settings.config import config


def staff() -> tuple[tuple[tuple[str, ...], bool, bool, bool], ...]:
    """Each active person: qualifications, lead, outside, on call.

    On call is whom a page reaches: without an address under `[alerts]` nobody is, whatever their row says.
    """
    paged = bool(config().alerts.urls)
    people = Person.objects.filter(active=True).order_by("pk")
    rows = people.values_list("qualifications", "lead", "outside", "on_call")
    return tuple((tuple(able), lead, outside, on_call and paged) for able, lead, outside, on_call in rows)
