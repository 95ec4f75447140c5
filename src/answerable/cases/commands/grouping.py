"""Finding the items that a report names, and the case that they belong to."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import F, QuerySet

from answerable.cases.commands.harms import raise_harm
from answerable.cases.commands.writing import Writing, pack_of
from answerable.cases.inputs import Link, NotFound
from answerable.cases.models import Account, Case, Item, ItemContent, ReportedItem, ViewSample
from answerable.cases.rules.deciding import youngest
from answerable.db.prepared import first, prepared
from answerable.db.rows import insert, update
from answerable.policy import Pack, store
from answerable.policy.words import Age


def items_at(places: Sequence[Link], now: datetime) -> dict[tuple[str, str], Item]:
    """The items at these places, locked, those unknown until now included; by (platform, ref)."""
    wanted = {(place.platform, place.ref): place for place in places if place.ref}
    found = {key: item for key in sorted(wanted) for item in _locked(*key)}
    missing = [place for key, place in wanted.items() if key not in found]
    for place in missing:
        # A child reported first what the platform never registered: the row begins here.
        Item.objects.bulk_create(
            [
                Item(
                    platform=place.platform,
                    ref=place.ref,
                    url=(place.address or place.typed)[:2000],
                    kind=place.kind,
                    registered_at=now,
                )
            ],
            ignore_conflicts=True,
        )
        found[place.platform, place.ref] = _locked(place.platform, place.ref)[0]
    return found


def _to_lock() -> "QuerySet[Item]":
    return Item.objects.select_for_update(of=("self",)).select_related("account", "content", "case")


@prepared
def _locked(platform: str, ref: str) -> "QuerySet[Item]":
    return _to_lock().filter(platform=platform, ref=ref)


@prepared
def _lock(item_id: int) -> "QuerySet[Item]":
    return _to_lock().filter(pk=item_id)


def lock_at(platform: str, ref: str) -> Item | None:
    """The item at this place, locked, with what commands read of it."""
    return first(_locked(platform, ref))


def lock(item_id: int) -> Item | None:
    """One item, locked, with what commands read of it."""
    return first(_lock(item_id))


def locked(item_id: int) -> Item:
    """The same, of an item that must be there. Raises NotFound."""
    item = lock(item_id)
    if item is None:
        raise NotFound(f"There is no item {item_id}.")
    return item


def account_of(platform: str, ref: str) -> Account | None:
    """The account of that reference, made when it is new; None for an empty reference."""
    if not ref:
        return None
    account = Account.objects.filter(platform=platform, ref=ref).first()
    if account is None:
        Account.objects.bulk_create([Account(platform=platform, ref=ref)], ignore_conflicts=True)
        account = Account.objects.get(platform=platform, ref=ref)
    return account


def open_case(writing: Writing, harm: str, pack: Pack, *, reports: int = 0) -> Case:
    """A new case, pinned to the pack; `reports` reached it as it opens."""
    case = Case(harm=harm, opened_at=writing.now, pack_digest=pack.digest, reports_count=reports)
    insert(case)
    writing.record("case_opened", {"harm": harm, "pack": pack.digest}, case_id=case.pk)
    return case


def case_for(writing: Writing, item: Item, harm: str, pack: Pack, opened: list[Case]) -> Case:
    """The case of a reported item: its own, that of the identical file, or one opened by this report.

    `opened` holds the case that this report opened, if it did: one report opens at most one. The item's row
    gets its case when the item is saved next (`protect_item`).
    """
    if item.case is not None:
        return item.case
    case = _case_of_identical(item)
    if case is None:
        if not opened:
            opened.append(open_case(writing, harm, pack, reports=1))
        case = opened[0]
    item.case = case
    _record_joining(writing, item, case)
    return case


def put_in(writing: Writing, item: Item, case: Case) -> None:
    """Group an item with a case, or with the one that this was joined into.

    What was decided, or is owed, hangs on the item and doesn't move.
    """
    item.case = standing_case(case)
    update(item, "case")
    _record_joining(writing, item, item.case)


def _record_joining(writing: Writing, item: Item, case: Case) -> None:
    writing.record("item_joined", {"item": item.pk}, case_id=case.pk)


def _case_of_identical(item: Item) -> Case | None:
    if item.content is None:
        return None
    return first(_cases_of_file(item.content.sha256, item.pk))


@prepared
def _cases_of_file(sha256: str, but_item: int) -> "QuerySet[Case]":
    """The oldest case in which the identical file stands at another place, or stood."""
    with_it = ItemContent.objects.filter(sha256=sha256).exclude(item_id=but_item)
    return Case.objects.filter(items__in=with_it.values("item_id")).order_by("pk")[:1]


def reached(writing: Writing, case: Case, harm: str, pack: Pack) -> None:
    """Count one more report that reached a case, raise its harm to the more severe one, open it again if closed."""
    before = case.harm
    raise_harm(case, harm, pack)
    Case.objects.filter(pk=case.pk).update(
        reports_count=F("reports_count") + 1, harm=case.harm, pack_digest=case.pack_digest
    )
    case.reports_count += 1
    if case.harm != before:
        writing.record("case_changed", {"harm": case.harm, "before": before}, case_id=case.pk)
    if case.closed_at is not None:
        reopen(case, writing.now)
        writing.record("case_changed", {"reopened": True, "pack": case.pack_digest}, case_id=case.pk)


def reopen(case: Case, now: datetime) -> None:
    """Open a closed case again, under the pack that is active now, if that still knows its harm."""
    case.closed_at = None
    case.reopened_at = now
    active = store.active()
    if case.harm in active.harms:
        case.pack_digest = active.digest
    case.save(update_fields=["closed_at", "reopened_at", "pack_digest"])


def noticed(item: Item, age: Age, now: datetime) -> None:
    """Begin counting the views since the first notice, and make the item as young as anybody says (rule 13).

    Saves nothing.
    """
    if item.first_notice_at is None:
        item.first_notice_at = now
        item.views_at_first_notice = item.views
        insert(ViewSample(item=item, at=now, views=item.views))
    item.age = age


def untouched(item: Item) -> bool:
    """Whether nobody has said or judged anything of an item yet: only then a report alone says its age (rule 13)."""
    return item.first_notice_at is None and item.looked_at is None and item.round == 1


def begin_notice(writing: Writing, item: Item, age: Age) -> Age:
    """Note that something was said of an item, and of what age, where no report names it itself.

    Returns the age that it had before.
    """
    before = Age(item.age)
    noticed(item, age if untouched(item) else youngest([before, age]), writing.now)
    item.save(update_fields=["first_notice_at", "views_at_first_notice", "age"])
    if item.age != before:
        writing.record("age_changed", {"item": item.pk, "from": str(before), "to": str(item.age)})
    return before


def ages_said(item: Item) -> list[Age]:
    """What reporters say of the age in an item."""
    said = ReportedItem.objects.filter(item=item).values_list("report__age", flat=True).distinct()
    return [Age(age) for age in said]


def standing_case(case: Case) -> Case:
    """The case itself, or the one that stands in the end where it was joined into another."""
    while case.joined_into is not None:
        case = case.joined_into
    return case


def join(writing: Writing, first: Case, second: Case) -> Case:
    """Move the items of the newer case into the older one, which is returned. Judgements don't move.

    What stands is about the severer harm of the two, and open if either was.
    """
    first, second = standing_case(first), standing_case(second)
    if first.pk == second.pk:
        return first
    older, newer = sorted((first, second), key=lambda case: case.pk)
    Item.objects.filter(case=newer).update(case=older)
    was_open = newer.closed_at is None
    newer.joined_into = older
    newer.closed_at = newer.closed_at or writing.now
    newer.save(update_fields=["joined_into", "closed_at"])
    raise_harm(older, newer.harm, pack_of(newer))
    Case.objects.filter(pk=older.pk).update(
        reports_count=F("reports_count") + newer.reports_count,
        harm=older.harm,
        pack_digest=older.pack_digest,
    )
    if was_open and older.closed_at is not None:
        reopen(older, writing.now)
    event = {"older": older.pk, "newer": newer.pk, "harm": older.harm}
    writing.record("cases_joined", event, case_id=older.pk)
    return older
