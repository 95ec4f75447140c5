"""What waits of that which growing lists found, and how much of it people were given to look at."""

from collections.abc import Iterable, Sequence

from django.db.models import CharField, Count, Exists, F, OuterRef, Q, Value
from django.db.models.functions import Cast, Concat

from answerable.cases.models import HashQuestion, KnownChange, ListMatch, Reached
from answerable.cases.models.found import ACTED, WAITING
from answerable.obligations.models import Obligation

SEARCHED_ALREADY = "content:"
"""What our own lists hold follows from an item, whose copies are searched for by an obligation of its own."""


def waiting_lists() -> list[str]:
    """The classes of lists of which something waits."""
    names: list[str] = []
    waiting = ListMatch.objects.filter(outcome=WAITING).order_by("hash_list", "pk")
    name = waiting.values_list("hash_list", flat=True).first()
    while name is not None:  # from one to the next, not through all that wait
        names.append(name)
        name = waiting.filter(hash_list__gt=name).values_list("hash_list", flat=True).first()
    return names


def waiting_of(hash_list: str, at_most: int) -> list[ListMatch]:
    """What waits of one class of a list, the first first."""
    rows = ListMatch.objects.filter(outcome=WAITING, hash_list=hash_list).select_related("content")
    return list(rows.order_by("pk")[:at_most])


def still_listed(rows: Sequence[ListMatch]) -> set[int]:
    """Those whose fingerprint is on that list now, by their numbers."""
    values = {bytes(row.value) for row in rows}
    causes: dict[tuple[str, str, bytes], set[str]] = {}
    changes = KnownChange.objects.filter(value__in=values).order_by("seq")
    for op, name, kind, value, cause in changes.values_list("op", "hash_list", "kind", "value", "cause"):
        there = causes.setdefault((name, kind, bytes(value)), set())
        if op == "add":
            there.add(cause)
        else:
            there.discard(cause)
    return {row.pk for row in rows if causes.get((row.hash_list, row.kind, bytes(row.value)))}


def unlooked(hash_list: str, at_most: int) -> int:
    """How many items a class of a list gave people to look at, and nobody has looked; counted up to `at_most`."""
    subject = Concat(Value("item:"), Cast(OuterRef("content__item_id"), CharField()))
    owed = Obligation.objects.filter(state="owed", subject=subject)
    rows = ListMatch.objects.filter(hash_list=hash_list)
    acted = rows.filter(
        Q(Exists(owed.filter(kind="look")), outcome__in=ACTED)
        | Q(Exists(owed.filter(kind="second_look")), outcome="decided")
    )
    return acted.order_by("-pk").values("pk")[:at_most].count()


def touched(row: ListMatch) -> int:
    """How many items are hidden or limited now because of this fingerprint, without a decision."""
    return ListMatch.objects.filter(
        value=row.value,
        kind=row.kind,
        outcome__in=ACTED,
        content__item__interim_since__isnull=False,
        content__item__content_id=F("content_id"),
    ).count()


def unsearched() -> dict[str, int]:
    """How many fingerprints of each class of a list were not searched for yet."""
    reached = Reached.objects.filter(name="lists").values_list("number", flat=True).first() or 0
    added = KnownChange.objects.filter(seq__gt=reached, op="add").exclude(cause__startswith=SEARCHED_ALREADY)
    return dict(added.values_list("hash_list").annotate(Count("pk")).order_by())


def waiting_counts() -> dict[str, int]:
    """How many finds of each class of a list wait."""
    waiting = ListMatch.objects.filter(outcome=WAITING)
    return dict(waiting.values_list("hash_list").annotate(Count("pk")).order_by())


def unasked() -> int:
    """Hashes that Shield was not asked about yet, those that it is asked about now included."""
    return HashQuestion.objects.filter(answered_at=None, unanswered=0).count()


def unanswered() -> int:
    """Hashes of which Shield said nothing that is understood; they are asked again later."""
    return HashQuestion.objects.filter(unanswered__gt=0).count()


def of_list(counts: dict[str, int], name: str, names: Iterable[str]) -> int:
    """What is counted of a list and its classes, not of another list whose name begins with its."""
    longer = [other for other in names if other.startswith(f"{name}.")]

    def belongs(known_as: str) -> bool:
        mine = known_as == name or known_as.startswith(f"{name}.")
        return mine and not any(known_as == other or known_as.startswith(f"{other}.") for other in longer)

    return sum(count for known_as, count in counts.items() if belongs(known_as))
