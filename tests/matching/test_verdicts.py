"""The verdict rules, as a table and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.matching.verdicts import (
    CONFIRMED,
    CONFIRMED_BY_TWO,
    REPORTED,
    KnownMatch,
    Verdict,
    judge,
)

LISTS = (REPORTED, CONFIRMED, CONFIRMED_BY_TWO, "ncmec.A1")
MATCHES = st.builds(
    KnownMatch,
    kind=st.sampled_from(["sha256", "md5", "pdq"]),
    hash_list=st.sampled_from(LISTS),
    distance=st.integers(0, 31),
    seq=st.integers(1, 1000),
)


@pytest.mark.parametrize(
    ("kind", "hash_list", "distance", "verdict"),
    [
        ("sha256", CONFIRMED, 0, Verdict.BLOCK),
        ("sha256", CONFIRMED_BY_TWO, 0, Verdict.BLOCK),
        ("sha256", REPORTED, 0, Verdict.HOLD),
        ("sha256", "ncmec.A1", 0, Verdict.HOLD),
        ("md5", CONFIRMED, 0, Verdict.HOLD),
        ("md5", REPORTED, 0, Verdict.HOLD),
        ("pdq", CONFIRMED, 0, Verdict.HOLD),
        ("pdq", CONFIRMED, 31, Verdict.HOLD),
        ("pdq", CONFIRMED_BY_TWO, 0, Verdict.HOLD),
        ("pdq", REPORTED, 12, Verdict.HOLD),
    ],
)
def test_what_each_match_means(kind: str, hash_list: str, distance: int, verdict: Verdict) -> None:
    judged = judge([KnownMatch(kind, hash_list, distance, 1)])
    assert (judged.verdict, judged.why) == (verdict, "list")


def test_nothing_known_is_clear() -> None:
    assert judge([]).verdict is Verdict.CLEAR
    assert judge([]).why == ""


def test_an_account_confirmed_by_two_is_held() -> None:
    judged = judge([], account_held=True)
    assert (judged.verdict, judged.why, judged.match) == (Verdict.HOLD, "account", None)


def test_an_image_that_nobody_can_read_is_held_not_cleared() -> None:
    judged = judge([], unreadable=True)
    assert (judged.verdict, judged.why) == (Verdict.HOLD, "unreadable")


@given(matches=st.lists(MATCHES), held=st.booleans(), unreadable=st.booleans())
def test_only_the_identical_confirmed_file_blocks(
    matches: list[KnownMatch], held: bool, unreadable: bool
) -> None:
    confirmed = any(
        match.kind == "sha256"
        and match.distance == 0
        and match.hash_list in ("own.confirmed", "own.confirmed_by_two")
        for match in matches
    )
    judged = judge(matches, account_held=held, unreadable=unreadable)
    assert (judged.verdict is Verdict.BLOCK) == confirmed
    assert (judged.verdict is Verdict.CLEAR) == (not matches and not held and not unreadable)


@given(matches=st.lists(MATCHES), more=MATCHES)
def test_one_more_match_never_lowers_the_verdict(matches: list[KnownMatch], more: KnownMatch) -> None:
    order = list(Verdict)
    assert order.index(judge([*matches, more]).verdict) >= order.index(judge(matches).verdict)


@given(matches=st.lists(MATCHES, min_size=1))
def test_the_order_of_matches_does_not_matter(matches: list[KnownMatch]) -> None:
    assert judge(matches).verdict is judge(list(reversed(matches))).verdict
