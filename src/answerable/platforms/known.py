"""What the desk knows of an item that its platform may no longer tell."""

from dataclasses import dataclass

from answerable.cases.models import Item


@dataclass(frozen=True)
class Known:
    """An item as it was last told: its author, its page, and where its bytes were served."""

    account: str = ""
    url: str = ""
    media_url: str = ""
    kind: str = ""
    posted: bool = False


def of(platform: str, ref: str) -> Known:
    """What is known of an item; empty where nothing is."""
    facts = Item.objects.filter(platform=platform, ref=ref).values_list(
        "account__ref", "url", "media_url", "kind", "posted_at"
    )
    for account, url, media_url, kind, posted_at in facts:
        return Known(account or "", url, media_url, kind, posted_at is not None)
    return Known()
