"""What a pack must not lack: every hole with its line. docs/rules.md is what they come from."""

from collections.abc import Collection, Iterator, Mapping
from itertools import chain

from answerable.policy.checks import deciding, duties, lists, references, telling, texts
from answerable.policy.checks.places import every_entry
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack
from answerable.policy.words import By


def holes_of(pack: Pack) -> list[Hole]:
    """The holes that a pack has by itself, whatever the code can do. A pack with any does not load."""
    broken = list(references.holes(pack))
    if any(hole.reason.startswith(references.LOST) for hole in broken):
        return sorted({*broken, *texts.holes(pack)})
    checks = (texts.holes, deciding.holes, duties.holes, lists.holes, telling.holes)
    return sorted({*broken, *chain.from_iterable(check(pack) for check in checks)})


def check(
    pack: Pack, kinds: Mapping[str, object] | Collection[str], regimes: Collection[str] = ()
) -> list[Hole]:
    """The holes of a pack beside this code and desk: all of `holes_of`, and what nothing can keep.

    `kinds` names every kind that can be discharged, as a mapping to who keeps it (a `By`, or anything with
    a `by`) or as plain names. `regimes` are those of the desk.
    """
    missing = [
        pack.source.hole(("regimes",), f"the desk works under {name!r}, for which this pack has no regime")
        for name in pack.uncovered(regimes)
    ]
    return sorted({*holes_of(pack), *_undischarged(pack, kinds), *missing})


def _undischarged(pack: Pack, kinds: Mapping[str, object] | Collection[str]) -> Iterator[Hole]:
    for path, entry in every_entry(pack):
        if entry.do not in kinds:
            yield pack.source.hole((*path, "do"), f"{entry.do!r} is owed, but nothing discharges that kind")
        elif isinstance(kinds, Mapping):
            by = _by(kinds[entry.do])
            if by is not None and by != entry.by:
                yield pack.source.hole(
                    (*path, "by"), f"{entry.do!r} is kept by {by}, but the pack says {entry.by}"
                )


def _by(info: object) -> By | None:
    value = info if isinstance(info, str) else getattr(info, "by", None)
    return By(value) if value is not None else None
