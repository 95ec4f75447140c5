"""Conditions are tried on every combination of facts, and answer for each of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.policy import Facts, baseline
from answerable.policy.conditions import MAX_LENGTH, condition
from answerable.policy.facts import combinations, domains
from answerable.policy.words import Age, Danger, Event, Relation

facts = st.builds(
    Facts,
    relation=st.sampled_from([*Relation]),
    age=st.sampled_from([*Age]),
    danger=st.sampled_from([*Danger]),
    **{name: st.booleans() for name, values in domains().items() if values == (False, True)},
)


def _conditions() -> set[str]:
    pack = baseline()
    entries = [e for harm in pack.harms for event in Event for e in pack.entries(harm, event)]
    interim = [e for harm in pack.harms.values() for e in harm.interim]
    return {e.when for e in (*entries, *interim) if e.when}


@pytest.mark.parametrize("text", sorted(_conditions()))
def test_each_condition_of_the_baseline_answers_for_every_combination(text: str) -> None:
    rule = condition(text)
    for combination in combinations(rule.names):
        assert isinstance(rule.holds(combination), bool)


def test_every_fact_is_an_enum_or_a_boolean() -> None:
    assert set(domains()) == set(Facts.model_fields)
    assert domains()["age"] == ("child", "unsure", "adult")
    assert domains()["media"] == (False, True)


@given(facts)
def test_a_condition_says_the_same_as_python(some: Facts) -> None:
    rule = condition("age in ['child', 'unsure'] && media || danger == 'now' && !(relation != 'depicted')")
    young = some.age in (Age.CHILD, Age.UNSURE)
    expected = (young and some.media) or (some.danger is Danger.NOW and some.relation is Relation.DEPICTED)
    assert rule.holds(some) is expected


@given(facts, st.sampled_from(["csam", "sextortion", "grooming", "ncii", "other_illegal"]))
def test_every_harm_has_an_interim_and_owes_a_look_for_any_facts(some: Facts, harm: str) -> None:
    pack = baseline()
    interim = pack.interim(harm, some)
    owed = {do.do for do in pack.owes(harm, "on_report", some, ["us", "uk", "eu.fr"])}
    assert {"acknowledge", "look", "decide"} <= owed
    if some.known:
        assert interim == "look" or str(interim) in owed


@pytest.mark.parametrize("text", ["(" * 200 + "media" + ")" * 200, "!" * 400 + "media", "media" * 500])
def test_a_condition_longer_than_a_line_is_refused(text: str) -> None:
    assert len(text) > MAX_LENGTH
    with pytest.raises(ValueError, match="at most 300 characters"):
        condition(text)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_clear_refusal(text: str) -> None:
    try:
        rule = condition(text)
    except ValueError:
        return
    assert set(rule.answers.values()) == {True, False}
