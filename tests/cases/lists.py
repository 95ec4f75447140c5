"""Hash lists of others, as a fetch or an import would bring them: short words for tests."""

import hashlib
from collections.abc import Sequence

from answerable.cases import commands
from answerable.cases.list_inputs import EntryIn, GoneIn, ListPageIn
from answerable.cases.models import HashList, ListEntry
from tests.cases.desk import TestDesk

SOURCES = {"ncmec": "ncmec", "stopncii": "stopncii"}


def value(kind: str, file: str, flip: int = 0) -> bytes:
    """The hash of a file of that name, as `desk.prints` makes it, with its last `flip` bits turned."""
    whole = hashlib.new(kind, file.encode()).digest()
    return (int.from_bytes(whole, "big") ^ ((1 << flip) - 1)).to_bytes(len(whole), "big")


def says(
    desk: TestDesk,
    name: str,
    *files: str,
    label: str = "A1",
    kinds: Sequence[str] = ("sha256",),
    flip: int = 0,
    source: str = "",
    key: str = "",
) -> None:
    """The list of that name holds these files from now on, a record each: `name/file`."""
    commands.make_list(name, source=source or SOURCES.get(name, "file"), now=desk.clock.now)
    entries = [
        EntryIn(
            key or f"{name}/{file}", tuple((kind, value(kind, file, flip)) for kind in kinds), label=label
        )
        for file in files
    ]
    _page(desk, name, tuple(entries))


def withdraws(desk: TestDesk, name: str, *files: str) -> None:
    """The list of that name withdraws the records of these files."""
    _page(desk, name, tuple(GoneIn(f"{name}/{file}") for file in files))


def _page(desk: TestDesk, name: str, changes: tuple[EntryIn | GoneIn, ...]) -> None:
    stands = HashList.objects.get(name=name).checkpoint
    after = {"at": stands.get("at", 0) + 1}
    commands.store_page(name, ListPageIn(changes, stands, after, is_last=True), now=desk.clock.now)


def in_force(file: str, *lists: str) -> bool:
    """Whether one of these lists, by its whole name, holds that very file by SHA-256 now."""
    entries = ListEntry.objects.filter(kind="sha256", gone_at=None, hash_list__off_at=None)
    return any(
        entry.known_as in lists and bytes(entry.value) == value("sha256", file)
        for entry in entries.select_related("hash_list")
    )
