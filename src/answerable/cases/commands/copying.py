"""Copies: edges to the reported or confirmed original, and what each copy shares with it (rule 11)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet

from answerable import obligations
from answerable.cases.commands.grouping import join, lock, put_in, standing_case
from answerable.cases.commands.rounds import begin_round, refused_in_this_round, standing_decision
from answerable.cases.commands.telling import drop_untold, tell_by_pack, tell_holder_of_hiding, was_told
from answerable.cases.commands.wanting import want
from answerable.cases.commands.writing import (
    Writing,
    facts_of_item,
    owed_by_pack,
    pack_of,
    regimes,
    within,
)
from answerable.cases.inputs import MatchIn, NotFound
from answerable.cases.kinds import KIND_BY_WANTED
from answerable.cases.models import Case, Copy, Decision, Item, ItemContent, ReportedItem, ViewSample
from answerable.cases.queries.judging import qualification_for
from answerable.cases.queries.listed import is_withdrawn, rests_on_list
from answerable.cases.queries.protection import account_guarded, is_cleared
from answerable.cases.rules import deciding, protecting
from answerable.obligations import Owed
from answerable.policy import Do, Pack
from answerable.policy.words import Age, By, CopyKind, Verdict, Visibility

NEAR_DISTANCE = 31
"""Bits of 256 within which two PDQ fingerprints are near."""
HIDE_COPY_WITHIN = timedelta(seconds=60)


def copies_found(item_id: int, *, matches: Sequence[MatchIn], obligation_id: int, now: datetime) -> int:
    """Note what a search for copies of an item found, and protect them as far as they are copies.

    `matches` are measured against this item's content itself. Keeps the obligation. Returns how many edges
    are new.
    """
    with transaction.atomic():
        item = lock(item_id)
        if item is None or item.content is None:
            raise NotFound(f"There is no item {item_id} with a known content.")
        writing = Writing(actor="worker", now=now, cause=f"item:{item_id}", case=item.case)
        from answerable.cases.commands.listed import decide_by_list  # noqa: PLC0415

        decide_by_list(writing, item)  # its file may have come onto a list since it was seen
        originals = _edges(item, matches, now)
        entry_id = writing.record(
            "copies_found", {"item": item.pk, "found": len(matches), "new": sum(map(len, originals.values()))}
        )
        for original_id in sorted(originals):
            original = ItemContent.objects.select_related("item__case").get(pk=original_id)
            case = original.item.case
            if case is None:
                continue
            writing.case = case
            share_with_copies(writing, original, pack_of(case), case, fresh=originals[original_id])
        writing.finish(entry_id)
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        return sum(map(len, originals.values()))


def _edges(item: Item, matches: Sequence[MatchIn], now: datetime) -> dict[int, set[int]]:
    """Write the edges that are new; by original, the contents that are its copies."""
    content = item.content
    if content is None or not matches:
        return {}
    known = ItemContent.objects.select_related("item").in_bulk([match.content_id for match in matches])
    mine = is_original(item, content)
    edges: list[Copy] = []
    for match in matches:
        other = known.get(match.content_id)
        if other is None or other.item_id == item.pk or other.item.content_id != other.pk:
            continue
        if mine:
            edges.append(_edge(content, other, match, now, copy_is_mine=False))
        if is_original(other.item, other):
            edges.append(_edge(other, content, match, now, copy_is_mine=True))
    pairs = {(edge.original_id, edge.content_id) for edge in edges}
    present = set(
        Copy.objects.filter(original_id__in=[pair[0] for pair in pairs]).values_list(
            "original_id", "content_id"
        )
    )
    fresh = [edge for edge in edges if (edge.original_id, edge.content_id) not in present]
    Copy.objects.bulk_create(fresh, ignore_conflicts=True)
    found: dict[int, set[int]] = {}
    for edge in fresh:
        found.setdefault(edge.original_id, set()).add(edge.content_id)
    return found


def _edge(
    original: ItemContent, copy: ItemContent, match: MatchIn, now: datetime, *, copy_is_mine: bool
) -> Copy:
    """What was found, as an edge that tells of the copy first."""
    overlap = None
    if match.overlap is not None:
        overlap = (match.overlap if copy_is_mine else match.overlap.turned()).stored()
    distance = 0 if match.kind is CopyKind.EXACT else match.distance
    return Copy(
        original=original, content=copy, kind=match.kind, distance=distance, overlap=overlap, found_at=now
    )


def is_original(item: Item, content: ItemContent) -> bool:
    """Whether copies may be measured against this: it was reported, or people or a list confirmed it."""
    return (
        Decision.objects.filter(
            content=content, verdict=Verdict.VIOLATING, overturned_at__isnull=True
        ).exists()
        or ReportedItem.objects.filter(item=item).exists()
    )


def share_with_copies(
    writing: Writing, original: ItemContent, pack: Pack, case: Case, fresh: set[int] | None = None
) -> None:
    """Give each copy of an original what it shares now: hidden, removed, or put back with it.

    `fresh` limits it to copies just found. Called whenever the original's own fate changes.
    """
    source = original_facts(original, pack, case)
    edges = Copy.objects.filter(original=original).order_by("found_at", "pk")
    touched = edges.filter(content__item__interim_since__isnull=False).count()
    if fresh is not None:
        edges = edges.filter(content_id__in=fresh)
    for edge in edges.values_list("content_id", "content__item_id", "kind"):
        content_id, item_id, kind = edge
        copy = lock(item_id)
        if copy is None or copy.content_id != content_id:
            continue
        if copy.wanted == Visibility.GONE and copy.wanted_why != "copy":
            continue
        if _share_one(writing, original, copy, CopyKind(kind), source, touched, pack, case):
            touched += 1


def original_facts(original: ItemContent, pack: Pack, case: Case) -> protecting.Original:
    """What is known of an original, as plain values for the rule."""
    decision = standing_decision(original.pk)
    violating = decision is not None and decision.verdict == Verdict.VIOLATING
    cap = pack.copies(case.harm)
    item = Item.objects.only("wanted", "content_id").get(pk=original.item_id)
    current = item.content_id == original.pk
    protected = Visibility(item.wanted) if current else Visibility.VISIBLE
    if violating and decision is not None and is_withdrawn(decision):  # nothing new goes by a word taken back
        violating, protected = False, min(protected, Visibility.HIDDEN)
    return protecting.Original(
        protected=protected,
        violating=violating,
        confirmed_by_two=decision is not None and decision.confirmed_by_two_at is not None,
        interim=cap.interim,
        up_to=cap.up_to,
        then=cap.then,
    )


def _share_one(
    writing: Writing,
    original: ItemContent,
    copy: Item,
    kind: CopyKind,
    source: protecting.Original,
    touched: int,
    pack: Pack,
    case: Case,
) -> bool:
    """Protect or put back one copy. Whether it is newly hidden."""
    own = standing_decision(copy.content_id)
    refused = own is not None and own.verdict == Verdict.NOT_VIOLATING
    cleared = refused or is_cleared(copy, qualification_for(copy, pack, case))
    sharing = protecting.share(source, kind, touched, cleared, account_guarded=account_guarded(copy))
    if sharing.shares_decision:
        from answerable.cases.commands.deciding import close_looks, decide_violating  # noqa: PLC0415

        decision = standing_decision(original.pk)
        if refused and own is not None and decision is not None and own.at > decision.at:
            return False  # people looked at this very item since, and put it back
        if decision is not None:
            decide_violating(
                writing,
                copy,
                _group(writing, copy, case),
                decision.clause,
                "exact_copy",
                decision.answers_reports_before,
                of=decision,
            )
            if not rests_on_list(decision):
                close_looks(writing, copy, "decided_otherwise")
        return False
    if sharing is protecting.NOTHING_SHARED:
        if not source.violating:
            _put_back(writing, copy, original)
        return False
    case = _group(writing, copy, case)
    pack = pack_of(case)
    facts = facts_of_item(
        copy,
        near=kind is CopyKind.NEAR,
        decided=source.violating,
        capped=not source.violating and touched >= source.up_to,
    )
    dos = pack.owes(case.harm, "on_copy", facts, regimes())
    _look_at_copy(writing, copy, dos, owed=sharing.look)
    if Visibility(copy.wanted) >= sharing.wanted:
        return False
    due_at = writing.now + within(dos, KIND_BY_WANTED[sharing.wanted], HIDE_COPY_WITHIN)
    want(writing, copy, sharing.wanted, why="copy", due_at=due_at)
    if sharing.wanted is Visibility.GONE:
        _tell_of_removal(writing, copy, pack, case)
    else:
        tell_holder_of_hiding(writing, copy, pack, case.harm)
    return True


def _tell_of_removal(writing: Writing, copy: Item, pack: Pack, case: Case) -> None:
    """Tell the holder of a copy that went with an original which the law's deadline removed (rules 14 and 16)."""
    drop_untold(writing, copy, ["interim"])
    dos = pack.owes(case.harm, "on_undecided_removed", facts_of_item(copy, complete=True), regimes())
    tell_by_pack(writing, dos, item=copy)


def _group(writing: Writing, copy: Item, case: Case) -> Case:
    """Bring a copy into the original's case; where it is in another, the newer case joins the older.

    Returns the case in which both are then.
    """
    case = standing_case(case)
    if copy.case is None:
        put_in(writing, copy, case)
    elif copy.case_id != case.pk:
        case = join(writing, copy.case, case)
    writing.case = case
    if copy.first_notice_at is None:
        copy.first_notice_at = writing.now
        copy.views_at_first_notice = copy.views
        ViewSample.objects.create(item=copy, at=writing.now, views=copy.views)
        ages = Item.objects.filter(case=case, first_notice_at__isnull=False).values_list("age", flat=True)
        youngest = deciding.youngest([Age(age) for age in ages])
        if youngest != copy.age:
            event = {"item": copy.pk, "from": str(copy.age), "to": str(youngest)}
            writing.record("age_changed", event)
            copy.age = youngest
        copy.save(update_fields=["first_notice_at", "views_at_first_notice", "age"])
    return case


def _look_at_copy(writing: Writing, copy: Item, dos: Sequence[Do], *, owed: bool) -> None:
    decision = standing_decision(copy.content_id)
    if not owed or (decision is not None and decision.verdict == Verdict.VIOLATING):
        return
    if refused_in_this_round(copy):
        begin_round(writing, copy, "repeated")
    looks = [one for one in owed_by_pack(dos, event_at=writing.now, item=copy) if one.by is not By.WORKER]
    writing.owe(looks or [_look(copy, writing.now)])


def _look(copy: Item, now: datetime) -> Owed:
    return Owed(kind="look", subject=f"item:{copy.pk}", by=By.PEOPLE, due_at=now + protecting.LOOK_SOON)


def _put_back(writing: Writing, copy: Item, original: ItemContent) -> None:
    """Show a copy again that was hidden only because of this original (interim hidings undo themselves)."""
    if copy.wanted_why not in ("copy", "list") or copy.wanted == Visibility.VISIBLE:
        return
    if hidden_for_more(copy, original):
        return
    want(writing, copy, Visibility.VISIBLE, why="cleared", due_at=writing.now + HIDE_COPY_WITHIN)
    drop_untold(writing, copy, ["interim"])
    if copy.case is not None and was_told(copy):
        facts = facts_of_item(copy, told=True)
        tell_by_pack(
            writing,
            pack_of(copy.case).owes(copy.case.harm, "on_not_violating", facts, regimes()),
            item=copy,
        )
    if not ReportedItem.objects.filter(item=copy).exists():  # a report is owed its look in any case
        writing.release({"look", "decide"}, f"item:{copy.pk}", "decided_otherwise")


def hidden_for_more(item: Item, original: ItemContent | None = None, *, reported: bool = True) -> bool:
    """Whether an item must stay hidden for another reason than this original: another one, or (`reported`) a
    report on itself."""
    others = Copy.objects.filter(
        content_id=item.content_id,
        original__item__content_id=F("original_id"),
        original__item__wanted__in=[Visibility.HIDDEN, Visibility.GONE],
    )
    if original is not None:
        others = others.exclude(original=original)
    return others.exists() or (reported and _unanswered(item).exists())


def _unanswered(item: Item) -> QuerySet[ReportedItem]:
    """The reports that hid an item and that no look has answered since: a clearing, or a lifted hiding."""
    hiding = ReportedItem.objects.filter(item=item, interim__in=["hide", "limit"])
    decision = standing_decision(item.content_id)
    answered = [decision.answers_reports_before] if decision is not None else []
    if item.nobody_in_it_at is not None:
        answered.append(item.nobody_in_it_at)
    return hiding.filter(report__received_at__gt=max(answered)) if answered else hiding
