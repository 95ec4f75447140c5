"""Evidence itself for an authority: as the answer to its request that two people verified, only what that names."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from answerable import obligations
from answerable.cases.commands.custody import agreed_opening, trusted
from answerable.cases.commands.verifying import NOT_YET, grant, locked
from answerable.cases.commands.writing import Writing
from answerable.cases.evidence_inputs import OpenedFor
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.models import AuthorityRequest, Case, Item, RequestEvidence, RequestEvidenceItem
from answerable.cases.models.requests import GRANTED
from answerable.cases.queries import evidence, requests
from answerable.cases.queries.joined import with_joined
from answerable.cases.request_inputs import Asks
from answerable.cases.rules import requests as rules

FOR_AUTHORITIES = (OpenedFor.AUTHORITY, OpenedFor.COURT)


def may_hand_out(case_id: int, request_id: int, *, person_id: int, recipient: str) -> set[int]:
    """Which items of a case this request covers, looked at before anything is written. Raises Refused and others."""
    with transaction.atomic():
        person, row = trusted(person_id), _answered_by_evidence(request_id)
        key = evidence.verified_recipient(recipient)
        agreed_opening(case_id, person_id=person.pk, request_id=row.pk, recipient_id=key.pk)
        return _covered(case_id, row)


def evidence_handed_out(
    case_id: int,
    request_id: int,
    *,
    person_id: int,
    recipient: str,
    item_ids: Collection[int],
    manifest_sha256: str,
    objects: int,
    now: datetime,
    filings: Collection[int] = (),
) -> int:
    """Encrypted evidence about these items was written into a file for an authority. The entry's number.

    `filings`: what was sent about them to authorities is in it as well.

    It is the answer to the request, which is granted with it, and takes what another custodian agreed to, once.
    Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person, row = trusted(person_id), _answered_by_evidence(request_id)
        case = Case.objects.get(pk=case_id)
        key = evidence.verified_recipient(recipient)
        waiting = agreed_opening(case_id, person_id=person.pk, request_id=row.pk, recipient_id=key.pk)
        if waiting.params["why"] not in FOR_AUTHORITIES:
            raise Refused(
                "The other custodian agreed to another purpose: ask again, --for authority or court."
            )
        items = sorted(set(item_ids))
        if not items or not objects or not set(items) <= _covered(case_id, row):
            raise Refused("Nothing is handed out but what the request names.")
        given = RequestEvidence.objects.create(
            request=row,
            recipient=key,
            case=case,
            manifest_sha256=manifest_sha256,
            count=objects,
            at=now,
            by=person,
            second_id=waiting.params["agreed_by"],
        )
        RequestEvidenceItem.objects.bulk_create([RequestEvidenceItem(given=given, item_id=n) for n in items])
        cause = f"authority_request:{row.pk}"
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=cause, case=case)
        event = {
            "manifest": manifest_sha256,
            "objects": objects,
            "recipient": key.pk,
            "purpose": waiting.params["why"],
            "second": waiting.params["agreed_by"],
            "request": row.pk,
            "items": items,
            "filings": sorted(filings),
        }
        entry_id = writing.record("evidence_exported", event)
        obligations.keep(waiting, now=now, proof_entry_id=entry_id)
        if row.closed_at is None:
            grant(writing, row, person)
        writing.finish(entry_id)
        return entry_id


def _answered_by_evidence(request_id: int) -> AuthorityRequest:
    """The request, locked, if evidence may be its answer now. Raises Refused, NotFound, AlreadyDone."""
    row = locked(request_id)
    if row.verified_at is None:
        raise Refused(NOT_YET)
    if Asks(row.asks) not in rules.DISCLOSES:
        raise Refused("This is not what the request asks for.")
    if row.outcome != GRANTED and not rules.may(rules.Effect.DISCLOSE, requests.standing_of(row)):
        raise AlreadyDone(
            "This request was refused."
        )  # granted, it may be answered once more: for another case
    return row


def _covered(case_id: int, row: AuthorityRequest) -> set[int]:
    """The items of a case, and of those joined into it, that a request covers. Raises Refused where there is none."""
    of_case = Item.objects.filter(contents__captures__case__in=with_joined(case_id))
    found = set(requests.covered(row).filter(pk__in=of_case).values_list("pk", flat=True))
    if not found:
        raise Refused(f"The request covers nothing of which case {case_id} keeps evidence.")
    return found
