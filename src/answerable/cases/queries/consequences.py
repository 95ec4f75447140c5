"""What confirming a judgement would do, shown before it is confirmed. It says nothing of others' judgements."""

from collections.abc import Mapping
from datetime import datetime

from answerable.cases.commands.grouping import ages_said
from answerable.cases.commands.harms import owed_after
from answerable.cases.commands.writing import facts_of_item, owed_by_pack, pack_of, regimes
from answerable.cases.inputs import Consequences, ReviewIn, WouldBeOwed
from answerable.cases.models import Copy, Item, ItemContent, Report
from answerable.cases.rules.deciding import youngest
from answerable.policy.pack import PER_REGIME
from answerable.policy.words import Verdict


def consequences(review_in: ReviewIn, *, now: datetime) -> Consequences:
    """What would follow if this judgement decided. For a refusal it tells what deciding it would do, whoever else
    has judged: so that a second person can't read a first one's answer from it (rule 10).
    """
    contents = list(
        ItemContent.objects.filter(pk__in=review_in.content_ids).select_related("item", "item__case")
    )
    items = [content.item for content in contents]
    identical = (
        Item.objects.filter(content__sha256__in=[content.sha256 for content in contents])
        .exclude(pk__in=[item.pk for item in items])
        .count()
    )
    near = Copy.objects.filter(original__in=contents, kind="near").count()
    told = Report.objects.filter(reported_items__item__in=items, withdrawn_at__isnull=True).distinct()
    violating = review_in.verdict is Verdict.VIOLATING
    owed: dict[tuple[str, str], datetime] = {}
    for item in items:
        if item.case is None:
            continue
        item.age = youngest([review_in.age, *ages_said(item)])  # not as an earlier judgement may have left it
        facts = facts_of_item(item)
        if violating:
            dos = owed_after("on_violating", item.case, review_in.clause, facts)
        else:
            dos = pack_of(item.case).owes(item.case.harm, "on_not_violating", facts, regimes())
        for one in owed_by_pack(dos, event_at=now, item=item, case=item.case):
            key = (one.kind, one.regime if one.kind in PER_REGIME else "")
            owed[key] = min(one.due_at, owed.get(key, one.due_at))
    # Not what is wanted now: a first judgement may have changed that already, and a second person would see it.
    hidden = [item for item in items if item.interim_times > 0]
    return Consequences(
        removes_items=len(items) if violating else 0,
        identical_items=identical if violating else 0,
        restores_items=0 if violating else len(hidden),
        near_copies_to_look_at=near if violating else 0,
        reporters_told=told.count(),
        owed=_named(owed),
    )


def _named(owed: Mapping[tuple[str, str], datetime]) -> tuple[WouldBeOwed, ...]:
    """Each kind once; what is owed to each law by itself once for each time, with the laws that have that time."""
    laws: dict[tuple[str, datetime], list[str]] = {}
    for (kind, regime), due_at in sorted(owed.items()):
        laws.setdefault((kind, due_at), []).extend([regime] if kind in PER_REGIME and regime else [])
    found = [WouldBeOwed(kind, due_at, tuple(names)) for (kind, due_at), names in laws.items()]
    return tuple(sorted(found, key=lambda one: (one.due_at, one.kind, one.regimes)))
