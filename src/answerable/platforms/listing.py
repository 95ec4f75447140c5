"""The configured platforms in words, for the operator: what each can do, and whether its news arrive."""

from datetime import datetime
from importlib import import_module

from django.conf import settings

from answerable.cases.models import PlatformWatch
from answerable.platforms.base import Capability, PlatformError
from answerable.settings.config import Platform as Entry


def described() -> list[str]:
    """A few lines for each configured platform. One whose options are wrong is described by that; others go on."""
    rows = {row.platform: row for row in PlatformWatch.objects.all()}
    return [line for entry in settings.CONFIG.platforms for line in _one(entry, rows.get(entry.name))]


def _one(entry: Entry, row: PlatformWatch | None) -> list[str]:
    lines = [f"{entry.name}  ({entry.adapter}, {entry.base_url})"]
    try:
        target = import_module(f"answerable.platforms.{entry.adapter}.adapter").Adapter(entry)
    except PlatformError as error:
        return [*lines, f"  unusable: {error}"]
    able: frozenset[Capability] = target.capabilities
    lines.append("  can:    " + ", ".join(one.value for one in Capability if one in able))
    lacking = [one.value for one in Capability if one not in able]
    lines.append("  can't:  " + (", ".join(lacking) or "nothing is missing"))
    if Capability.WATCH in able:
        lines += _watched(row)
    if Capability.HEAR in able:
        lines.append(f"  its own messages: {_at(row.heard_at if row else None, 'none was taken yet')}")
        if row is not None and row.unheard_at is not None:
            lines.append(f"  NOT TAKEN: one at {_at(row.unheard_at)}: {row.unheard_why}")
    return lines


def _watched(row: PlatformWatch | None) -> list[str]:
    if row is None or (row.told_at is None and row.failed_since is None):
        return ["  watched: not yet; a worker does it (`answerable serve`)"]
    lines = [f"  watched: it answered last at {_at(row.told_at, 'no time')}"]
    if row.failed_since is not None:
        lines.append(f"  FAILING since {_at(row.failed_since)}: {row.last_error}")
        lines.append(
            "  people were paged" if row.alarmed_at else "  people are paged after two minutes of it"
        )
    return lines


def _at(moment: datetime | None, otherwise: str = "") -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment is not None else otherwise
