"""Media of what is hidden and that nobody has decided, where its platform can't keep them against their author.

They lie in the working store alone, until people decided: then they are evidence, or destroyed (rules 15 and 22).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.clearing import owe_clearing, take_object
from answerable.cases.commands.writing import Writing, facts_of_item, pack_of, regimes
from answerable.cases.evidence_inputs import ObjectIn
from answerable.cases.kinds import is_media
from answerable.cases.models import HiddenMedia, Item, ItemContent
from answerable.cases.queries import evidence
from answerable.cases.rules.keeping import HIDDEN_AGAIN
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, By, Visibility

CAPTURE_WITHIN = timedelta(seconds=60)


def owe_hidden_capture(writing: Writing, item: Item) -> None:
    """Owe the capture of an item that is hidden undecided, where a law's media are to be preserved should it violate,
    and the policy pack lets them be captured at hiding."""
    if is_kept_at_hiding(item):
        writing.owe(
            [
                Owed(
                    kind="capture_hidden",
                    subject=f"item:{item.pk}",
                    by=By.WORKER,
                    due_at=writing.now + CAPTURE_WITHIN,
                    platform=item.platform,
                )
            ]
        )


def is_kept_at_hiding(item: Item) -> bool:
    """Whether the media of an item may be captured now, though nobody has decided: only what is hidden as a child's or
    of unsure age, under a harm and a law by which media would be preserved (rule 22)."""
    hidden = item.interim_since is not None and item.wanted == Visibility.HIDDEN
    if item.case is None or not hidden or not is_media(item.kind) or item.age == Age.ADULT:
        return False
    pack = pack_of(item.case)
    dos = pack.owes(item.case.harm, "on_violating", facts_of_item(item), regimes())
    return any(
        do.do == "preserve"
        and "media" in str(do.params.get("what", ""))
        and do.regime is not None
        and pack.regimes[do.regime].keeps.at_hiding
        for do in dos
    )


def to_capture_hidden(item_id: int) -> Item | None:
    """The item, where it is to be captured still."""
    item = Item.objects.select_related("case", "content", "account").filter(pk=item_id).first()
    return item if item is not None and is_kept_at_hiding(item) else None


def hidden_captured(
    obligation_id: int, content_id: int, objects: Sequence[ObjectIn], *, now: datetime
) -> list[ObjectIn]:
    """The media of a hidden content lie in the working store. Asked daily from then on whether they are needed.

    Returns the objects that another capture had brought already.
    """
    with transaction.atomic():
        content = ItemContent.objects.select_related("item__case").get(pk=content_id)
        writing = Writing(actor="worker", now=now, cause=f"content:{content_id}", case=content.item.case)
        known = [one for one in objects if not take_object(one, now)]
        said = [
            {"store": one.store, "sealed": one.sealed_sha256, "size": one.size}
            for one in objects
            if one not in known
        ]
        event = {"content": content_id, "media": content.sha256, "objects": said}
        entry_id = writing.record("hidden_captured", event)
        HiddenMedia.objects.get_or_create(
            content=content,
            ended_at=None,
            defaults={"sha256": content.sha256, "at": now, "entry_id": entry_id},
        )
        obligations.keep(obligation_id, now=now, proof_entry_id=entry_id)
        owe_clearing(writing, content_id, now + HIDDEN_AGAIN)
        writing.finish()
        return known


def hidden_not_captured(obligation_id: int, why: str, *, now: datetime) -> None:
    """There is nothing to capture, or not any more: the platform no longer has it, or people were quicker."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        event = {"obligation": owed.pk, "subject": owed.subject, "why": why[:80]}
        writing.record("hidden_not_captured", event, case_id=owed.case_id)
        obligations.release(owed, why[:200], now)


def end_hidden(writing: Writing, item: Item) -> None:
    """People judged an item, or it was captured: what was captured at hiding goes over into that, or is destroyed."""
    rows = HiddenMedia.objects.filter(content__item=item, ended_at__isnull=True)
    for row in rows.select_related("content__item__case"):
        why = evidence.why_hidden_ended(row, writing.now)
        if why == "captured" and evidence.resting_on(row.sha256).exists():
            note_ended(writing, row.content_id)
        elif why:
            owe_clearing(writing, row.content_id, writing.now)


def note_ended(writing: Writing, content_id: int) -> bool:
    """Note of a content which of what was captured at hiding is not kept as such any more. Whether any is still."""
    rows = HiddenMedia.objects.filter(content=content_id, ended_at__isnull=True)
    left = False
    for row in rows.select_related("content__item__case"):
        why = evidence.why_hidden_ended(row, writing.now)
        if not why:
            left = True
            continue
        row.ended_at, row.why = writing.now, why
        row.save(update_fields=["ended_at", "why"])
        writing.record("hidden_ended", {"content": content_id, "why": why}, case_id=row.content.item.case_id)
    return left
