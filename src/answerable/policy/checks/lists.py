"""What a match on others' hash lists may mean: rules 6 and 8, as a pack can break them."""

from collections.abc import Iterator
from typing import Final

from answerable.policy.errors import Hole
from answerable.policy.pack import Pack

CLAIMED: Final = ("stopncii", "takeitdown", "take_it_down")
"""Lists of what people say about themselves: nobody looked at it, so it asks for a look (rule 6)."""


def is_claimed(name: str) -> bool:
    """Whether the list of that name holds what people say about themselves."""
    return name.split(".", maxsplit=1)[0].startswith(CLAIMED)


def holes(pack: Pack) -> Iterator[Hole]:
    """Every way in which a list decides what it may not."""
    seen: set[str] = set()
    for index, meaning in enumerate(pack.lists):
        path = ("lists", index)
        first = meaning.list.split(".", maxsplit=1)[0]
        if meaning.near != "hold":
            yield pack.source.hole(
                path, f"a near match with {meaning.list!r} is held for a look: write `near: hold`"
            )
        if first == "own":
            yield pack.source.hole(path, f"{meaning.list!r} is what people here decided: it needs no word")
        elif meaning.exact == "block" and is_claimed(meaning.list):
            yield pack.source.hole(path, f"{meaning.list!r} is what people said, unseen: write `exact: hold`")
        if meaning.harm is not None and meaning.harm not in pack.harms:
            yield pack.source.hole(path, f"there is no harm named {meaning.harm!r}")
        if meaning.list in seen:
            yield pack.source.hole(path, f"{meaning.list!r} stands there twice")
        seen.add(meaning.list)
