"""Which file stands on a list that decides, and which decisions rest on a list alone (rules 8 and 13)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Q

from answerable.cases.models import Decision, Finding, ItemContent, KnownChange, ListEntry, Review
from answerable.cases.models.judgement import BY_LIST
from answerable.db.prepared import prepared
from answerable.policy import Pack, store
from answerable.policy.words import Verdict

if TYPE_CHECKING:
    from django.db.models import QuerySet

AT_ONCE: Final = 500
DECIDING_KIND: Final = "sha256"
"""MD5 and SHA-1 can be made to collide with an innocent file: they ask for a look (rule 8)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """An entry of a list by which a file is decided: under which harm and clause."""

    entry: ListEntry
    hash_list: str
    harm: str
    clause: str


def is_on_a_list(sha256: str) -> bool:
    """Whether any list of others holds, or held, this file."""
    return bool(_entries_with(sha256))


def listing_of(sha256: str, pack: Pack, *, lock: bool = False) -> Listing | None:
    """The entry by which a file is decided under this pack, of the most severe harm; None where no list decides it.

    `lock`: keep it as it is until the transaction ends, so that nobody withdraws it meanwhile.
    """
    entries = ListEntry.objects.filter(
        pk__in=_entries_with(sha256), kind=DECIDING_KIND, gone_at=None, hash_list__off_at=None
    ).select_related("hash_list")
    if lock:
        entries = entries.select_for_update(of=("self",))
    found: list[Listing] = []
    for entry in entries.order_by("pk"):
        decided = None if entry.hash_list.is_claimed else pack.decides(entry.known_as)
        if decided is not None:
            found.append(Listing(entry, entry.known_as, *decided))
    return max(found, key=lambda one: pack.harm(one.harm).severity.rank, default=None)


def _entries_with(sha256: str) -> set[int]:
    causes = _causes(bytes.fromhex(sha256))
    return {int(cause.partition(":")[2]) for cause in causes if cause.startswith("entry:")}


@prepared
def _causes(value: bytes) -> "QuerySet[KnownChange, str]":
    return KnownChange.objects.filter(value=value, kind="sha256").values_list("cause", flat=True)


def refused_by_people(content: ItemContent) -> bool:
    """Whether people looked at this file and did not find it violating: then no list decides about it.

    Of this very item one qualified person's word is enough, before the second one has spoken; of the identical file
    elsewhere a decision.
    """
    said = Review.objects.filter(content=content, verdict=Verdict.NOT_VIOLATING, qualified=True)
    cleared = Decision.objects.filter(
        content__sha256=content.sha256, verdict=Verdict.NOT_VIOLATING, overturned_at__isnull=True
    )
    return said.exists() or cleared.exists()


def rests_on_list(decision: Decision) -> bool:
    """Whether a list decided and nobody here has affirmed it. Of a shared decision, the one that it shares counts."""
    original = decision.of_decision or decision
    return original.basis == BY_LIST and not _is_affirmed(original)


def _is_affirmed(decision: Decision) -> bool:
    """Whether people came to `violating` in some round since, about this item or one that shares its decision.

    A yes that another person's no waits beside affirms nothing until a lead has settled it.
    """
    about = Q(content_id=decision.content_id) | Q(content__decisions__of_decision=decision)
    said = Review.objects.filter(about, qualified=True, at__gte=decision.at).distinct().order_by("at", "pk")
    rounds: dict[tuple[int, int], str] = {}
    for content_id, number, verdict, tie in said.values_list("content_id", "round", "verdict", "tie"):
        if tie or (content_id, number) not in rounds:
            rounds[content_id, number] = verdict
    return Verdict.VIOLATING in rounds.values()


def is_withdrawn(decision: Decision) -> bool:
    """Whether a decision rests on a list alone, and no list that decides names the file any more."""
    return rests_on_list(decision) and _taken_back(decision)


def _taken_back(decision: Decision) -> bool:
    pack = store.pack(decision.case.pack_digest)
    return listing_of(decision.content.sha256, pack) is None


def list_took_back(content_id: int | None) -> bool:
    """Whether a list decided about a content and no list names it now, whatever people said since: reviewers are
    shown this, and learn nothing of each other from it (rule 10)."""
    decision = _standing(content_id)
    by_list = decision is not None and (decision.of_decision or decision).basis == BY_LIST
    return decision is not None and by_list and _taken_back(decision)


def findings_by_list(cases: Iterable[int]) -> list[tuple[Finding, bool]]:
    """The findings of these cases that rest on a list, and of each whether it is in doubt: that list took its word
    back, and nobody here affirmed it."""
    found = Finding.objects.filter(case__in=list(cases), review=None).select_related("content").order_by("pk")
    standing = [(finding, _standing(finding.content_id)) for finding in found]
    return [(finding, decision is not None and is_withdrawn(decision)) for finding, decision in standing]


def _standing(content_id: int | None) -> Decision | None:
    standing = Decision.objects.filter(content_id=content_id, verdict=Verdict.VIOLATING, overturned_at=None)
    return standing.select_related("content", "case", "of_decision").first()


def no_longer_supported(left: Iterable[tuple[str, str]]) -> list[Decision]:
    """The standing decisions that rest on a list alone, and that no list supports since these files left theirs.

    `left`: the SHA-256 of a file, and the whole name of the list that it left.
    """
    lists: dict[str, set[str]] = {}
    for sha256, name in left:
        lists.setdefault(sha256, set()).add(name)
    decided = Decision.objects.filter(basis=BY_LIST, of_decision=None, overturned_at=None)
    files = sorted(lists)
    found: list[Decision] = []
    for start in range(0, len(files), AT_ONCE):
        part = decided.filter(content__sha256__in=files[start : start + AT_ONCE])
        for decision in part.select_related("content", "case").order_by("pk"):
            pack = store.pack(decision.case.pack_digest)
            decides = any(pack.decides(name) for name in lists[decision.content.sha256])
            if decides and is_withdrawn(decision):
                found.append(decision)
    return found
