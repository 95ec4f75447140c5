"""Names that lead nowhere, and entries that lack a part that their kind needs."""

from collections.abc import Iterator

from answerable.policy.checks.places import Given, cases, every_entry, names_in, true_of
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack, applies
from answerable.policy.shapes import Entry, Regime
from answerable.policy.source import Path
from answerable.policy.words import Age

LOST = "there is no "
NEEDS = {
    "acknowledge": ("reply",),
    "tell_reporter": ("reply",),
    "tell_holder": ("notice",),
    "report_authority": ("to", "regime"),
    "correct_authority": ("to", "regime"),
    "emergency_duty": ("regime",),
    "preserve": ("regime", "what", "keep_for"),
    "destroy_preserved": ("regime", "after"),
    "erase_text": ("what",),
}


def holes(pack: Pack) -> Iterator[Hole]:
    """Every name without a thing, and every thing without a use."""
    yield from _sets(pack)
    yield from _regimes(pack)
    for path, entry in every_entry(pack):
        yield from _entry(pack, path, entry)


def _sets(pack: Pack) -> Iterator[Hole]:
    for harm_id, harm in pack.harms.items():
        for field, table in (("shares", pack.shared), ("says", pack.said)):
            for index, name in enumerate(getattr(harm, field)):
                if name not in table:
                    yield pack.source.hole(
                        ("harms", harm_id, field, index), f"{LOST}shared part named {name!r}"
                    )
    for field, word in (("shared", "shares"), ("said", "says")):
        used = {name for harm in pack.harms.values() for name in getattr(harm, word)}
        for name in getattr(pack, field):
            if name not in used:
                yield pack.source.hole((field, name), f"no harm {word} {name!r}: it says or owes nothing")


def _regimes(pack: Pack) -> Iterator[Hole]:
    named = {entry.regime for _, entry in every_entry(pack)}
    told = {entry.to for _, entry in every_entry(pack)}
    for regime_id, regime in pack.regimes.items():
        path: Path = ("regimes", regime_id)
        if not any(applies(name, [regime_id]) for name in named if name):
            yield pack.source.hole(path, f"nothing is owed under the regime {regime_id!r}")
        yield from _keeping(pack, path, regime)
        for index, name in enumerate(regime.tells):
            if name not in pack.authorities:
                yield pack.source.hole((*path, "tells", index), f"{LOST}authority named {name!r}")
    for name, authority in pack.authorities.items():
        if authority.regime not in pack.regimes:
            yield pack.source.hole(("authorities", name), f"{LOST}regime named {authority.regime!r}")
        if name not in told:
            yield pack.source.hole(("authorities", name), f"nothing is ever told to {name!r}")
    for field in ("replies", "notices"):
        for name, said in getattr(pack, field).items():
            for regime_id in said.regimes:
                if regime_id not in pack.regimes:
                    yield pack.source.hole(
                        (field, name, "regimes", regime_id), f"{LOST}regime named {regime_id!r}"
                    )


def _keeping(pack: Pack, path: Path, regime: Regime) -> Iterator[Hole]:
    if regime.keeps.media and not regime.keeps.basis:
        yield pack.source.hole((*path, "keeps"), "media may be kept only where the law's basis is named")
    if regime.keeps.at_hiding and not regime.keeps.media:
        yield pack.source.hole(
            (*path, "keeps"), "what is hidden is captured only where media may be kept: write `media: true`"
        )


def _entry(pack: Pack, path: Path, entry: Entry) -> Iterator[Hole]:
    for field, table in (
        ("regime", pack.regimes),
        ("to", pack.authorities),
        ("reply", pack.replies),
        ("notice", pack.notices),
    ):
        name = getattr(entry, field)
        if name is not None and name not in table:
            yield pack.source.hole((*path, field), f"{LOST}{_word(field)} named {name!r}")
    for field in NEEDS.get(entry.do, ()):
        if getattr(entry, field) is None:
            yield pack.source.hole(path, f"{entry.do!r} needs `{'for' if field == 'keep_for' else field}`")
    if entry.after is not None and entry.after >= entry.within:
        yield pack.source.hole(
            path, f"{entry.do!r} may not begin before it is late: `after` is not less than `within`"
        )
    authority = pack.authorities.get(entry.to or "")
    if authority and entry.regime and authority.regime != entry.regime:
        yield pack.source.hole(
            (*path, "to"), f"{entry.to!r} is told under {authority.regime!r}, not {entry.regime!r}"
        )
    if authority:
        others: Given = {"age": tuple(str(age) for age in Age if age not in authority.ages)}
        if any(true_of(entry.when, facts) for facts in cases(others, names_in([entry.when]))):
            yield pack.source.hole(path, f"{entry.to!r} is not told about that age: write `when`")
    regime = pack.regimes.get(entry.regime or "")
    if entry.do == "preserve" and regime and not regime.keeps.media and "media" in (entry.what or ""):
        yield pack.source.hole(
            (*path, "what"), f"the regime {entry.regime!r} names no basis for keeping media"
        )


def _word(field: str) -> str:
    return "authority" if field == "to" else field
