"""Which step of a filing comes next: whatever is on disk, nothing is filed twice, and nothing is left to expire."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.cases.rules.filing import FileStands, Next, Stands, Step, expires_at, next_step, was_lost

NOW = datetime(2026, 12, 1, 9, tzinfo=UTC)
FILES = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=4).map(
    lambda rows: [FileStands(number, *row) for number, row in enumerate(rows, 1)]
)
STANDS = st.builds(
    Stands,
    asked=st.sampled_from(["", "submit", "upload:1", "details:1", "finish", "retract"]),
    report_id=st.none() | st.integers(1, 9),
    opened_at=st.just(NOW),
    changed_at=st.none() | st.timedeltas(timedelta(), timedelta(hours=30)).map(lambda by: NOW + by),
    wanted=st.booleans(),
    files=FILES,
)


def stands(**changes: object) -> Stands:
    facts = {"asked": "", "report_id": 7, "opened_at": NOW, "changed_at": NOW, "wanted": True, "files": []}
    return Stands(**{**facts, **changes})  # type: ignore[arg-type]


def test_the_steps_in_their_order() -> None:
    assert next_step(stands(report_id=None), NOW) == Next(Step.SUBMIT)
    files = [
        FileStands(1, True, True, False),
        FileStands(2, False, False, True),
        FileStands(3, False, False, False),
    ]
    assert next_step(stands(files=files), NOW).name == "upload:3"
    assert next_step(stands(files=[FileStands(1, True, False, False)]), NOW).name == "details:1"
    assert next_step(stands(files=files[:2]), NOW) == Next(Step.FINISH)


@pytest.mark.parametrize("asked", ["upload:1", "details:2", "finish", "retract"])
def test_what_was_asked_and_not_answered_is_found_out_first(asked: str) -> None:
    assert next_step(stands(asked=asked), NOW) == Next(Step.RETRACT)


def test_a_number_that_never_came_is_lost_and_begun_anew() -> None:
    lost = stands(report_id=None, asked="submit")
    assert was_lost(lost)
    assert next_step(lost, NOW) == Next(Step.SUBMIT)


@given(STANDS)
def test_nothing_is_finished_that_is_unwanted_interrupted_or_incomplete(at: Stands) -> None:
    if next_step(at, NOW).step is Step.FINISH:
        assert at.wanted
        assert not at.asked
        assert at.report_id is not None
        assert all(file.missing or (file.sent and file.told) for file in at.files)


@given(STANDS, st.timedeltas(timedelta(), timedelta(days=3)))
def test_nothing_is_sent_to_a_report_about_to_expire(at: Stands, later: timedelta) -> None:
    if at.report_id is not None and NOW + later >= expires_at(at) - timedelta(minutes=5):
        assert next_step(at, NOW + later) == Next(Step.RETRACT)


@given(STANDS)
def test_what_is_no_longer_wanted_is_taken_back_or_dropped(at: Stands) -> None:
    if not at.wanted:
        assert next_step(at, NOW).step is (None if at.report_id is None else Step.RETRACT)
