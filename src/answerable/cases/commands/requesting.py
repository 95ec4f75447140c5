"""An authority's request: written down whole, everything kept and hidden at once, answered in time (rule 23)."""

import hashlib
import json
import secrets
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from answerable.cases.commands.grouping import account_of, items_at, open_case, put_in
from answerable.cases.commands.intake import file_report
from answerable.cases.commands.protecting import ORDERED
from answerable.cases.commands.writing import Writing
from answerable.cases.inputs import STATEMENT_LIMIT, Filed, NotFound, Refused, ReportIn
from answerable.cases.models import (
    AuthorityRequest,
    Case,
    EvidenceHold,
    Item,
    Person,
    Report,
    RequestAccount,
    RequestHold,
    RequestItem,
)
from answerable.cases.queries import requests
from answerable.cases.queries.people import may_handle
from answerable.cases.request_inputs import Asks, RequestIn
from answerable.cases.rules import requests as rules
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.obligations import Owed
from answerable.policy import Pack, store
from answerable.policy.words import By, Danger, Relation
from answerable.settings.config import config

FREEZE_WITHIN = timedelta(hours=1)
PAGE_WITHIN = timedelta(minutes=1)


def receive_request(request_in: RequestIn, *, person_id: int, now: datetime) -> int:
    """Write down what somebody who says to be an authority asks for. The request's number.

    At once: nothing of what it names is destroyed any more; what is to be removed is hidden, as any report does; who is
    on call is paged where it is urgent. Nothing else follows before two people verified it. Raises Refused, NotFound.
    """
    pack = store.active()
    _check(request_in, pack, now)
    salt = secrets.token_bytes(16).hex()
    said = {**asdict(request_in), "received_at": request_in.received_at.isoformat()}
    whole = json.dumps({"salt": salt, **said}, sort_keys=True, ensure_ascii=False, default=str)
    digest = hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()
    words = personal.seal("request", _words(request_in), erase_after=now + pack.erase_after("log"))
    with transaction.atomic():
        person = Person.objects.filter(pk=person_id, active=True).first()
        if person is None:
            raise Refused("This person doesn't work at this desk.")
        PersonalText.objects.bulk_create([words])
        case, report, earlier = _named(request_in)
        received_at = report.received_at if report is not None else request_in.received_at
        orders = requests.orders_of(pack, request_in.regime)
        due_at = rules.due_at(
            request_in.asks, received_at, deadline=request_in.deadline, remove_within=orders.remove
        )
        row = AuthorityRequest.objects.create(
            asks=str(request_in.asks),
            came=str(request_in.came),
            regime=request_in.regime,
            country=request_in.country.upper(),
            harm=request_in.harm,
            law=request_in.law,
            received_at=received_at,
            entered_at=now,
            entered_by=person,
            words=words,
            digest=digest,
            pack_digest=pack.digest,
            case=case,
            report=report,
            earlier=earlier,
            due_at=due_at,
        )
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"authority_request:{row.pk}")
        items = _name(row, request_in, report, earlier, now)
        if request_in.asks is Asks.REMOVE and report is None:
            row.report_id = _hide(request_in, row, now).report_id
            row.save(update_fields=["report"])
            items = _name_reported(row, items)
        cases = _group(writing, row, items, pack) if request_in.asks in rules.HOLDS else _cases(row, items)
        writing.case = next(iter(cases), None)
        writing.record(
            "request_received",
            {
                "request": row.pk,
                "asks": str(row.asks),
                "came": str(row.came),
                "regime": row.regime,
                "country": row.country,
                "received_at": received_at.isoformat(timespec="seconds"),
                "due_at": due_at.isoformat(timespec="seconds"),
                "digest": digest,
                "digest_salt": salt,
                "items": [item.pk for item in items],
                "accounts": list(row.accounts.values_list("account_id", flat=True)),
                "cases": [case.pk for case in cases],
                "report": row.report_id,
                "earlier": row.earlier_id,
            },
        )
        if request_in.asks in rules.HOLDS:
            _hold(writing, row, cases, _until(row, pack))
            writing.owe(_freezing(item, now) for item in items if request_in.asks is not Asks.REMOVE)
        writing.owe(_owed(row, now))
        writing.finish()
        return int(row.pk)


def open_request(request_id: int, *, person_id: int, now: datetime) -> dict[str, Any]:
    """Open what a request says, as somebody who may answer it or who typed it in. Raises Refused, NotFound."""
    with transaction.atomic():
        person = Person.objects.filter(pk=person_id, active=True).first()
        row = AuthorityRequest.objects.select_related("words").filter(pk=request_id).first()
        if row is None or row.words is None:
            raise NotFound("There is no such request, or its words were erased.")
        if person is None or not (may_handle(person) or row.entered_by_id == person.pk):
            raise Refused("This takes a custodian, a lead or an administrator of the desk.")
        writing = Writing(actor=f"person:{person.pk}", now=now, cause=f"authority_request:{row.pk}")
        writing.record("request_opened", {"request": row.pk, "text": row.words_id}, case_id=row.case_id)
    return requests.open_text(row.words)


def _check(request_in: RequestIn, pack: Pack, now: datetime) -> None:
    """Refuse what can't be kept whole. The door checks the same first, and says it better."""
    if request_in.harm not in pack.harms:
        raise Refused(f"There is no harm {request_in.harm!r}: choose one of {', '.join(pack.harms)}.")
    if request_in.regime not in {*pack.regimes, *config().desk.regimes}:
        raise Refused(f"The policy pack knows no regime {request_in.regime!r}.")
    if request_in.law and request_in.law not in requests.orders_of(pack, request_in.regime).laws:
        raise Refused(
            f"The policy pack names no law {request_in.law!r} for orders under {request_in.regime}."
        )
    country = request_in.country
    if len(country) != 2 or not (country.isascii() and country.isalpha()):
        raise Refused("Write the country as two letters, such as FR.")
    if not (request_in.authority.strip() and request_in.basis.strip()):
        raise Refused("Write who says to be asking, and the law that they name: “none named” is an answer.")
    if sum(map(len, (request_in.words, request_in.contacts, request_in.basis))) > STATEMENT_LIMIT:
        raise Refused(f"This is too long: write at most {STATEMENT_LIMIT} characters.")
    for at in (request_in.received_at, request_in.deadline):
        if at is not None and at.utcoffset() is None:
            raise Refused("Times need their time zone.")
    if request_in.received_at > now:
        raise Refused("It can't have been received in the future: times are UTC.")
    if request_in.asks in (Asks.EXTEND, Asks.LIFT) and request_in.earlier_id is None:
        raise Refused("Say which earlier request it extends or lifts.")


def _words(request_in: RequestIn) -> str:
    said = {
        "authority": request_in.authority,
        "basis": request_in.basis,
        "reference": request_in.reference,
        "contacts": request_in.contacts,
        "words": request_in.words,
        "links": [link.typed for link in request_in.links],
    }
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace").decode()


def _named(request_in: RequestIn) -> tuple[Case | None, Report | None, AuthorityRequest | None]:
    case = report = earlier = None
    if request_in.case_id is not None:
        case = Case.objects.filter(pk=request_in.case_id).first()
        if case is None:
            raise NotFound(f"There is no case {request_in.case_id}.")
    if request_in.report_id is not None:
        report = Report.objects.filter(pk=request_in.report_id).first()
        if report is None:
            raise NotFound(f"There is no report {request_in.report_id}.")
    if request_in.earlier_id is not None:
        earlier = AuthorityRequest.objects.filter(pk=request_in.earlier_id).first()
        if earlier is None:
            raise NotFound(f"There is no request {request_in.earlier_id}.")
    return case, report, earlier


def _name(
    row: AuthorityRequest,
    request_in: RequestIn,
    report: Report | None,
    earlier: AuthorityRequest | None,
    now: datetime,
) -> list[Item]:
    """Write down the items and accounts that it names; those of the request that it is about, too."""
    places = [link for link in request_in.links if link.platform and link.ref]
    # What is to be removed is locked and made by the report that hides it.
    found = list(items_at(places, now).values()) if request_in.asks is not Asks.REMOVE or report else []
    if report is not None:
        found += [one.item for one in report.reported_items.select_related("item") if one.item is not None]
    accounts = {
        account.pk: account
        for platform, ref in request_in.accounts
        if (account := account_of(platform, ref)) is not None
    }
    if earlier is not None:
        found += [one.item for one in earlier.named.select_related("item__case")]
        accounts |= {one.account_id: one.account for one in earlier.accounts.select_related("account")}
        if row.case_id is None and earlier.case_id is not None:
            row.case = earlier.case
            row.save(update_fields=["case"])
    named = {item.pk: item for item in found}
    RequestItem.objects.bulk_create([RequestItem(request=row, item=item) for item in named.values()])
    RequestAccount.objects.bulk_create(
        [RequestAccount(request=row, account=one) for one in accounts.values()]
    )
    return requests.items_of(row)


def _hide(request_in: RequestIn, row: AuthorityRequest, now: datetime) -> Filed:
    """What is to be removed is reported, as by any reporter: that hides it, asks for a look, and no more (rule 23)."""
    report_in = ReportIn(
        harm=request_in.harm,
        relation=Relation.AUTHORITY,
        age=request_in.age,
        danger=Danger.NONE,
        links=request_in.links,
        statement=request_in.words.strip() or request_in.basis,
        channel=ORDERED,
        token=f"authority_request:{row.pk}",
    )
    return file_report(report_in, now=now)


def _name_reported(row: AuthorityRequest, items: list[Item]) -> list[Item]:
    reported = Item.objects.filter(reported_in__report=row.report_id).select_related("case", "account")
    known = {item.pk for item in items}
    RequestItem.objects.bulk_create(
        [RequestItem(request=row, item=item) for item in reported], ignore_conflicts=True
    )
    return [*items, *(item for item in reported if item.pk not in known)]


def _group(writing: Writing, row: AuthorityRequest, items: list[Item], pack: Pack) -> list[Case]:
    """The cases of what is to be kept; what was in none comes into one of its own, so that a hold can stand on it."""
    named = set(row.named.values_list("item_id", flat=True))
    alone = [item for item in items if item.case is None and item.pk in named]
    if alone or not (items or row.case_id):
        own = row.case or open_case(writing, row.harm, pack)
        for item in alone:
            put_in(writing, item, own)
        if row.case_id is None and not items:
            row.case = own
            row.save(update_fields=["case"])
    return _cases(row, items)


def _cases(row: AuthorityRequest, items: list[Item]) -> list[Case]:
    found = {item.case.pk: item.case for item in items if item.case is not None}
    if row.case is not None:
        found.setdefault(row.case.pk, row.case)
    return [found[number] for number in sorted(found)]


def _until(row: AuthorityRequest, pack: Pack) -> datetime | None:
    """When the hold ends by itself: as the pack says for the regime; where it says nothing, people release it."""
    orders = requests.orders_of(pack, row.regime)
    if row.asks == Asks.EXTEND and row.earlier is not None:
        ends = [one.hold.until for one in row.earlier.holds.select_related("hold")]
        if not ends or None in ends or orders.extend is None:
            return None
        return max(row.received_at, *(end for end in ends if end is not None)) + orders.extend
    if row.asks != Asks.PRESERVE or orders.preserve is None:
        return None  # what is asked for itself is kept until that is answered, and people release it
    return row.received_at + orders.preserve


def _hold(writing: Writing, row: AuthorityRequest, cases: list[Case], until: datetime | None) -> None:
    for case in cases:
        hold = EvidenceHold.objects.create(
            case=case, why="authority", placed_at=row.entered_at, placed_by=row.entered_by, until=until
        )
        RequestHold.objects.create(request=row, hold=hold)
        event = {"hold": hold.pk, "why": "authority", "request": row.pk}
        event |= {"until": until.isoformat() if until else None}
        writing.record("evidence_held", event, case_id=case.pk)


def _freezing(item: Item, now: datetime) -> Owed:
    """What nobody decided isn't captured yet: the platform is asked to keep its bytes, and nothing is hidden."""
    return Owed(
        kind="freeze",
        subject=f"item:{item.pk}",
        by=By.WORKER,
        due_at=now + FREEZE_WITHIN,
        platform=item.platform,
    )


def _owed(row: AuthorityRequest, now: datetime) -> list[Owed]:
    subject = f"authority_request:{row.pk}"
    owed = [
        Owed(
            kind="check_request",
            subject=subject,
            by=By.PEOPLE,
            due_at=rules.check_by(row.received_at, row.due_at),
            regime=row.regime,
        ),
        Owed(kind="answer_request", subject=subject, by=By.PEOPLE, due_at=row.due_at, regime=row.regime),
    ]
    if row.asks in rules.URGENT:
        params = {"why": "authority_request", "kind": "check_request"}
        owed.append(
            Owed(kind="page_people", subject=subject, by=By.WORKER, due_at=now + PAGE_WITHIN, params=params)
        )
    return owed
