"""Objects of the evidence as rows, and the duty to destroy what nobody needs any more."""

from datetime import datetime

from answerable.cases.commands.writing import Writing
from answerable.cases.evidence_inputs import ObjectIn
from answerable.cases.models import EvidenceObject
from answerable.cases.rules.keeping import DESTROY_WITHIN
from answerable.obligations import Owed
from answerable.policy.words import By


def owe_clearing(writing: Writing, content_id: int, at: datetime) -> None:
    """Owe that what nobody needs any more of a content's evidence is destroyed, not before that time."""
    writing.owe(
        [
            Owed(
                kind="clear_evidence",
                subject=f"content:{content_id}",
                by=By.WORKER,
                due_at=max(at, writing.now) + DESTROY_WITHIN,
                not_before=at if at > writing.now else None,
            )
        ]
    )


def take_object(one: ObjectIn, now: datetime) -> bool:
    """Write down an object; False where the same bytes are in that store already."""
    _, made = EvidenceObject.objects.get_or_create(
        store=one.store,
        sha256=one.sha256,
        destroying_at=None,
        defaults={
            "size": one.size,
            "sealed_sha256": one.sealed_sha256,
            "sealed_size": one.sealed_size,
            "key": one.key,
            "stored_at": now,
            "checked_at": now,
        },
    )
    return made
