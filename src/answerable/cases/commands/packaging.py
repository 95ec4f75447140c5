"""What an authority is given: listed by one, agreed to by another, handed out and logged item by item (rule 23)."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from answerable.cases.commands.custody import trusted
from answerable.cases.commands.verifying import NOT_YET, grant, locked
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import AlreadyDone, NotFound, Refused
from answerable.cases.models import AuthorityRequest, Item, Person, RequestPackage
from answerable.cases.models.requests import GRANTED
from answerable.cases.queries import evidence, requests
from answerable.cases.rules import requests as rules
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.policy import store


def list_package(
    request_id: int,
    *,
    person_id: int,
    recipient: str,
    document: bytes,
    item_ids: Sequence[int],
    fields: Sequence[str],
    now: datetime,
) -> int:
    """Write down what an authority is to be given, for another person to agree to. The package's number.

    `recipient`: the name of a key that two people verified; `document`: all that leaves, byte by byte, about these
    items and with these fields. One listed before and not handed out is given up.

    Raises Refused, NotFound, AlreadyDone.
    """
    kept_until = now + store.active().erase_after("log")
    text = personal.seal("request", document.decode(), erase_after=kept_until)
    with transaction.atomic():
        person, row = trusted(person_id), locked(request_id)
        _may_disclose(row)
        key = evidence.verified_recipient(recipient)
        items = sorted(set(item_ids))
        if not items or not set(items) <= {item.pk for item in requests.items_of(row)}:
            raise Refused("Choose of what the request names: nothing else is given.")
        PersonalText.objects.bulk_create([text])
        row.packages.filter(given_at__isnull=True, declined_at__isnull=True).update(declined_at=now)
        package = RequestPackage.objects.create(
            request=row,
            recipient=key,
            document=text,
            digest=hashlib.sha256(document).hexdigest(),
            fields=sorted(set(fields)),
            items=items,
            listed_at=now,
            listed_by=person,
        )
        event = {"recipient": key.pk, "items": items, "fields": package.fields}
        _writing(person, row, now).record("package_listed", {**_named(package), **event})
        return int(package.pk)


def open_package(package_id: int, *, person_id: int, now: datetime) -> str:
    """All that is to leave, exactly as it leaves; that somebody read it is in the log. Raises Refused, NotFound."""
    with transaction.atomic():
        person, package = trusted(person_id), _package(package_id)
        if package.document is None:
            raise NotFound("This package was erased.")
        row = package.request
        event = {"request": row.pk, "package": package.pk, "text": package.document_id}
        _writing(person, row, now).record("request_opened", event)
    return personal.open_text(package.document)


def answer_package(package_id: int, *, person_id: int, digest: str, agreed: bool, now: datetime) -> None:
    """Agree, as another one, that exactly this leaves, or decline. `digest`: of the document that was shown.

    Raises Refused, NotFound, AlreadyDone.
    """
    with transaction.atomic():
        person, package = trusted(person_id), _package(package_id)
        _may_disclose(package.request)
        if package.confirmed_at is not None or package.declined_at is not None:
            raise AlreadyDone("Somebody answered this already, or another package was listed since.")
        if package.listed_by_id == person.pk:
            raise Refused("Whoever listed a package doesn't agree to it: another one does.")
        if package.digest != digest:
            raise Refused("This is not what was listed: open it again.")
        if agreed:
            package.confirmed_at, package.confirmed_by = now, person
        else:
            package.declined_at = now
        package.save(update_fields=["confirmed_at", "confirmed_by", "declined_at"])
        event = {**_named(package), "agreed": agreed}
        _writing(person, package.request, now).record("package_confirmed", event)


def may_give(package_id: int, *, person_id: int) -> RequestPackage:
    """What may be handed out now, looked at before anything of it is written. Raises Refused, NotFound."""
    with transaction.atomic():
        trusted(person_id)
        return _giving(package_id)


def package_given(package_id: int, *, person_id: int, sealed_sha256: str, size: int, now: datetime) -> int:
    """What was agreed leaves, encrypted: logged before anybody has it, and for each item. The entry's number.

    The first time answers the request as granted. Raises Refused, NotFound.
    """
    with transaction.atomic():
        person, package = trusted(person_id), _giving(package_id)
        row = package.request
        writing = _writing(person, row, now)
        sealed: dict[str, object] = {"sealed_sha256": sealed_sha256, "size": size}
        event = {
            **_named(package),
            **sealed,
            "recipient": package.recipient_id,
            "second": package.confirmed_by_id,
        }
        entry_id = writing.record("package_given", event)
        for item in Item.objects.filter(pk__in=package.items).only("pk", "case_id").order_by("pk"):
            part = {**_named(package), "item": item.pk, "fields": package.fields}
            writing.record("package_given", part, case_id=item.case_id)
        if package.given_at is None:
            package.given_at = now
            package.save(update_fields=["given_at"])
        if row.closed_at is None:
            grant(writing, row, person)
        writing.finish()
        return entry_id


def _giving(package_id: int) -> RequestPackage:
    package = _package(package_id)
    row = package.request
    if row.outcome != GRANTED:
        _may_disclose(row)
    if package.confirmed_at is None or package.declined_at is not None:
        raise Refused("Another person has to agree to this package first.")
    if package.document is None:
        raise NotFound("This package was erased.")
    if package.recipient.ended_at is not None or package.recipient.verified_at is None:
        raise Refused("This key is no longer one that two people verified.")
    return package


def _may_disclose(row: AuthorityRequest) -> None:
    if row.closed_at is not None:
        raise AlreadyDone("Somebody decided about this request already.")
    if row.verified_at is None:
        raise Refused(NOT_YET)
    if not rules.may(rules.Effect.DISCLOSE, requests.standing_of(row)):
        raise Refused("This is not what the request asks for.")


def _package(package_id: int) -> RequestPackage:
    number = RequestPackage.objects.filter(pk=package_id).values_list("request_id", flat=True).first()
    if number is None:
        raise NotFound(f"There is no package {package_id}.")
    row = locked(number)
    package = RequestPackage.objects.select_related("document", "recipient").get(pk=package_id)
    package.request = row
    return package


def _named(package: RequestPackage) -> dict[str, object]:
    return {"request": package.request_id, "package": package.pk, "digest": package.digest}


def _writing(person: Person, row: AuthorityRequest, now: datetime) -> Writing:
    cause = f"authority_request:{row.pk}"
    return Writing(actor=f"person:{person.pk}", now=now, cause=cause, case=row.case)
