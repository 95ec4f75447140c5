"""No pack that passes the check lets one person, or a machine, refuse for a child (rules 8, 10, 13)."""

from typing import Any

import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

from answerable.policy import Pack, PolicyError, load
from answerable.policy.words import Age, By, Event
from tests.policy.edits import BASELINE

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
HARMS = ["csam", "sextortion", "grooming", "ncii", "other_illegal"]

refusals = st.fixed_dictionaries(
    {"people": st.integers(0, 5), "qualified": st.sampled_from(["child_safety", "legal"])},
    optional={
        "complete": st.integers(0, 5),
        "tie": st.sampled_from(["lead", "machine", "first", "none"]),
    },
)
exceptions = st.fixed_dictionaries(
    {
        "id": st.sampled_from([f"{harm}.art" for harm in HARMS]),
        "text": st.just({"en": "Art.", "fr": "L’art."}),
        "people": st.integers(0, 4),
    },
    optional={
        "by": st.sampled_from([*By]),
        "ages": st.lists(st.sampled_from([*Age]), min_size=1, unique=True),
    },
)
first_names = st.sampled_from(
    [
        "own",
        "ncmec",
        "iwf",
        "stopncii",
        "stopncii_fr",
        "takeitdown",
        "takeitdown2",
        "take_it_down",
        "hma",
        "mine",
    ]
)
classes = st.sampled_from(
    ["", ".A1", ".A2", ".A1.x", ".reported", ".confirmed", ".confirmed_by_two", ".confirmed_by_two.A1"]
)
list_names = st.builds(str.__add__, first_names, classes)
matches = st.fixed_dictionaries(
    {"list": list_names},
    optional={
        "exact": st.sampled_from([True, True, True, False]),
        "clause": st.sampled_from(["csam.depiction", "ncii.shared", "ncii.agreed", "csam.new"]),
    },
)
meanings = st.lists(
    st.fixed_dictionaries(
        {"list": list_names},
        optional={
            "exact": st.sampled_from(["block", "block", "hold"]),
            "near": st.sampled_from(["hold", "hold", "block"]),
            "harm": st.sampled_from(HARMS),
        },
    ),
    max_size=6,
)
changes = st.fixed_dictionaries(
    {},
    optional={
        "refuse": refusals,
        "refuse_adult": refusals,
        "ages": st.lists(st.sampled_from([*Age]), min_size=1, unique=True),
        "exceptions": st.lists(exceptions, max_size=2),
        "confirm": st.fixed_dictionaries(
            {"people": st.integers(0, 2)}, optional={"or_match": st.lists(matches, max_size=3)}
        ),
    },
)
whos = st.sampled_from([*By])


def _plain(value: Any) -> Any:
    """Enums as their words, for YAML."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


def _loaded(harm: str, change: dict[str, Any], looks_by: By, decides_by: By) -> Pack | None:
    raw = yaml.load(BASELINE, Loader=LOADER)
    raw["harms"][harm].update(change)
    for entry in raw["shared"]["hide_at_once"]["on_report"]:
        if entry["do"] == "look":
            entry["by"] = looks_by
        if entry["do"] == "decide":
            entry["by"] = decides_by
    try:
        return load(yaml.dump(_plain(raw), Dumper=DUMPER, allow_unicode=True))
    except PolicyError:
        return None


@settings(max_examples=60, deadline=None)
@given(harm=st.sampled_from(HARMS), change=changes, looks_by=whos, decides_by=whos)
def test_whatever_is_changed_nobody_alone_refuses_for_a_child(
    harm: str, change: dict[str, Any], looks_by: By, decides_by: By
) -> None:
    pack = _loaded(harm, change, looks_by, decides_by)
    if pack is None:
        return
    for rule in pack.harms.values():
        for complete in (False, True):
            for age in (Age.CHILD, Age.UNSURE):
                refusal = rule.refusal(age, complete)
                assert refusal.people >= 2
                assert refusal.qualified
                assert refusal.tie == "lead"
        assert rule.refusal(Age.ADULT, complete=True).people >= 2
        assert all(exception.people >= 2 and exception.by is not By.WORKER for exception in rule.exceptions)
        assert rule.confirm.people == 1
    _only_what_may(pack)
    for name in pack.harms:
        for happened in Event:
            for entry in pack.entries(name, happened):
                if entry.do in ("look", "decide", "second_look", "settle_tie", "decide_appeal"):
                    assert entry.by is not By.WORKER


def _only_what_may(pack: Pack) -> None:
    """No near match decides, nor what nobody looked at, nor what may still be posted."""
    for harm, rule in pack.harms.items():
        for match in rule.confirm.or_match:
            assert match.exact
            assert match.clause is None or match.clause in {clause.id for clause in rule.clauses}
            if match.list == "own.confirmed_by_two":
                assert pack.decides(match.list) is None, (
                    "what it finds shares the decision: nothing new is made"
                )
                continue
            first = match.list.partition(".")[0]
            assert first in ("ncmec", "iwf", "mine")
            assert pack.trusts(match.list)
            decided = pack.decides(match.list)
            assert decided is not None
            assert decided[1].startswith(f"{decided[0]}.")
            assert pack.harms[decided[0]].severity.rank >= rule.severity.rank, harm
            for near in (f"{match.list}.A1", f"{match.list}9", match.list.upper(), first[:-1]):
                assert pack.decides(near) is None or near in _listed(pack)


def _listed(pack: Pack) -> set[str]:
    return {match.list for rule in pack.harms.values() for match in rule.confirm.or_match}


MAY_NOT = ("own", "stopncii", "takeitdown", "take_it_down", "hma")


@settings(max_examples=60, deadline=None)
@given(
    lists=meanings,
    by_harm=st.dictionaries(st.sampled_from(HARMS), st.lists(matches, min_size=1, max_size=3), min_size=1),
    care=st.sampled_from(["none", "some", "all"]),
)
def test_whatever_lists_are_named_only_those_that_may_decide(
    lists: list[dict[str, Any]], by_harm: dict[str, list[dict[str, Any]]], care: str
) -> None:
    """`care`: how well the operator means it. With some, each name stands once, exact, and is refused at upload too;
    with all, none is of those that may not decide."""
    raw = yaml.load(BASELINE, Loader=LOADER)
    raw["harms"]["csam"]["confirm"] = {"people": 1}
    if care != "none":
        named = {harm: sorted({m["list"] for m in found}) for harm, found in by_harm.items()}
        if care == "all":
            named = {harm: [n for n in found if not n.startswith(MAY_NOT)] for harm, found in named.items()}
        by_harm = {harm: [{"list": n, "exact": True} for n in found] for harm, found in named.items()}
        lists = [
            {"list": n, "exact": "block"} for n in sorted({n for found in named.values() for n in found})
        ]
    raw["lists"] = lists
    for harm, found in by_harm.items():
        raw["harms"][harm]["confirm"] = {"people": 1, "or_match": found}
    try:
        pack = load(yaml.dump(_plain(raw), Dumper=DUMPER, allow_unicode=True))
    except PolicyError:
        event(f"{care} care: refused")
        assert care != "all"
        return
    event(f"{care} care: {len(_listed(pack))} lists decide")
    _only_what_may(pack)


def test_unchanged_the_pack_passes() -> None:
    """So that the property above is about packs that load, too."""
    assert _loaded("csam", {}, By.PEOPLE, By.PEOPLE) is not None


def test_a_stricter_pack_passes() -> None:
    change = {"refuse": {"people": 3, "qualified": "child_safety", "tie": "lead"}}
    pack = _loaded("csam", change, By.PEOPLE, By.PEOPLE)
    assert pack is not None
    assert pack.harm("csam").refusal(Age.CHILD, complete=False).people == 3
