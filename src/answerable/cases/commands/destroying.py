"""Destroying evidence when its time comes: written down what is to go, then it goes, then that it is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.aside import note_ended
from answerable.cases.commands.clearing import owe_clearing
from answerable.cases.commands.writing import Writing
from answerable.cases.models import Capture, EvidenceObject, HiddenMedia
from answerable.cases.queries import evidence
from answerable.cases.rules.keeping import DESTROY_WITHIN, HELD_AGAIN, HIDDEN_AGAIN, May, may_destroy
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

AT_ONCE = 200
"""Objects that one entry of the log names."""


@dataclass(frozen=True, slots=True)
class ToDestroy:
    """An object that is to be gone."""

    pk: int
    store: str
    sha256: str
    sealed_sha256: str


def begin_destroying(obligation_id: int, *, now: datetime) -> list[ToDestroy]:
    """Write down which objects are to be gone now, a few hundred at a time. None: nothing more is to go.

    What a hold, another capture, a contest or another duty needs stays.
    """
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return []
        shas = _may_go(owed, now)
        rows = EvidenceObject.objects.select_for_update().filter(destroyed_at__isnull=True)
        begun = [*rows.filter(destroying_at__isnull=False)[:AT_ONCE]]  # of a process that was killed
        for store, sha256 in sorted(shas):
            if len(begun) >= AT_ONCE:
                break
            begun += rows.filter(store=store, sha256=sha256, destroying_at__isnull=True)
        new = [row for row in begun if row.destroying_at is None]
        EvidenceObject.objects.filter(pk__in=[row.pk for row in new]).update(destroying_at=now)
        if new:
            writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
            event = {"obligation": owed.pk, "objects": [row.pk for row in new]}
            writing.record("evidence_destroying", event, case_id=owed.case_id)
        return [ToDestroy(row.pk, row.store, row.sha256, row.sealed_sha256) for row in begun]


def destroyed(obligation_id: int | None, gone: Sequence[ToDestroy], *, now: datetime) -> None:
    """These objects were looked for and are not there any more. Without an obligation: others took their place."""
    with transaction.atomic():
        owed = Obligation.objects.filter(pk=obligation_id).first() if obligation_id is not None else None
        rows = EvidenceObject.objects.filter(pk__in=[one.pk for one in gone], destroyed_at__isnull=True)
        rows.update(destroyed_at=now)
        cause = f"obligation:{owed.pk}" if owed is not None else "evidence:reseal"
        writing = Writing(actor="worker", now=now, cause=cause)
        event = {
            "obligation": owed.pk if owed is not None else None,
            "objects": [{"object": one.pk, "store": one.store, "sealed": one.sealed_sha256} for one in gone],
        }
        writing.record("evidence_destroyed", event, case_id=owed.case_id if owed is not None else None)
        for capture in Capture.objects.filter(destroyed_at__isnull=True).filter(
            pk__in=[found.pk for one in gone for found in evidence.resting_on(one.sha256)]
        ):
            _note(capture, now)


def end_destroying(obligation_id: int, *, now: datetime) -> None:
    """Nothing more is to go now. What has to stay is asked about again later, and that stands in the log."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        left = list(evidence.captures_of(owed))
        held = any(evidence.kept_of(one, now).held for one in left)
        event = {
            "obligation": owed.pk,
            "kind": owed.kind,
            "left": [one.pk for one in left][:AT_ONCE],
            "held": held,
        }
        entry_id = writing.record(
            "evidence_kept_on" if left else "obligation_kept", event, case_id=owed.case_id
        )
        if held and owed.kind == "destroy_preserved":
            obligations.release(owed, "on_hold", now)
            _owe_again(writing, owed, now)
        else:
            obligations.keep(owed, now=now, proof_entry_id=entry_id)
        if owed.kind == "clear_evidence":
            content_id = int(owed.subject.partition(":")[2])
            hidden = note_ended(writing, content_id)
            if hidden or left:
                owe_clearing(writing, content_id, now + (HIDDEN_AGAIN if hidden else HELD_AGAIN))
        writing.finish()


def _owe_again(writing: Writing, owed: Obligation, now: datetime) -> None:
    at = now + HELD_AGAIN
    again = Owed(
        kind=owed.kind,
        subject=owed.subject,
        by=By(owed.by),
        due_at=at + DESTROY_WITHIN,
        not_before=at,
        regime=owed.regime,
        params={**owed.params, "was_held": True},
    )
    obligations.owe([again], now=now, cause=writing.cause, case_id=owed.case_id, pack_digest=owed.pack_digest)


def _may_go(owed: Obligation, now: datetime) -> set[tuple[str, str]]:
    """Store and SHA-256 of what may go: of this obligation's captures, where no other capture needs the same."""
    asked: dict[int, May] = {}

    def may(capture: Capture) -> May:
        if capture.pk not in asked:
            asked[capture.pk] = may_destroy(evidence.kept_of(capture, now, but=owed.pk), now)
        return asked[capture.pk]

    wanted: set[tuple[str, str]] = set()
    for capture in evidence.captures_of(owed).select_related("content", "case"):
        for sha256 in {capture.media_sha256, capture.facts_sha256, capture.manifest_sha256} - {""}:
            resting = [
                (may(one), one) for one in evidence.resting_on(sha256).select_related("content", "case")
            ]
            if all(m.media if one.media_sha256 == sha256 else m.facts for m, one in resting):
                wanted |= {("vault", sha256), ("working", sha256)}
            elif all(m.working_media and one.media_sha256 == sha256 for m, one in resting):
                wanted.add(("working", sha256))
    if owed.kind == "clear_evidence":
        wanted |= _hidden_media(int(owed.subject.partition(":")[2]), now)
    return {one for one in wanted if one[0] == "vault" or not evidence.hidden_is_needed(one[1], now)}


def _hidden_media(content_id: int, now: datetime) -> set[tuple[str, str]]:
    """What was captured when a content was hidden, is not needed any more, and on which no capture rests."""
    rows = HiddenMedia.objects.filter(content=content_id, ended_at__isnull=True)
    return {
        ("working", row.sha256)
        for row in rows.select_related("content__item__case")
        if evidence.why_hidden_ended(row, now) and not evidence.resting_on(row.sha256).exists()
    }


def _note(capture: Capture, now: datetime) -> None:
    """Note what is gone of a capture."""
    stands = set(
        EvidenceObject.objects.filter(
            sha256__in={capture.media_sha256, capture.facts_sha256, capture.manifest_sha256},
            destroyed_at__isnull=True,
        ).values_list("sha256", flat=True)
    )
    if capture.media_sha256 and capture.media_sha256 not in stands and capture.media_destroyed_at is None:
        capture.media_destroyed_at = now
    if not stands:
        capture.destroyed_at = now
    capture.save(update_fields=["media_destroyed_at", "destroyed_at"])
