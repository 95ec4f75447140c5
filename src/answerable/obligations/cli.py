"""The table of what is owed, for the command line. Nothing in it is about a person."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import typer

from answerable.obligations import queries
from answerable.obligations.models import Obligation


def show(
    now: datetime, *, late: bool, nobody: bool, as_json: bool, limit: int, unkept: Mapping[int, str]
) -> bool:
    """Print what is owed, what is due first on top. `unkept`: why nobody can keep it, by number.

    Gives whether anything is late.
    """
    rows = queries.late(now) if late else queries.owed()
    if nobody:
        rows = rows.filter(pk__in=list(unkept))
    total = rows.count()
    shown = [describe(row, now, unkept.get(row.pk, "")) for row in rows[:limit]]
    if as_json:
        typer.echo(json.dumps({"now": now.isoformat(), "total": total, "owed": shown}, indent=1))
    else:
        _print(shown, total)
    return queries.late(now).exists()


def describe(row: Obligation, now: datetime, unkept: str = "") -> dict[str, Any]:
    """One obligation as plain values; nothing in it is about a person."""
    return {
        "number": row.pk,
        "kind": row.kind,
        "subject": row.subject,
        "case": row.case_id,
        "by": str(row.by),
        "platform": row.platform,
        "regime": row.regime,
        "due_at": row.due_at.isoformat(),
        "late": row.due_at < now,
        "in": _span(row.due_at - now),
        "attempts": row.attempt,
        "last_error": row.last_error,
        "nobody_can_keep_it": unkept,
    }


def _span(left: timedelta) -> str:
    """A time span in its two largest units: "2 h 5 min", "late 40 s"."""
    seconds = abs(round(left.total_seconds()))
    parts = [
        (seconds // 86400, "d"),
        (seconds // 3600 % 24, "h"),
        (seconds // 60 % 60, "min"),
        (seconds % 60, "s"),
    ]
    first = next((place for place, (count, _) in enumerate(parts) if count), 3)
    text = " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])
    return f"late {text}" if left < timedelta(0) else text


def _print(shown: list[dict[str, Any]], total: int) -> None:
    columns = ("number", "kind", "subject", "by", "in", "attempts")
    headings = ("number", "what", "to", "by", "due in", "tries")
    cells = [headings, *(tuple(str(row[column]) for column in columns) for row in shown)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    notes = ["", *(row["nobody_can_keep_it"] and f"nobody: {row['nobody_can_keep_it']}" for row in shown)]
    for line, note in zip(cells, notes, strict=True):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo(f"{text}  {note}".rstrip())
    late = sum(1 for row in shown if row["late"])
    more = f", of which {len(shown)} are shown" if total > len(shown) else ""
    typer.echo(f"\n{total} owed{more}; {late} late.")
