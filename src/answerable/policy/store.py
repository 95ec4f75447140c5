"""The packs in the database: activating one, and finding the one that a case is pinned to."""

from datetime import datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from answerable.db.prepared import first, prepared
from answerable.policy.load import read
from answerable.policy.models import PolicyPack
from answerable.policy.pack import Pack


class UnknownPackError(Exception):
    """No policy pack with that digest was ever activated on this desk."""


def activate(pack: Pack, now: datetime) -> PolicyPack:
    """Make a pack the one of new cases, in one transaction. Cases stay pinned to theirs.

    Activating the pack that is active already changes nothing.
    """
    with transaction.atomic():
        latest = PolicyPack.objects.order_by("activated_at", "digest").last()
        if latest is not None and latest.digest == pack.digest:
            return latest
        row, _ = PolicyPack.objects.update_or_create(
            digest=pack.digest, defaults={"text": pack.text, "activated_at": now}
        )
        return row


def active() -> Pack:
    """The pack of new cases. Raises UnknownPackError before the first was activated."""
    newest = active_digest()
    if newest is None:
        raise UnknownPackError("no policy pack is active: start the desk once with `answerable serve`")
    return pack(newest)


def active_digest() -> str | None:
    """The digest of the pack of new cases; None before the first was activated."""
    return first(_newest())


@prepared
def _newest() -> "QuerySet[PolicyPack, str]":
    return PolicyPack.objects.order_by("-activated_at", "-digest").values_list("digest", flat=True)[:1]


@lru_cache(maxsize=64)
def pack(digest: str) -> Pack:
    """The pack with that digest, as it was when cases were pinned to it. Raises UnknownPackError."""
    row = PolicyPack.objects.filter(digest=digest).first()
    if row is None:
        raise UnknownPackError(f"no policy pack {digest[:12]}… was ever activated here")
    return read(row.text, f"pack {digest[:12]}")
