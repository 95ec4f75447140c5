"""Authorities' requests: how each stands, what it names, and what keeps a notice back."""

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from answerable.cases.models import (
    AuthorityRequest,
    Item,
    Notice,
    Person,
    RequestCheck,
    RequestPackage,
    RequestSilence,
)
from answerable.cases.models.requests import GRANTED, REFUSED
from answerable.cases.queries.joined import with_joined
from answerable.cases.queries.people import may_handle
from answerable.cases.request_inputs import Asks
from answerable.cases.rules import requests as rules
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.policy import Pack, store
from answerable.policy.shapes import Orders
from answerable.policy.texts import in_language

MOST_ITEMS = 500
"""So many items of the accounts and the case that a request names are listed and held; named ones come first."""


def orders_of(pack: Pack, regime: str) -> Orders:
    """What the pack says of orders under a regime, or under the one that it is part of ("eu" of "eu.fr")."""
    found = pack.regimes.get(regime) or pack.regimes.get(regime.partition(".")[0])
    return found.orders if found is not None else Orders()


def standing_of(request: AuthorityRequest) -> rules.Standing:
    """How it stands, as the rules ask: verified by how many different people who were active when they did."""
    people = RequestCheck.objects.filter(request=request).values("person").distinct().count()
    verified_by = people if request.verified_at is not None else min(people, rules.PEOPLE_TO_VERIFY - 1)
    return rules.Standing(Asks(request.asks), verified_by, request.closed_at is not None)


def items_of(request: AuthorityRequest) -> list[Item]:
    """What a request covers, and is listed of it."""
    found = covered(request).select_related("account", "case", "content")
    return list(found.order_by("pk")[:MOST_ITEMS])


def verified_about(items: Collection[Item]) -> list[AuthorityRequest]:
    """The requests that two people verified and that cover any of these items, the latest first; none refused."""
    accounts = {item.account_id for item in items if item.account_id is not None}
    cases = {item.case_id for item in items if item.case_id is not None}
    covering = Q(named__item__in=items) | Q(accounts__account__in=accounts) | Q(case__in=cases)
    found = AuthorityRequest.objects.select_related("words").filter(covering, verified_at__isnull=False)
    return list(found.exclude(outcome=REFUSED).distinct().order_by("-verified_at", "-pk"))


def covered(request: AuthorityRequest) -> "QuerySet[Item]":
    """What a request covers: the items that it names, those of the accounts and of the case that it names."""
    covers = Q(requested_in__request=request) | Q(account__requested_in__request=request)
    if request.case_id is not None:
        covers |= Q(case__in=with_joined(request.case_id))
    return Item.objects.filter(covers).distinct()


def open_text(row: PersonalText | None) -> dict[str, Any]:
    """The sealed words of a request or a check; nothing once they are erased. The caller logs a person's look."""
    return dict(json.loads(personal.open_text(row))) if row is not None else {}


def silences(item: Item, now: datetime) -> "QuerySet[RequestSilence]":
    """The orders that keep telling the holder of this item back now."""
    covers = Q(request__named__item=item)
    if item.account_id is not None:
        covers |= Q(request__accounts__account=item.account_id)
    if item.case_id is not None:
        covers |= Q(request__case__in=with_joined(item.case_id))
    standing = RequestSilence.objects.filter(ended_at__isnull=True, until__gt=now)
    return standing.filter(covers).distinct()


def untold_notices(items: Iterable[Item]) -> "QuerySet[Notice]":
    """Notices about these items that nobody was told of yet."""
    rows = Notice.objects.filter(item__in=list(items), told_at__isnull=True)
    return rows.select_related("item__account", "item__case").order_by("pk")


def listed(person: Person) -> "QuerySet[AuthorityRequest]":
    """All requests that a person may see, open ones first, what is due first on top."""
    rows = AuthorityRequest.objects.select_related("entered_by", "case")
    if not may_handle(person):
        rows = rows.filter(entered_by=person)
    return rows.order_by("closed_at", "due_at", "pk")


def in_order() -> "QuerySet[AuthorityRequest]":
    """All requests, what is due first on top."""
    return AuthorityRequest.objects.order_by("due_at", "pk")


def latest_package(request: AuthorityRequest) -> RequestPackage | None:
    """The package that was listed last and not declined."""
    return RequestPackage.objects.filter(request=request, declined_at__isnull=True).order_by("-pk").first()


def is_ordered_gone(item_id: int) -> bool:
    """Whether a verified order to remove an item stands: carried out, and not lifted since."""
    orders = AuthorityRequest.objects.filter(asks=Asks.REMOVE, outcome=GRANTED, named__item=item_id)
    return orders.exclude(later__asks=Asks.LIFT, later__outcome=GRANTED).exists()


def order_about(item_id: int, at: datetime) -> AuthorityRequest | None:
    """The order by which an item was removed, as far as one was carried out by then; the last of several."""
    orders = AuthorityRequest.objects.filter(asks=Asks.REMOVE, outcome=GRANTED, named__item=item_id)
    return orders.filter(closed_at__lte=at).order_by("-closed_at", "-pk").first()


def law_of(order: AuthorityRequest, language: str) -> str:
    """Under which law something was ordered, in the pack's words: never in those that somebody typed."""
    pack = store.pack(order.pack_digest)
    regime = pack.regimes.get(order.regime) or pack.regimes.get(order.regime.partition(".")[0])
    if regime is None:
        return order.regime
    return in_language(regime.orders.laws.get(order.law) or regime.name, language)


def waits_for_answer(row: AuthorityRequest) -> bool:
    """Whether the authority is still to be told. Of what was refused before two verified it nobody is (rule 23)."""
    return row.answered_at is None and (row.outcome != REFUSED or row.verified_at is not None)


def is_late(row: AuthorityRequest, now: datetime) -> bool:
    """Whether it was answered after its time, or is not answered and its time has passed."""
    ended = now if waits_for_answer(row) else row.answered_at or row.closed_at or now
    return ended > row.due_at
