"""What is known about a content when it is captured: facts and context, as one canonical JSON document each."""

from datetime import UTC, datetime
from typing import Any, Final

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.audit.verify import canonical
from answerable.cases.models import (
    Account,
    Copy,
    Decision,
    Item,
    ItemContent,
    Report,
    Review,
    ViewSample,
)
from answerable.cases.queries.joined import with_joined

VERSION: Final = 1
LOOKS: Final = ("looked_at", "revealed", "review_made")
MOST: Final = 10_000
"""So many rows of each kind stand in a document: reports, looks, samples of views."""


def facts(decision: Decision, fetched: dict[str, Any], now: datetime) -> bytes:
    """All that is known of a decided content. Nothing of who reported it but what kind of reporter they are."""
    content, item = decision.content, decision.content.item
    document: dict[str, Any] = {
        "answerable_evidence": VERSION,
        "captured_at": _at(now),
        "case": {
            "number": decision.case_id,
            "harm": decision.case.harm,
            "opened_at": _at(decision.case.opened_at),
            "policy_pack": decision.case.pack_digest,
        },
        "item": item_facts(item),
        "content": content_facts(content),
        "account": account_facts(item.account),
        "decision": {
            "number": decision.pk,
            "verdict": str(decision.verdict),
            "clause": decision.clause,
            "basis": decision.basis,
            "at": _at(decision.at),
            "same_file_as_decision": decision.of_decision_id,
        },
        "reviews": [_review(one) for one in Review.objects.filter(content=content).order_by("pk")],
        "reports": [_report(one) for one in _reports(item)],
        "views": _views(item),
        "looked": _looks(content),
        "copies": _copies(content),
        "fetched": fetched,
    }
    return canonical(document)


def manifest(
    decision: Decision, *, facts_sha256: str, media: dict[str, Any] | None, missing: str, now: datetime
) -> bytes:
    """What belongs together: the digests of the facts and of the media, and why media are not there."""
    content = decision.content
    return canonical(
        {
            "answerable_evidence": VERSION,
            "captured_at": _at(now),
            "case": decision.case_id,
            "content": content.pk,
            "judged_sha256": content.sha256,
            "facts": {"sha256": facts_sha256},
            "media": media,
            "missing": missing,
        }
    )


def item_facts(item: Item) -> dict[str, Any]:
    """What is known of an item itself."""
    return {
        "number": item.pk,
        "platform": item.platform,
        "ref": item.ref,
        "url": item.url,
        "media_url": item.media_url,
        "kind": item.kind,
        "age": str(item.age),
        "posted_at": _at(item.posted_at),
        "registered_at": _at(item.registered_at),
        "first_notice_at": _at(item.first_notice_at),
        "hidden_at": _at(item.hidden_at),
        "seen": item.seen,
        "seen_at": _at(item.seen_at),
    }


def content_facts(content: ItemContent) -> dict[str, Any]:
    """What is known of its bytes."""
    return {
        "number": content.pk,
        "sha256": content.sha256,
        "md5": content.md5,
        "pdq": bytes(content.pdq).hex() if content.pdq is not None else None,
        "pdq_quality": content.pdq_quality,
        "media_type": content.media_type,
        "size": content.size,
        "seen_at": _at(content.seen_at),
    }


def account_facts(account: Account | None) -> dict[str, Any] | None:
    """What is known of the account that posted it."""
    if account is None:
        return None
    return {
        "platform": account.platform,
        "ref": account.ref,
        "judged_as": account.judged_as,
        "judged_at": _at(account.judged_at),
        "strikes": account.strikes,
        "uploads_held_since": _at(account.uploads_held_since),
        "items_known": account.items.count(),
    }


def _review(review: Review) -> dict[str, Any]:
    return {
        "number": review.pk,
        "person": review.person_id,
        "verdict": str(review.verdict),
        "age": str(review.age),
        "clause": review.clause,
        "at": _at(review.at),
    }


def _reports(item: Item) -> list[Report]:
    return list(Report.objects.filter(reported_items__item=item).distinct().order_by("pk")[:MOST])


def _report(report: Report) -> dict[str, Any]:
    return {
        "number": report.pk,
        "received_at": _at(report.received_at),
        "relation": str(report.relation),
        "age": str(report.age),
        "danger": str(report.danger),
        "harm": report.harm,
        "digest": report.digest,
    }


def _views(item: Item) -> dict[str, Any]:
    samples = ViewSample.objects.filter(item=item).order_by("at")[:MOST]
    return {
        "now": item.views,
        "at_first_notice": item.views_at_first_notice,
        "samples": [{"at": _at(one.at), "views": one.views} for one in samples],
    }


def _looks(content: ItemContent) -> list[dict[str, Any]]:
    """Who of the desk opened it, saw it, judged it: from the log, which nobody can change."""
    entries = AuditEntry.objects.filter(case_id__isnull=False, kind__in=LOOKS)
    case = content.item.case
    cases = with_joined(case.pk) if case is not None else set[int]()
    found = []
    for entry in entries.filter(case_id__in=cases).order_by("pk")[:MOST]:
        event = event_of(entry) or {}
        if event.get("content") == content.pk:
            found.append({"entry": entry.pk, "kind": entry.kind, "who": entry.actor, "at": _at(entry.at)})
    return found


def _copies(content: ItemContent) -> list[dict[str, Any]]:
    rows = Copy.objects.filter(original=content).select_related("content__item").order_by("pk")[:MOST]
    return [
        {
            "platform": one.content.item.platform,
            "ref": one.content.item.ref,
            "kind": str(one.kind),
            "bits": one.distance,
        }
        for one in rows
    ]


def _at(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
