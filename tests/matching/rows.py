"""Rows as the commands write them, for tests of those who read them."""

from datetime import UTC, datetime

from django.db import transaction

from answerable.cases.models import Item, ItemContent, KnownChange

AT = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def change(
    op: str, kind: str, value: bytes, hash_list: str = "own.confirmed", cause: str = "content:1"
) -> KnownChange:
    """One row of what is known."""
    with transaction.atomic():
        return KnownChange.objects.create(
            op=op, kind=kind, value=value, hash_list=hash_list, cause=cause, at=AT
        )


def content(
    ref: str,
    sha256: bytes,
    pdq: bytes | None = None,
    quality: int | None = 100,
    pk: int | None = None,
    item: Item | None = None,
) -> ItemContent:
    """An item of the sample platform, last seen with that content."""
    with transaction.atomic():
        if item is None:
            item = Item.objects.create(platform="sample", ref=ref, registered_at=AT)
        made = ItemContent.objects.create(
            pk=pk,
            item=item,
            sha256=sha256.hex(),
            pdq=pdq,
            pdq_quality=quality if pdq is not None else None,
            seen_at=AT,
        )
        item.content = made
        item.save(update_fields=["content"])
    return made
