"""Cases that were joined: what was owed, said and seen in each stays where it was then."""

from answerable.cases.models import Case


def with_joined(*case_ids: int) -> set[int]:
    """These cases and all that were joined into them, also by way of others."""
    found, new = set(case_ids), set(case_ids)
    while new:
        new = set(Case.objects.filter(joined_into__in=new).values_list("pk", flat=True)) - found
        found |= new
    return found


def joined_into(case: Case) -> Case:
    """The case itself, or the one that stands in the end where it was joined into another."""
    while case.joined_into is not None:
        case = case.joined_into
    return case
