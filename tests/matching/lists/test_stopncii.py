"""StopNCII's hashes: cases that people opened, kept as they stand and ended when they withdraw."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.matching.lists import http, stopncii
from answerable.matching.lists.base import NoFeedback, Opinion, Source, StartOver
from tests.fakes.stopncii import FETCHING, NEXT_SET, SUBSCRIPTION, TELLING, StopNcii, record
from tests.fakes.web import Reply
from tests.matching.lists.kept import NOW, SECONDS, Kept, Waits, digest


@pytest.fixture
def site() -> Iterator[StopNcii]:
    """StopNCII, two records a page."""
    with StopNcii() as running:
        yield running


def made(site: StopNcii, folder: Path, *, feedback: bool = True) -> Source:
    for name, text in (("subscription", SUBSCRIPTION), ("fetch", FETCHING), ("feedback", TELLING)):
        (folder / name).write_text(text)
    config = stopncii.Config(
        base_url=site.base,
        subscription_key_file=str(folder / "subscription"),
        fetch_key_file=str(folder / "fetch"),
        feedback_key_file=str(folder / "feedback") if feedback else "",
    )
    return stopncii.source(config, Waits().waiting())


@pytest.fixture
def source(site: StopNcii, tmp_path: Path) -> Source:
    """The list of the desk."""
    return made(site, tmp_path)


def picture(number: object, at: int = 1000, status: Any = "Active", **more: Any) -> dict[str, Any]:
    return record("ImagePDQ", digest("pdq", number), at, status, **more)


def test_all_pages_are_kept_and_the_next_fetch_starts_where_the_last_page_says(
    site: StopNcii, source: Source
) -> None:
    video = record("VideoMD5", digest("md5", 3).upper())
    site.records = [picture(1), picture(2, status="Received"), video]
    kept = Kept()
    kept.fetch(source)
    assert sorted(record.label for record in kept.records.values()) == ["Active", "Active", "Received"]
    assert kept.records[f"ImagePDQ/{digest('pdq', 1)}"].fingerprints == (
        ("pdq", bytes.fromhex(digest("pdq", 1))),
    )
    assert kept.records[f"VideoMD5/{digest('md5', 3).upper()}"].fingerprints[0][0] == "md5"
    assert [page.checkpoint["since"] for page in kept.pages] == [10, NEXT_SET]
    kept.fetch(source)
    assert site.requests[-1].query["startTimestamp"] == str(NEXT_SET)


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted"])
def test_a_withdrawal_ends_a_record_at_once(site: StopNcii, source: Source, status: str) -> None:
    site.records = [picture(1), picture(2)]
    kept = Kept()
    kept.fetch(source)
    site.records = [picture(1, NEXT_SET + 500, status)]
    kept.fetch(source)
    assert list(kept.records) == [f"ImagePDQ/{digest('pdq', 2)}"]


def test_a_copy_that_was_not_fetched_for_a_month_is_to_be_read_anew(site: StopNcii, source: Source) -> None:
    site.records = [picture(1)]
    kept = Kept()
    kept.fetch(source)
    kept.fetch(source, NOW + timedelta(days=28))
    site.next_set += 1
    with pytest.raises(StartOver, match="read anew"):
        kept.fetch(source, NOW + timedelta(days=30))


def test_of_two_words_on_a_page_the_later_holds(site: StopNcii, source: Source) -> None:
    site.size = 10
    site.records = [
        picture(1, 1500, "Withdrawn"),
        picture(1, 1400),
        picture(2, 1500),
        picture(2, 1400, "Deleted"),
    ]
    kept = Kept()
    kept.fetch(source)
    assert list(kept.records) == [f"ImagePDQ/{digest('pdq', 2)}"]


def test_cases_and_feedback_are_counted_and_nobodys_number_is_kept(site: StopNcii, source: Source) -> None:
    cases = {"5f0c9f6e-0000-4000-8000-000000000000": "Active", "another": "Withdrawn"}
    feedback = [{"source": "Forum", "feedbackValue": "Blocked", "tags": ["nude"]}, "garbage"]
    site.records = [picture(1, caseNumbers=cases, CSPFeedbacks=feedback)]
    kept = Kept()
    kept.fetch(source)
    (only,) = kept.records.values()
    assert only.facts == {"at": 1000, "cases": {"Active": 1, "Withdrawn": 1}, "feedback": {"Blocked": 1}}


@pytest.mark.parametrize(
    ("garbage", "why"),
    [
        ("not an object", "no object"),
        (None, "no object"),
        ({}, "no signalType"),
        (record("ImagePDQ", "12"), "2 characters"),
        (record("ImagePDQ", "g" * 64), "not hex"),
        (record("ImagePDQ", " " * 64), "0 characters"),
        (record("VideoMD5", 12), "not text"),  # type: ignore[arg-type]
        (record("ImagePDQ", "A" * 500_000), "500000 characters"),
        (record("ImagePDQ", "\ud800" * 64), "not hex"),
    ],
)
def test_garbage_in_the_middle_is_named_and_the_rest_is_kept(
    site: StopNcii, source: Source, garbage: Any, why: str
) -> None:
    site.size = 3
    site.records = [picture(1), garbage, picture(2), picture(3)]
    kept = Kept()
    kept.fetch(source)
    assert len(kept.records) == 3
    (bad,) = kept.bad
    assert why in bad.why
    assert bad.where == "page 1 since 10, record 2"


def test_unknown_kinds_are_counted_and_unknown_statuses_kept(site: StopNcii, source: Source) -> None:
    others = [
        record("VideoTMK", "A" * 300_000),
        record("Hologram", "x"),
        record("Text", "", status="Withdrawn"),
    ]
    site.records = [*others, picture(1, status="Paused"), picture(2, status=None), picture(3, at="now")]  # type: ignore[arg-type]
    kept = Kept()
    kept.fetch(source)
    assert sorted(record.label for record in kept.records.values()) == ["", "Active", "Paused"]
    assert sorted(bad.why for bad in kept.bad) == [
        "not kept here: 1 of kind Hologram",
        "not kept here: 1 of kind Text",
        "not kept here: 1 of kind VideoTMK",
    ]


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda answer: [], "not a JSON object"),
        (lambda answer: answer | {"hashRecords": None}, "without hashRecords"),
        (lambda answer: answer | {"hasMoreRecords": "yes"}, "hasMoreRecords"),
        (lambda answer: answer | {"hasMoreRecords": True, "nextPageToken": None}, "does not say where"),
        (lambda answer: answer | {"hasMoreRecords": True, "nextPageToken": "same"}, "does not say where"),
        (lambda answer: answer | {"nextSetTimestamp": None}, "nextSetTimestamp"),
        (lambda answer: answer | {"nextSetTimestamp": SECONDS * 1000}, "nextSetTimestamp"),
    ],
)
def test_an_answer_out_of_format_keeps_the_place(
    site: StopNcii, source: Source, spoil: Any, error: str
) -> None:
    site.records, site.size, site.spoil = [picture(1)], 10, spoil
    site.tokens["same"] = 0
    kept = Kept()
    with pytest.raises(http.AnswerUnusable, match=error):
        kept.fetch(source)
    assert kept.checkpoint.get("since", 10) == 10


def test_a_token_that_is_no_longer_known_starts_again(site: StopNcii, source: Source) -> None:
    site.records = [picture(number) for number in range(5)]
    kept = Kept()
    kept.fetch(source, kill_after=1)
    site.tokens.clear()
    kept.fetch(source)
    assert len(kept.records) == 5


def test_the_keys_are_checked_and_never_repeated(site: StopNcii, source: Source, tmp_path: Path) -> None:
    assert source.check() == "StopNCII takes the keys."
    (tmp_path / "fetch").write_text("a wrong key")
    config = stopncii.Config(
        base_url=site.base,
        subscription_key_file=str(tmp_path / "subscription"),
        fetch_key_file=str(tmp_path / "fetch"),
    )
    with pytest.raises(http.Refused) as raised:
        stopncii.source(config).check()
    assert "a wrong key" not in str(raised.value)


def test_feedback_goes_with_its_own_key_and_once(site: StopNcii, source: Source, tmp_path: Path) -> None:
    value = digest("pdq", 1)
    source.tell(f"ImagePDQ/{value}", Opinion.AFFIRMED, facts={})
    source.tell(f"ImagePDQ/{value}", Opinion.REFUTED, facts={})
    assert site.feedback == [
        {"hashValue": value, "feedbackValue": "Blocked", "tags": []},
        {"hashValue": value, "feedbackValue": "NotBlocked", "tags": []},
    ]
    site.trouble = [Reply(502)]
    with pytest.raises(http.NoAnswer):
        source.tell(f"ImagePDQ/{value}", Opinion.AFFIRMED, facts={})
    assert len(site.requests) == 3
    with pytest.raises(NoFeedback):
        made(site, tmp_path, feedback=False).tell(f"ImagePDQ/{value}", Opinion.AFFIRMED, facts={})


STATES = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["Active", "Received", "Withdrawn", "Deleted"]))
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES, STATES, st.integers(1, 4), st.lists(st.integers(0, 3), max_size=5), st.booleans())
def test_kills_and_lost_tokens_anywhere_give_the_same_set(
    site: StopNcii,
    source: Source,
    first: list[tuple[int, str]],
    second: list[tuple[int, str]],
    size: int,
    kills: list[int],
    forgets: bool,
) -> None:
    now = dict(first)
    site.size, site.records, site.next_set = size, [picture(n, 1000, s) for n, s in now.items()], NEXT_SET
    kept = Kept()
    for number in kills:
        kept.fetch(source, kill_after=number)
        if forgets:
            site.tokens.clear()
    kept.fetch(source)
    now |= dict(second)
    changed = dict(second)
    site.records = [picture(n, NEXT_SET + 1000 if n in changed else 1000, s) for n, s in now.items()]
    site.next_set = NEXT_SET + 2000
    for number in kills:
        kept.fetch(source, kill_after=number)
    kept.fetch(source)
    expected = {f"ImagePDQ/{digest('pdq', n)}" for n, s in now.items() if s not in ("Withdrawn", "Deleted")}
    assert set(kept.records) == expected
