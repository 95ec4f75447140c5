"""What a platform tells of an item, as the desk takes it, and what is known of it when nobody tells any more."""

from dataclasses import dataclass

from answerable.cases.inputs import ItemIn
from answerable.cases.models import Item
from answerable.platforms.base import FetchedItem


@dataclass(frozen=True)
class Known:
    """An item as it was last told: its author, its page, and where its bytes were served."""

    account: str = ""
    url: str = ""
    media_url: str = ""
    kind: str = ""
    posted: bool = False


def as_told(platform: str, fetched: FetchedItem) -> ItemIn:
    """The facts of an item as its platform tells them, without its fingerprints."""
    return ItemIn(
        platform=platform,
        ref=fetched.ref,
        url=fetched.url,
        media_url=fetched.media.url if fetched.media is not None else "",
        kind=fetched.kind.value,
        account_ref=fetched.account,
        posted_at=fetched.posted_at,
        views=fetched.views or 0,
    )


def of(platform: str, ref: str) -> Known:
    """What is known of an item; empty where nothing is."""
    facts = Item.objects.filter(platform=platform, ref=ref).values_list(
        "account__ref", "url", "media_url", "kind", "posted_at"
    )
    for account, url, media_url, kind, posted_at in facts:
        return Known(account or "", url, media_url, kind, posted_at is not None)
    return Known()
