"""Shield: asked by hash only, and silence or an unknown word is never a clean answer."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from answerable.matching.lists import http, shield
from answerable.matching.lists.shield import Finding, Found
from tests.fakes.shield import LOGIN
from tests.fakes.shield import Shield as Site
from tests.fakes.web import Reply


def pdq(number: int) -> bytes:
    return hashlib.sha256(f"pdq {number}".encode()).digest()


@pytest.fixture
def site() -> Iterator[Site]:
    """Shield. Media must never reach it."""
    with Site() as running:
        yield running
        assert running.media_asked == []


@pytest.fixture
def asked(site: Site, tmp_path: Path) -> shield.Shield:
    """Shield as the desk asks it."""
    (tmp_path / "shield.login").write_text(LOGIN)
    return shield.source(shield.Config(base_url=site.url, login_file=str(tmp_path / "shield.login")))


def test_each_hash_has_its_finding(site: Site, asked: shield.Shield) -> None:
    details = [{"timestamp": 0.0, "classification": "csam"}, {"timestamp": 0.0, "classification": "csam"}]
    site.known = {
        pdq(1): {"classification": "csam", "match_type": "near", "near_match_details": details},
        pdq(2): {
            "classification": "harmful-abusive-material",
            "match_type": "exact",
            "near_match_details": [],
        },
    }
    assert asked.look_up([pdq(1), pdq(2), pdq(3), pdq(1)]) == {
        pdq(1): Finding(Found.CSAM, "csam", "near", 2),
        pdq(2): Finding(Found.HARMFUL, "harmful-abusive-material", "exact", 0),
        pdq(3): Finding(Found.NOT_KNOWN, "no-known-match"),
    }


@pytest.mark.parametrize(
    "said",
    [
        {"classification": "test", "match_type": None, "near_match_details": []},
        {"classification": "not-completed"},
        {"classification": None},
        {"classification": ["csam"]},
        {"classification": "No-Known-Match"},
        {"classification": "no-known-match", "match_type": "exact"},
        {"classification": "no-known-match", "near_match_details": [{}]},
        {},
        None,
        "no-known-match",
    ],
)
def test_a_word_that_we_do_not_know_is_not_completed(site: Site, asked: shield.Shield, said: Any) -> None:
    site.known = {pdq(1): said}
    assert asked.look_up([pdq(1)])[pdq(1)].found is Found.NOT_COMPLETED


def test_a_hash_that_the_answer_leaves_out_is_not_completed(site: Site, asked: shield.Shield) -> None:
    site.spoil = lambda answer: {"scanned_hashes": {"AAAA": {"classification": "no-known-match"}}}
    assert asked.look_up([pdq(1)]) == {pdq(1): Finding(Found.NOT_COMPLETED)}


@pytest.mark.parametrize("answer", [{}, {"scanned_hashes": []}, [], "clean"])
def test_an_answer_out_of_format_is_an_error(site: Site, asked: shield.Shield, answer: Any) -> None:
    site.spoil = lambda _: answer
    with pytest.raises(http.AnswerUnusable):
        asked.look_up([pdq(1)])


def test_many_hashes_are_asked_a_hundred_at_a_time(site: Site, asked: shield.Shield) -> None:
    assert len(asked.look_up(pdq(number) for number in range(250))) == 250
    assert len(site.requests) == 3
    assert asked.look_up([]) == {}


def test_a_question_is_asked_once_and_its_failure_is_no_answer(site: Site, asked: shield.Shield) -> None:
    site.trouble = [Reply(500, b'{"detail": "x"}')]
    with pytest.raises(http.NoAnswer):
        asked.look_up([pdq(1)])
    site.trouble = [Reply(429)]
    with pytest.raises(http.Unreachable):
        asked.look_up([pdq(1)])
    assert len(site.requests) == 2


def test_the_credentials_are_checked(site: Site, asked: shield.Shield, tmp_path: Path) -> None:
    assert asked.check() == "Shield takes the credentials and answers."
    (tmp_path / "other").write_text("desk:something wrong")
    config = shield.Config(base_url=site.url, login_file=str(tmp_path / "other"))
    with pytest.raises(http.Refused) as raised:
        shield.source(config).check()
    assert "something wrong" not in str(raised.value)
