"""The facts that the protecting rules ask for, gathered from the database."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from answerable.cases.kinds import is_media
from answerable.cases.models import Decision, Item, ReportedItem, Review
from answerable.cases.rules import protecting
from answerable.db.prepared import prepared
from answerable.policy.words import Verdict, Visibility

PEOPLE_TO_CLEAR = 2
STANDING = Q(overturned_at__isnull=True)


def item_facts(item: Item, qualification: str) -> protecting.ItemFacts:
    """What is known of a locked item at the moment that a report about it is accepted.

    `qualification`: what refusing that report takes.
    """
    unlooked = hidden_unlooked(item)
    return protecting.ItemFacts(
        media=is_media(item.kind),
        wanted=Visibility(item.wanted),
        looked_at=item.looked_at is not None,
        cleared_by_people=item.nobody_in_it_at is not None or is_cleared(item, qualification),
        times_hidden=item.interim_times,
        decided_violating=item.wanted == Visibility.GONE,
        account_hidden_unlooked=unlooked,
        # Asked only where the guard of accounts could act at all.
        account_found_violating=unlooked >= protecting.UNLOOKED_PER_ACCOUNT
        and found_violating(item.account_id),
    )


def is_cleared(item: Item, qualification: str) -> bool:
    """Whether two people with that qualification decided this item's file not violating, here or in the identical
    file anywhere."""
    if item.content is None:
        return False
    return _by_two(_refusals_of_file(item.content.sha256), qualification)


def cleared_by_two(decisions: QuerySet[Decision], qualification: str) -> bool:
    """Whether any of these refusals rests on two people with that qualification (rule 6)."""
    return _by_two(_refusals(decisions), qualification)


@prepared
def _refusals_of_file(sha256: str) -> "QuerySet[Review]":
    """The reviews behind every refusal of a file that stands, wherever the file is."""
    standing = Decision.objects.filter(STANDING, verdict=Verdict.NOT_VIOLATING, content__sha256=sha256)
    return _refusals(standing)


def _refusals(decisions: QuerySet[Decision]) -> "QuerySet[Review]":
    return Review.objects.filter(
        content__decisions__in=decisions, verdict=Verdict.NOT_VIOLATING, qualified=True
    ).select_related("person")


def _by_two(refusals: Iterable[Review], qualification: str) -> bool:
    said: dict[int, set[int]] = {}
    for review in refusals:
        if qualification in review.person.qualifications:
            said.setdefault(review.content_id, set()).add(review.person_id)
    return any(len(people) >= PEOPLE_TO_CLEAR for people in said.values())


def hidden_unlooked(item: Item) -> int:
    """How many other files of the account are hidden without a decision and without anybody's look.

    Some platforms know an upload and the post that shows it as two: the same file counts once, but as much as may be
    hidden where it stands in as many places as may go dark.
    """
    if item.account_id is None:
        return 0
    files = list(_hidden_unlooked(item.account_id, item.pk))
    if len(files) >= protecting.UNLOOKED_PLACES_PER_ACCOUNT:
        return protecting.UNLOOKED_PER_ACCOUNT
    this = item.content.sha256 if item.content is not None else None
    known = {sha256 for sha256 in files if sha256 is not None}
    return len(known - {this}) + files.count(None)


@prepared
def _hidden_unlooked(account_id: int, but: int) -> "QuerySet[Item, str | None]":
    """The file of each such item, None where it isn't fetched yet. It doesn't ask how many more there are."""
    hidden = Item.objects.filter(account_id=account_id, interim_since__isnull=False, looked_at__isnull=True)
    files = hidden.exclude(pk=but).values_list("content__sha256", flat=True)
    return files[: protecting.UNLOOKED_PLACES_PER_ACCOUNT]


def account_guarded(item: Item) -> bool:
    """Whether as many items of its account are hidden unlooked as may be, and no look found anything (rule 7)."""
    return hidden_unlooked(item) >= protecting.UNLOOKED_PER_ACCOUNT and not found_violating(item.account_id)


def found_violating(account_id: int | None) -> bool:
    """Whether a decision stands against any item of an account."""
    if account_id is None:
        return False
    return Decision.objects.filter(
        STANDING, verdict=Verdict.VIOLATING, content__item__account_id=account_id
    ).exists()


def token_hidings(token: str) -> dict[str, int]:
    """How often reports by this token hid an item, and how often people lifted that again."""
    if not token:
        return {"token_hidings": 0, "token_lifted": 0}
    hidings = ReportedItem.objects.filter(report__token=token, interim__in=["hide", "limit"])
    lifted = hidings.filter(item__wanted_why__in=["cleared", "lifted", "overturned"], item__wanted="visible")
    return {"token_hidings": hidings.count(), "token_lifted": lifted.count()}
