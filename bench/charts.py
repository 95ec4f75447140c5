"""Charts of the last results, as SVG files beside the documents: `python -m bench.charts`."""

import json
import math
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

from bench import machine

FOLDER = machine.REPOSITORY / "docs" / "pictures"
OURS, PEER, INK = "#0b6e4f", "#9aa5b1", "#1f2933"
WIDTH, LABEL, ROW = 790, 275, 24


class Bar(NamedTuple):
    """One line of a chart: `value` in the chart's unit."""

    label: str
    value: float
    is_ours: bool


def chart(title: str, unit: str, bars: Sequence[Bar]) -> str:
    """Horizontal bars on a logarithmic scale: what differs a hundredfold stays readable."""
    least = min(bar.value for bar in bars) / 2
    most = max(bar.value for bar in bars)
    room = WIDTH - LABEL - 120
    height = 44 + ROW * len(bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="12" y="24" font-size="15" font-weight="600" fill="{INK}">{escape(title)}</text>',
    ]
    for place, bar in enumerate(bars):
        top = 38 + ROW * place
        length = max(2.0, room * math.log(bar.value / least) / math.log(most / least))
        colour = OURS if bar.is_ours else PEER
        parts += [
            f'<text x="{LABEL - 8}" y="{top + 14}" text-anchor="end" fill="{INK}">{escape(bar.label)}</text>',
            f'<rect x="{LABEL}" y="{top + 2}" width="{length:.0f}" height="{ROW - 8}" rx="2" fill="{colour}"/>',
            f'<text x="{LABEL + length + 6:.0f}" y="{top + 14}" fill="{INK}">{_number(bar.value)} {unit}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def last(name: str, *keys: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """The newest result of a benchmark for each value of these keys."""
    path = machine.RESULTS / f"{name}.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return {tuple(line[key] for key in keys): line for line in lines if all(key in line for key in keys)}


def searching() -> dict[str, str]:
    """A median search, and memory, beside the peer's."""
    found = last("search", "data", "hashes")
    times, memory = [], []
    for (data, count), line in sorted(found.items(), key=lambda one: (one[0][0] != "uniform", one[0][1])):
        for who, ours in (("ours", True), ("peer", False)):
            label = f"{count:,} {data}, {'Answerable' if ours else 'threatexchange'}"
            times.append(Bar(label, line[who]["hit_p50_us"], ours))
            if data == "uniform":
                memory.append(Bar(label, line[who]["bytes_per_hash"], ours))
    if not times:
        return {}
    return {
        "search-time.svg": chart(
            "A search within 31 bits that finds something, median (log scale)", "µs", times
        ),
        "search-memory.svg": chart("Memory for each hash (log scale)", "bytes", memory),
    }


def hashing() -> dict[str, str]:
    """A photo's fingerprints from its bytes, beside the peer's."""
    bars = []
    for (width, height, quality), line in sorted(last("hashing", "width", "height", "jpeg_quality").items()):
        if not line.get("progressive"):
            label = f"{width} × {height}, JPEG {quality}"
            bars += [
                Bar(f"{label}, Answerable", line["ours_ms"], True),
                Bar(f"{label}, peer", line["peer_ms"], False),
            ]
    title = "A photo hashed from its bytes, median (log scale; the peer is threatexchange)"
    return {"hashing-time.svg": chart(title, "ms", bars)} if bars else {}


def screening() -> dict[str, str]:
    """Answers a second over HTTP, on one core, beside the peer's service."""
    found = [line for line in last("lookups", "at").values() if line.get("peer_built_seconds")]
    if not found:
        return {}
    bars = [
        Bar(
            name.replace("ours", "Answerable").replace("peer", "HMA"),
            figures["per_second"],
            name.startswith("ours"),
        )
        for name, figures in found[-1].items()
        if isinstance(figures, dict) and "per_second" in figures
    ]
    return {
        "screening-rate.svg": chart("Answers a second over HTTP, servers on one core (log scale)", "/s", bars)
    }


def main(folder: Path = FOLDER) -> None:
    """Draw all that there are results for."""
    for name, drawn in (searching() | hashing() | screening()).items():
        (folder / name).write_text(drawn)
        print(folder / name)


if __name__ == "__main__":
    main()
