"""Who gets to see what: the one place that pages, media and the contract ask."""

import hashlib
import hmac
from datetime import datetime, timedelta

from django.db.models import QuerySet

from answerable.demo.sample import settings
from answerable.demo.sample.models import Item, Person

LOOK_LASTS = timedelta(minutes=2)


def visibility(item: Item) -> str:
    """visible, limited, hidden or gone, for everybody who isn't staff. An upload that is held is hidden."""
    if item.deleted_at is not None or item.wanted == "gone":
        return "gone"
    return "hidden" if item.held else item.wanted


def may_see(item: Item, viewer: Person | None, look: str, now: datetime) -> bool:
    """Whether this viewer gets the page and the bytes. Hidden and gone: nobody does, the author included."""
    if visibility(item) in ("hidden", "gone"):
        return False
    if item.kind != "message":
        return True
    return viewer in (item.author, item.recipient) or is_look(item, look, now)


def listed() -> QuerySet[Item]:
    """Posts that lists show: not limited, not held, not deleted."""
    return (
        Item.objects.filter(kind="post", wanted="visible", held=False, deleted_at=None)
        .select_related("author")
        .order_by("-posted_at", "-id")
    )


def look_at(item: Item, now: datetime) -> str:
    """A short-lived token that opens a private message as its recipient sees it, and no further."""
    until = int((now + LOOK_LASTS).timestamp())
    return f"{until}-{_proof(item.ref, until)}"


def is_look(item: Item, token: str, now: datetime) -> bool:
    """Whether the token was given out for this item and still counts."""
    until, _, proof = token.partition("-")
    if not until.isdecimal() or len(until) > 12 or int(until) < now.timestamp():
        return False
    return hmac.compare_digest(proof, _proof(item.ref, int(until)))


def _proof(ref: str, until: int) -> str:
    message = f"look:{ref}:{until}".encode()
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
