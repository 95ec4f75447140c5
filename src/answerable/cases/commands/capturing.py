"""What was captured as evidence, and what of it was read: noted in the transaction that says so (rule 21)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from answerable import obligations
from answerable.cases.commands.aside import end_hidden
from answerable.cases.commands.clearing import owe_clearing, take_object
from answerable.cases.commands.grouping import lock, standing_case
from answerable.cases.commands.rounds import standing_decision
from answerable.cases.commands.writing import Writing, pack_of
from answerable.cases.evidence_inputs import CaptureIn, ObjectIn, ReadFor
from answerable.cases.inputs import NotFound
from answerable.cases.models import Capture, EvidenceObject, ItemContent
from answerable.cases.queries import evidence
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import By

SCRUB_WITHIN = timedelta(days=2)
PAGE_WITHIN = timedelta(minutes=1)
PAGE_AGAIN_AFTER = timedelta(days=7)


def captured(capture_in: CaptureIn, *, now: datetime) -> list[ObjectIn]:
    """A content was captured, and its objects lie in their stores. Owes that they are destroyed when their time comes.

    Returns those objects that another capture had brought already: what lies there of them is not needed. Raises
    NotFound.
    """
    with transaction.atomic():
        content = ItemContent.objects.select_related("item").filter(pk=capture_in.content_id).first()
        item = lock(content.item_id) if content is not None else None
        if content is None or item is None:
            raise NotFound(f"There is no content {capture_in.content_id}.")
        decision = standing_decision(content.pk)
        case = decision.case if decision is not None else item.case
        if case is None:
            raise NotFound(f"The content {content.pk} is in no case.")
        writing = Writing(actor="worker", now=now, cause=f"content:{content.pk}", case=case)
        known = [one for one in capture_in.objects if not take_object(one, now)]
        entry_id = writing.record(
            "evidence_captured",
            {
                "content": content.pk,
                "manifest": capture_in.manifest_sha256,
                "facts": capture_in.facts_sha256,
                "media": capture_in.media_sha256 or None,
                "missing": bool(capture_in.missing),
                "objects": [_said(one) for one in capture_in.objects if one not in known],
            },
        )
        Capture.objects.create(
            content=content,
            case=case,
            decision=decision,
            at=now,
            media_sha256=capture_in.media_sha256,
            missing=capture_in.missing[:120],
            facts_sha256=capture_in.facts_sha256,
            manifest_sha256=capture_in.manifest_sha256,
            entry_id=entry_id,
        )
        overturned = decision is None
        ends_at = now if overturned else now + pack_of(standing_case(case)).contest_for
        owe_clearing(writing, content.pk, ends_at)
        _owe_scrubbing(now)
        if capture_in.missing and not overturned:
            writing.owe([_page(f"item:{item.pk}", "evidence_missing", now)])
        writing.finish()
        return known


def capture_kept(obligation_id: int, *, now: datetime) -> None:
    """All that is owed of an item was captured: what waited for that goes on at once."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        event = {"obligation": owed.pk, "kind": owed.kind, "subject": owed.subject}
        entry_id = writing.record("obligation_kept", event, case_id=owed.case_id)
        obligations.keep(owed, now=now, proof_entry_id=entry_id)
        waiting = Obligation.objects.filter(kind="remove", subject=owed.subject, state="owed").first()
        if waiting is not None:
            again = Owed(
                kind="remove",
                subject=owed.subject,
                by=By.WORKER,
                due_at=waiting.due_at,
                platform=waiting.platform,
            )
            writing.owe([again])
        item = lock(int(owed.subject.partition(":")[2]))
        if item is not None:
            end_hidden(writing, item)
        writing.finish()


def preserved(obligation_id: int, *, now: datetime) -> None:
    """What a law has preserved lies in the vault: kept, with the captures that prove it."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        rows = evidence.of_case(owed.case_id or 0).filter(destroyed_at__isnull=True)
        captures = list(rows.values_list("pk", flat=True))
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        event = {
            "obligation": owed.pk,
            "kind": owed.kind,
            "captures": captures[-200:],
            "count": len(captures),
        }
        entry_id = writing.record("obligation_kept", event, case_id=owed.case_id)
        obligations.keep(owed, now=now, proof_entry_id=entry_id)


def left_to_people(obligation_id: int, why: str, *, now: datetime) -> None:
    """This desk can't keep what is owed by itself: people owe it from now on, with the same time.

    Nobody is called for it: it stands in their queue, and becomes late as everything else does.
    """
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        event = {"obligation": owed.pk, "kind": owed.kind, "reason": "by_hand"}
        writing.record("obligation_released", event, case_id=owed.case_id)
        obligations.release(owed, f"by_hand: {why}"[:200], now)
        by_people = Owed(
            kind=owed.kind,
            subject=owed.subject,
            by=By.PEOPLE,
            due_at=max(owed.due_at, now + timedelta(minutes=15)),
            regime=owed.regime,
            params=owed.params,
        )
        digest = owed.pack_digest
        obligations.owe([by_people], now=now, cause=writing.cause, case_id=owed.case_id, pack_digest=digest)


def evidence_read(
    stored: EvidenceObject, purpose: ReadFor, *, actor: str, case_id: int | None, now: datetime
) -> None:
    """The working store is about to be read: noted before the first byte (rule 21)."""
    with transaction.atomic():
        writing = Writing(actor=actor, now=now, cause=f"evidence:{stored.pk}")
        event = {"object": stored.pk, "purpose": str(purpose)}
        writing.record("evidence_read", event, case_id=case_id)


def resealed(one: ObjectIn, *, replaces: int | None, now: datetime) -> None:
    """Bytes were encrypted anew, into another store or to another key; `replaces`: the object that is to go for it."""
    with transaction.atomic():
        if replaces is not None:
            old = EvidenceObject.objects.filter(pk=replaces, destroying_at__isnull=True)
            if not old.update(destroying_at=now):
                return
        take_object(one, now)
        writing = Writing(actor="worker", now=now, cause="evidence:reseal")
        event = {"store": one.store, "sealed": one.sealed_sha256, "key": one.key, "replaces": replaces}
        writing.record("evidence_resealed", event)


def object_checked(number: int, fault: str, *, now: datetime) -> bool:
    """An object was compared with its digest: whole (`fault` empty), `missing` or `damaged`. Whether that is new.

    What is new is in the log, and people are called about a fault.
    """
    with transaction.atomic():
        row = EvidenceObject.objects.select_for_update().filter(pk=number, destroying_at__isnull=True).first()
        if row is None:
            return False
        changed = row.fault != fault
        row.checked_at, row.fault = now, fault
        row.save(update_fields=["checked_at", "fault"])
        if changed:
            writing = Writing(actor="worker", now=now, cause=f"evidence:{row.pk}")
            event = {
                "object": row.pk,
                "store": row.store,
                "sealed": row.sealed_sha256,
                "fault": fault or None,
            }
            writing.record("evidence_faulty", event)
            if fault:
                writing.owe([_page(f"evidence:{row.pk}", f"evidence_{fault}", now)])
            writing.finish()
        return changed


def _said(one: ObjectIn) -> dict[str, object]:
    return {"store": one.store, "sha256": one.sha256, "sealed": one.sealed_sha256, "size": one.size}


def scrubbed(obligation_id: int, *, objects: int, now: datetime) -> None:
    """Every object was compared with its digest and is whole: kept, and owed anew."""
    with transaction.atomic():
        owed = Obligation.objects.select_for_update().filter(pk=obligation_id, state="owed").first()
        if owed is None:
            return
        writing = Writing(actor="worker", now=now, cause=f"obligation:{owed.pk}")
        entry_id = writing.record("evidence_scrubbed", {"obligation": owed.pk, "objects": objects})
        obligations.keep(owed, now=now, proof_entry_id=entry_id)
        if objects:
            _owe_scrubbing(now)


def _owe_scrubbing(now: datetime) -> None:
    """Owe that all is compared with its digests; it belongs to no case."""
    at = now + timedelta(days=settings.CONFIG.evidence.scrub_days)
    owed = Owed(
        kind="scrub_evidence",
        subject="evidence:all",
        by=By.WORKER,
        due_at=at + SCRUB_WITHIN,
        not_before=at,
    )
    obligations.owe([owed], now=now, cause="evidence:all")


def sweep_refused(why: str, *, now: datetime) -> None:
    """Nothing is swept from the evidence stores, `why`: people are called, once a week as long as it stays so."""
    with transaction.atomic():
        subject = "evidence:sweep"
        paged = Obligation.objects.filter(
            kind="page_people", subject=subject, owed_at__gt=now - PAGE_AGAIN_AFTER
        )
        if not paged.exists():
            obligations.owe([_page(subject, why, now)], now=now, cause=subject)


def _page(subject: str, why: str, now: datetime) -> Owed:
    return Owed(
        kind="page_people", subject=subject, by=By.WORKER, due_at=now + PAGE_WITHIN, params={"why": why}
    )
