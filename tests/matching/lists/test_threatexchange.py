"""ThreatExchange: what a group's members share, who disagrees, and what ends."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.matching.lists import http, threatexchange
from answerable.matching.lists.base import NoFeedback, Opinion, Source, StartOver
from answerable.matching.lists.threatexchange.source import GroupUnusable
from tests.fakes.threatexchange import APP, GROUP, TOKEN, Graph, error, opinion, update
from tests.fakes.web import Reply
from tests.matching.lists.kept import NOW, SECONDS, Kept, Waits, digest

WAITS = Waits()


@pytest.fixture
def site() -> Iterator[Graph]:
    """The Graph API, two updates a page."""
    with Graph() as running:
        running.date = "Sat, 27 Nov 2027 12:00:00 GMT"
        yield running


@pytest.fixture
def source(site: Graph, tmp_path: Path) -> Source:
    """The group as a list of the desk."""
    return made(site, tmp_path)


def made(site: Graph, folder: Path, token: str = TOKEN) -> Source:
    (folder / "token").write_text(token)
    config = threatexchange.Config(
        base_url=site.base,
        token_file=str(folder / "token"),
        privacy_group=GROUP,
    )
    return threatexchange.source(config, WAITS.waiting())


def picture(number: int, at: Any = 1000, *opinions: Any, **more: Any) -> dict[str, Any]:
    return update(number, "HASH_PDQ", digest("pdq", number), at, *opinions, **more)


def test_all_pages_and_kinds_are_kept_with_status_and_tags(site: Graph, source: Source) -> None:
    tags = {"data": [{"text": "b"}, {"text": "a"}, {"text": ""}, 3]}
    site.updates = [
        picture(1, 1000, opinion(10, "SUSPICIOUS", tags=tags), opinion(11)),
        update(2, "HASH_VIDEO_MD5", digest("md5", 2), "1001"),
        update(3, "HASH_SHA256", digest("sha256", 3), 1002, opinion(30, "FROM_THE_FUTURE")),
        update(4, "HASH_SHA1", digest("sha1", 4), 1003),
        update(5, "HASH_MD5", digest("md5", 5), 1004),
        update(6, "HASH_TMK", "A" * 300_000, 1005),
        update(7, "URI", "https://example.invalid/", 1006),
    ]
    kept = Kept()
    kept.fetch(source)
    assert {key: record.fingerprints[0][0] for key, record in kept.records.items()} == {
        "1": "pdq",
        "2": "md5",
        "3": "sha256",
        "4": "sha1",
        "5": "md5",
    }
    assert kept.records["1"].label == "MALICIOUS"
    assert kept.records["1"].facts == {
        "at": 1000,
        "type": "HASH_PDQ",
        "tags": ["a", "b"],
        "statuses": {"MALICIOUS": 1, "SUSPICIOUS": 1},
        "descriptors": ["10", "11"],
    }
    assert kept.records["3"].label == "FROM_THE_FUTURE"
    assert {bad.why for bad in kept.bad} == {
        "not kept here: 1 of kind HASH_TMK",
        "not kept here: 1 of kind URI",
    }
    assert kept.checkpoint == {"since": SECONDS - 5}


def test_no_checkpoint_holds_the_token(site: Graph, source: Source) -> None:
    site.updates = [picture(number) for number in range(5)]
    kept = Kept()
    kept.fetch(source)
    assert len(kept.pages) == 3
    assert "a-secret-of-the-tests" not in json.dumps([page.checkpoint for page in kept.pages])
    assert "a-secret-of-the-tests" not in repr(source)


@pytest.mark.parametrize(
    "end",
    [
        {"should_delete": True},
        {"descriptors": {"data": []}},
        {"descriptors": None},
        {"descriptors": {"data": [opinion(1, "NON_MALICIOUS")]}},
        {"descriptors": {"data": [opinion(1), opinion(2, "NON_MALICIOUS", owner=APP)]}},
        {"descriptors": {"data": [opinion(1, my_reactions=["DISAGREE_WITH_TAGS"])]}},
    ],
)
def test_what_is_deleted_or_called_harmless_ends(site: Graph, source: Source, end: dict[str, Any]) -> None:
    site.updates = [picture(1), picture(2)]
    kept = Kept()
    kept.fetch(source)
    site.updates = [picture(1, SECONDS + 1, **end)]
    kept.fetch(source, NOW + timedelta(minutes=1))
    assert list(kept.records) == ["2"]


@pytest.mark.parametrize(
    "opinions",
    [
        [opinion(1), opinion(2, "NON_MALICIOUS")],
        [opinion(1, reactions=[{"key": "DISAGREE_WITH_TAGS", "value": "1,2"}])],
        [opinion(1, reactions={"data": [{"DISAGREE_WITH_TAGS": "1"}]})],
    ],
)
def test_what_somebody_disagrees_with_says_so(site: Graph, source: Source, opinions: list[Any]) -> None:
    site.updates = [picture(1, 1000, *opinions)]
    kept = Kept()
    kept.fetch(source)
    assert kept.records["1"].label == "DISPUTED"


@pytest.mark.parametrize(
    ("garbage", "why"),
    [
        ("text", "no object"),
        ({}, "no usable id"),
        (picture(9, indicator="12"), "2 characters"),
        (picture(9, indicator=None), "not text"),
        (picture(9, id="../x"), "no usable id"),
    ],
)
def test_garbage_in_the_middle_is_named_and_the_rest_is_kept(
    site: Graph, source: Source, garbage: Any, why: str
) -> None:
    site.updates, site.size = [picture(1), garbage, picture(2), picture(3)], 3
    kept = Kept()
    kept.fetch(source)
    assert list(kept.records) == ["1", "2", "3"]
    (bad,) = kept.bad
    assert why in bad.why


def test_a_limit_under_another_status_is_waited_for(site: Graph, source: Source) -> None:
    WAITS.seconds.clear()
    site.updates, site.trouble = [picture(1)], [error(4), error(613, 403), Reply(500, b"")]
    kept = Kept()
    kept.fetch(source)
    assert list(kept.records) == ["1"]
    assert len(WAITS.seconds) == 3


@pytest.mark.parametrize(
    "link",
    [
        "https://127.0.0.2/v21.0/700/threat_updates/?after=x",
        "http://127.0.0.1:{port}/v21.0/701/threat_updates/?after=x",
        "http://me@127.0.0.1:{port}/v21.0/700/threat_updates/?after=x",
        "/v21.0/700/threat_updates/",
        12,
    ],
)
def test_a_link_that_leads_elsewhere_is_not_followed(site: Graph, source: Source, link: Any) -> None:
    if isinstance(link, str):
        link = link.replace("{port}", str(site.port))
    site.spoil = lambda answer: answer | {"paging": {"next": link}}
    with pytest.raises((http.AnswerUnusable, http.HostNotConfigured)):
        Kept().fetch(source)
    assert len(site.requests) == 1


def test_a_desk_that_comes_after_deletions_were_forgotten_is_told(source: Source) -> None:
    kept = Kept()
    kept.fetch(source)
    with pytest.raises(StartOver, match="read anew"):
        kept.fetch(source, NOW + timedelta(days=86))


def test_the_group_is_checked(site: Graph, source: Source, tmp_path: Path) -> None:
    assert source.check() == "ThreatExchange takes the token; its app is in the privacy group 700."
    site.groups = [{"id": GROUP, "threat_updates_enabled": False}]
    with pytest.raises(GroupUnusable, match="updates are off"):
        source.check()
    site.groups = {"garbage": True}
    with pytest.raises(GroupUnusable, match="not in 700"):
        source.check()
    with pytest.raises(http.Refused) as raised:
        made(site, tmp_path, "12345678|another-secret-of-tests-01").check()
    assert "another-secret" not in str(raised.value)
    with pytest.raises(threatexchange.TokenUnusable):
        made(site, tmp_path, "no token")


def test_a_reaction_goes_to_the_first_opinion_once(site: Graph, source: Source) -> None:
    source.tell("1", Opinion.AFFIRMED, facts={"descriptors": ["10", "11"]})
    source.tell("1", Opinion.REFUTED, facts={"descriptors": ["10"]})
    assert site.reactions == [("10", "HELPFUL"), ("10", "DISAGREE_WITH_TAGS")]
    with pytest.raises(NoFeedback):
        source.tell("1", Opinion.AFFIRMED, facts={})
    site.trouble = [Reply(500)]
    with pytest.raises(http.NoAnswer) as raised:
        source.tell("1", Opinion.AFFIRMED, facts={"descriptors": ["10"]})
    assert not raised.value.retry
    assert len(site.requests) == 3


def test_a_clock_ahead_of_theirs_misses_nothing(site: Graph, source: Source) -> None:
    """Pages of one range keep its very times, and what is known ends by their clock."""
    site.date = "Fri, 27 Nov 2026 11:00:00 GMT"
    site.updates = [picture(number) for number in range(5)]
    kept = Kept()
    kept.fetch(source, kill_after=1)
    kept.fetch(source)
    assert {request.query["stop_time"] for request in site.requests} == {str(SECONDS - 5)}
    assert kept.checkpoint == {"since": SECONDS - 3605}


STATES = st.dictionaries(st.integers(0, 9), st.booleans(), max_size=10)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STATES, STATES, st.integers(1, 4), st.lists(st.integers(0, 3), max_size=5), st.booleans())
def test_kills_and_lost_links_anywhere_give_the_same_set(
    site: Graph,
    source: Source,
    first: dict[int, bool],
    second: dict[int, bool],
    size: int,
    kills: list[int],
    forgets: bool,
) -> None:
    site.size, site.updates = size, [picture(n, 1000, should_delete=gone) for n, gone in first.items()]
    kept = Kept()
    for number in kills:
        kept.fetch(source, kill_after=number)
        if forgets:
            site.cursors.clear()
    later = [picture(n, SECONDS + 1, should_delete=gone) for n, gone in second.items()]
    site.updates = [each for each in site.updates if int(each["id"]) not in second] + later
    for number in kills:
        kept.fetch(source, NOW + timedelta(minutes=1), kill_after=number)
    kept.fetch(source, NOW + timedelta(minutes=1))
    kept.fetch(source, NOW + timedelta(minutes=2))
    assert set(kept.records) == {str(n) for n, gone in {**first, **second}.items() if not gone}
