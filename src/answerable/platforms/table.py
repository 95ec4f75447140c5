"""Which adapter can do what, written from the adapters themselves: the table of docs/platforms/README.md.

`python -m answerable.platforms.table` writes it anew; a test compares.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Final

from answerable.platforms.base import Capability

FOLDER: Final = Path(__file__).parent
BEGIN: Final = "<!-- table: written by `python -m answerable.platforms.table` -->"
END: Final = "<!-- end of table -->"
MEANINGS: Final = {
    Capability.RESOLVE: "find the item behind a short link or a name",
    Capability.FETCH: "fetch an item and its bytes",
    Capability.LOOK: "see what strangers see",
    Capability.LIMIT: "limit one item",
    Capability.HIDE: "hide one item",
    Capability.REMOVE: "remove one item",
    Capability.RESTORE: "put it back",
    Capability.FREEZE: "keep its bytes against its author",
    Capability.ERASE: "take it away for good, once two people confirmed",
    Capability.SUSPEND: "suspend an account, and let it go",
    Capability.NOTIFY: "tell an account holder",
    Capability.RELEASE_UPLOAD: "hold uploads back, and release them",
    Capability.LIST: "list all items (backfill)",
    Capability.WATCH: "be asked for reports and posts",
    Capability.HEAR: "send reports and posts by itself",
    Capability.HAND_OVER: "take reports for its own moderators",
    Capability.SETTLE: "have its own reports closed and opened again",
    Capability.ACCOUNT_FACTS: "say what it knows of an account that is reported to an authority",
}


def adapters() -> dict[str, frozenset[Capability]]:
    """What each adapter found beside this file can do, at its best configuration."""
    found = sorted(path.parent.name for path in FOLDER.glob("*/adapter.py"))
    return {
        name: frozenset(import_module(f"answerable.platforms.{name}.adapter").Adapter.capabilities)
        for name in found
    }


def table() -> str:
    """The table in Markdown: a row for each capability, a column for each adapter."""
    columns = adapters()
    lines = [
        "| | " + " | ".join(f"`{name}`" for name in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for capability in Capability:
        marks = ("yes" if capability in able else "no" for able in columns.values())
        lines.append(f"| {MEANINGS[capability]} (`{capability.value}`) | " + " | ".join(marks) + " |")
    return "\n".join(lines)


def written_into(page: str) -> str:
    """The page with the table as it is now. Raises ValueError where the page has no place for it."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks its lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main(path: Path) -> None:
    """Write the table into a page."""
    path.write_text(written_into(path.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    # No desk is needed to read what adapters say, only that their modules can be imported.
    import django
    from django.conf import settings

    parts = ("db", "audit", "policy", "obligations", "cases")
    settings.configure(INSTALLED_APPS=[f"answerable.{part}" for part in parts])
    django.setup()
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/platforms/README.md"))
