"""The views over time as an SVG file that needs no script, no font and no other file."""

from collections.abc import Sequence
from datetime import datetime

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BASE = 720, 280, 56, 700, 66, 236
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#24303a}.soft{fill:#5d6b76}.line{fill:none;stroke:#1f6f8b;"
    "stroke-width:2}.area{fill:#1f6f8b;opacity:.14}.axis{stroke:#9aa7b0}.mark{stroke:#a23b2a;stroke-dasharray:4 3}"
)


def svg(views: Sequence[tuple[datetime, int]], notice: datetime) -> str:
    """A stepped line of all views, and where the first report came."""
    first, last = views[0][0], views[-1][0]
    span = max(1.0, (last - first).total_seconds())
    most = max(1, *(count for _, count in views))

    def across(at: datetime) -> float:
        return LEFT + (RIGHT - LEFT) * (at - first).total_seconds() / span

    def up(count: int) -> float:
        return BASE - (BASE - TOP) * count / most

    steps = "".join(f"H{across(at):.1f}V{up(count):.1f}" for at, count in views[1:])
    line = f"M{across(first):.1f} {up(views[0][1]):.1f}{steps}H{RIGHT}"
    mark = across(notice)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="Views over time: {most} in all, none after the first report">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{LEFT}" y="20">Views of the picture, all posts together</text>'
        f'<path class="area" d="{line}V{BASE}H{across(first):.1f}Z"/><path class="line" d="{line}"/>'
        f'<path class="axis" d="M{LEFT} {BASE}H{RIGHT}"/>'
        f'<path class="mark" d="M{mark:.1f} {TOP - 8}V{BASE}"/>'
        f'<text x="{mark + 6:.1f}" y="{TOP - 10}">first report</text>'
        f'<text class="soft" x="{LEFT - 8}" y="{TOP + 5}" text-anchor="end">{most}</text>'
        f'<text class="soft" x="{LEFT - 8}" y="{BASE}" text-anchor="end">0</text>'
        f'<text class="soft" x="{LEFT}" y="{BASE + 22}">{first:%d %B %Y}</text>'
        f'<text class="soft" x="{RIGHT}" y="{BASE + 22}" text-anchor="end">{last:%d %B %Y}</text></svg>\n'
    )
