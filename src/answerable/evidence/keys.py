"""The working store's keys: one for each month, in the data directory, where no backup of the database has them."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings

from answerable.cases.models import EvidenceObject
from answerable.evidence.errors import KeyMissing
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.settings.keys import read_or_make

PREFIX: Final = "working-"


def month_of(now: datetime) -> str:
    """The name of the key with which objects are encrypted now."""
    return f"{now:%Y-%m}"


def identity(month: str, *, make: bool = False) -> str:
    """That month's secret key; `make`: where there is none yet, a new one. Raises KeyMissing, PermissionError."""
    path = _path(month)
    if not make and not path.exists():
        raise KeyMissing(month)
    return read_or_make(Path(settings.DATA), path.name, lambda: new_identity().encode()).decode()


def recipient(now: datetime) -> str:
    """The public key with which objects are encrypted now; made on its first use."""
    return recipient_of(identity(month_of(now), make=True))


def destroy_unused(now: datetime) -> list[str]:
    """Destroy the keys of past months under which nothing lies any more. Gives their months."""
    used = set(
        EvidenceObject.objects.filter(store="working", destroyed_at__isnull=True).values_list(
            "key", flat=True
        )
    )
    gone = []
    for path in sorted(_path("*").parent.glob(_path("*").name)):
        month = path.name.removeprefix(PREFIX).removesuffix(".key")
        if month < month_of(now) and month not in used:
            path.unlink()
            gone.append(month)
    return gone


def _path(month: str) -> Path:
    return Path(settings.DATA) / "keys" / f"{PREFIX}{month}.key"
