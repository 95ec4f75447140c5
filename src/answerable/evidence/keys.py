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
    """The name of the key with which objects are encrypted now: the month, and a number where it was renewed since."""
    month = f"{now:%Y-%m}"
    made = [path.name.removeprefix(PREFIX).removesuffix(".key") for path in _all()]
    return max((one for one in made if one.partition(".")[0] == month), key=_order, default=month)


def renew(now: datetime) -> str:
    """Make a new key before the month is over. Its name."""
    month, _, number = month_of(now).partition(".")
    name = f"{month}.{int(number or 1) + 1}"
    identity(name, make=True)
    return name


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
    now_used = month_of(now)
    for path in _all():
        month = path.name.removeprefix(PREFIX).removesuffix(".key")
        if _order(month) < _order(now_used) and month not in used:
            path.unlink()
            gone.append(month)
    return gone


def _all() -> list[Path]:
    return sorted(_path("*").parent.glob(_path("*").name))


def _order(name: str) -> tuple[str, int]:
    month, _, number = name.partition(".")
    return month, int(number or 1)


def _path(month: str) -> Path:
    return Path(settings.DATA) / "keys" / f"{PREFIX}{month}.key"
