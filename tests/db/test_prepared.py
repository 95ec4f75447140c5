"""Prepared queries give what Django's own queries give, on either database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import BooleanField, Case, F, QuerySet, Value, When
from django.test.utils import CaptureQueriesContext

from answerable.cases.models import Account, Item, ItemContent
from answerable.db.prepared import MOST_SHAPES, NotPrepared, instances, prepared
from answerable.db.rows import insert, update
from answerable.obligations.models import Obligation
from answerable.policy.words import Visibility

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def items() -> list[Item]:
    """Four items of two accounts, the last without one."""
    accounts = [Account.objects.create(platform="sample", ref=ref) for ref in ("uri", "max")]
    made = []
    for number in range(4):
        item = Item.objects.create(
            platform="sample",
            ref=f"p{number}",
            kind="image",
            account=accounts[number % 2] if number < 3 else None,
            registered_at=NOW + timedelta(minutes=number),
        )
        item.content = ItemContent.objects.create(
            item=item, sha256=f"{number:064x}", seen_at=NOW, size=number
        )
        item.save()
        made.append(item)
    return made


def at(platform: str, ref: str) -> QuerySet[Item]:
    return Item.objects.select_related("account", "content").filter(platform=platform, ref=ref)


def numbered(numbers: list[int]) -> QuerySet[Item]:
    return Item.objects.filter(pk__in=numbers).order_by("-pk")


def since(when: datetime, wanted: Visibility) -> QuerySet[Item, int]:
    return (
        Item.objects.filter(registered_at__gte=when, wanted=wanted)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def refs(platform: str) -> QuerySet[Item, Any]:
    return (
        Item.objects.filter(platform=platform)
        .order_by("ref")
        .values_list("ref", "registered_at", "account__ref")
    )


def marked(kind: str) -> QuerySet[Item]:
    late = Case(
        When(pk__gt=F("account_id"), then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    return Item.objects.filter(kind=kind).annotate(later=late).order_by("pk")[:3]


def everything(item: Item) -> dict[str, Any]:
    return {field.attname: getattr(item, field.attname) for field in Item._meta.concrete_fields}


def test_it_gives_the_same_instances_with_what_they_relate_to(items: list[Item]) -> None:
    ask = prepared(at)
    for item in [*items, *items]:
        (found,) = ask("sample", item.ref)
        (by_django,) = at("sample", item.ref)
        assert everything(found) == everything(by_django)
        assert found._state.adding is False
        assert found._state.db == "default"
        with CaptureQueriesContext(connection) as more:
            assert found.account == by_django.account
            assert found.content == by_django.content
        assert len(more) == 0
    assert ask("sample", "nowhere") == []


def test_lists_times_words_and_tuples_go_in_and_out_as_with_django(items: list[Item]) -> None:
    numbers = [item.pk for item in items]
    for some in (numbers, numbers[:2], numbers[:1], []):
        assert prepared(numbered)(some) == list(numbered(some))
    for minute in range(5):
        when = NOW + timedelta(minutes=minute)
        assert prepared(since)(when, Visibility.VISIBLE) == list(since(when, Visibility.VISIBLE))
    assert prepared(refs)("sample") == list(refs("sample"))
    found = prepared(marked)("image")
    assert [(one.pk, one.later) for one in found] == [(one.pk, one.later) for one in marked("image")]  # type: ignore[attr-defined]
    assert len(found) == 3


def test_the_query_is_described_once(items: list[Item]) -> None:
    asked = []

    def by_kind(kind: str) -> QuerySet[Item]:
        asked.append(kind)
        return Item.objects.filter(kind=kind)

    ask = prepared(by_kind)
    assert len(ask("image")) == 4
    assert ask("text") == []
    assert len(asked) == 1


def test_a_row_can_be_locked_inside_a_transaction(items: list[Item]) -> None:
    ask = prepared(lambda number: Item.objects.select_for_update(of=("self",)).filter(pk=number))
    for item in items:
        with transaction.atomic(), CaptureQueriesContext(connection) as asked:
            assert ask(item.pk) == [item]
        assert ("FOR UPDATE" in asked[0]["sql"]) is (connection.vendor == "postgresql")


def test_what_cannot_be_prepared_is_refused(items: list[Item]) -> None:
    with pytest.raises(NotPrepared):
        prepared(at)("sample", None)  # type: ignore[arg-type]
    with pytest.raises(NotPrepared):
        prepared(at)("sample", ref="p1")
    with pytest.raises(NotPrepared):
        prepared(lambda kind: Item.objects.filter(kind=kind).values("ref"))("image")
    with pytest.raises(NotPrepared):
        prepared(lambda kind: Item.objects.filter(kind=kind).prefetch_related("contents"))("image")


def test_ever_other_lengths_of_lists_fill_no_memory(items: list[Item]) -> None:
    described = []

    def among(numbers: list[int]) -> QuerySet[Item]:
        described.append(len(numbers))
        return Item.objects.filter(pk__in=numbers)

    ask = prepared(among)
    for length in range(1, MOST_SHAPES + 3):
        ask(list(range(length)))
    ask([1])
    assert described.count(1) == 1
    ask(list(range(MOST_SHAPES + 2)))
    assert described.count(MOST_SHAPES + 2) == 2


def test_inserted_rows_are_as_django_makes_them_and_know_their_numbers(items: list[Item]) -> None:
    new = [
        Obligation(kind="look", by="people", subject=f"item:{n}", cause="report:1", params={"a": [1, "é"]},
                   owed_at=NOW, due_at=NOW + timedelta(hours=1), next_attempt_at=NOW)
        for n in range(3)
    ]  # fmt: skip
    with transaction.atomic():
        insert(*new)
        insert()
    for one in new:
        found = Obligation.objects.get(pk=one.pk)
        assert found.subject == one.subject
        assert found.params == {"a": [1, "é"]}
        assert found.due_at == one.due_at
        assert one._state.adding is False
    assert new[0].pk < new[1].pk < new[2].pk


def test_rows_of_a_statement_of_ones_own_become_instances_whatever_order_their_columns_have(
    items: list[Item],
) -> None:
    columns = sorted(field.column for field in Item._meta.concrete_fields)
    statement = f"SELECT {', '.join(columns)} FROM cases_item WHERE id > %s ORDER BY id"
    with connection.cursor() as cursor:
        found = instances(Item, cursor, statement, [items[0].pk])
    assert [everything(one) for one in found] == [everything(one) for one in Item.objects.order_by("pk")[1:]]


def test_an_update_writes_the_fields_named_and_no_other(items: list[Item]) -> None:
    item = items[0]
    item.wanted, item.wanted_serial, item.asked_at = Visibility.HIDDEN, item.wanted_serial + 1, NOW
    item.account, item.ref = items[1].account, "not written"
    with transaction.atomic():
        update(item, "wanted", "wanted_serial", "asked_at", "account")
    found = Item.objects.get(pk=item.pk)
    assert (found.wanted, found.asked_at, found.account, found.ref) == ("hidden", NOW, items[1].account, "p0")
    gone = Item(pk=10_000, wanted="hidden")
    with transaction.atomic(), pytest.raises(Item.DoesNotExist):
        update(gone, "wanted")
