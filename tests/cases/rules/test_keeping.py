"""How long what was captured before anybody decided is kept."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from answerable.cases.rules.keeping import Hidden, why_ended
from answerable.policy.words import Age, Verdict

WAITING = Hidden(
    verdict=None, captured=False, age=Age.CHILD, lifted=False, current=True, open=True, held=False
)
anything = st.builds(
    Hidden,
    verdict=st.none() | st.sampled_from(list(Verdict)),
    captured=st.booleans(),
    age=st.sampled_from(list(Age)),
    lifted=st.booleans(),
    current=st.booleans(),
    open=st.booleans(),
    held=st.booleans(),
)


def test_while_people_have_not_decided_it_is_kept() -> None:
    assert why_ended(WAITING) == ""
    assert why_ended(replace(WAITING, age=Age.UNSURE)) == ""
    assert why_ended(replace(WAITING, open=False)) == "over"
    assert why_ended(replace(WAITING, current=False)) == "changed"
    assert why_ended(replace(WAITING, lifted=True)) == "cleared"


@given(anything)
def test_whatever_else_is_so_what_was_cleared_is_not_kept_unless_people_hold_it(hidden: Hidden) -> None:
    cleared = replace(hidden, verdict=Verdict.NOT_VIOLATING)
    assert bool(why_ended(cleared)) is not hidden.held


@given(anything)
def test_an_adults_undecided_media_are_not_kept(hidden: Hidden) -> None:
    assert why_ended(replace(hidden, age=Age.ADULT, verdict=None, held=False))


@given(anything)
def test_what_violates_is_kept_until_it_is_captured_as_evidence(hidden: Hidden) -> None:
    found = replace(hidden, verdict=Verdict.VIOLATING)
    assert bool(why_ended(found)) is (hidden.captured and not hidden.held)
