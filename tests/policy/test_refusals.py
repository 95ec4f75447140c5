"""No pack that passes the check lets one person, or a machine, refuse for a child (rules 8, 10, 13)."""

from typing import Any

import yaml
from hypothesis import given, settings
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
changes = st.fixed_dictionaries(
    {},
    optional={
        "refuse": refusals,
        "refuse_adult": refusals,
        "ages": st.lists(st.sampled_from([*Age]), min_size=1, unique=True),
        "exceptions": st.lists(exceptions, max_size=2),
        "confirm": st.fixed_dictionaries(
            {"people": st.integers(0, 2)},
            optional={
                "or_match": st.lists(
                    st.fixed_dictionaries(
                        {
                            "list": st.sampled_from(
                                ["own.reported", "own.confirmed", "own.confirmed_by_two", "ncmec.A1"]
                            ),
                            "exact": st.booleans(),
                        }
                    ),
                    max_size=2,
                )
            },
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
        assert all(match.exact for match in rule.confirm.or_match)
        assert {match.list for match in rule.confirm.or_match} <= {"own.confirmed_by_two"}
        assert rule.confirm.people == 1
    for name in pack.harms:
        for event in Event:
            for entry in pack.entries(name, event):
                if entry.do in ("look", "decide", "second_look", "settle_tie", "decide_appeal"):
                    assert entry.by is not By.WORKER


def test_unchanged_the_pack_passes() -> None:
    """So that the property above is about packs that load, too."""
    assert _loaded("csam", {}, By.PEOPLE, By.PEOPLE) is not None


def test_a_stricter_pack_passes() -> None:
    change = {"refuse": {"people": 3, "qualified": "child_safety", "tie": "lead"}}
    pack = _loaded("csam", change, By.PEOPLE, By.PEOPLE)
    assert pack is not None
    assert pack.harm("csam").refusal(Age.CHILD, complete=False).people == 3
