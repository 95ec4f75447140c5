"""NCMEC's lists: what is kept of them, whatever they send, and however often the fetch is killed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from answerable.matching.lists import http, ncmec
from answerable.matching.lists.base import NoFeedback, Opinion, Source
from answerable.matching.lists.ncmec.source import ClockBehind, NoReason
from answerable.matching.lists.secret import SecretUnusable
from tests.fakes.ncmec_hashes import LOGIN, Entry, Ncmec
from tests.fakes.web import Reply
from tests.matching.lists.kept import NOW, SECONDS, Kept, Waits, digest

WAITS = Waits()


@pytest.fixture
def site() -> Iterator[Ncmec]:
    """NCMEC, two entries a page."""
    WAITS.seconds.clear()
    with Ncmec(size=2) as running:
        running.date = "Sat, 27 Nov 2027 12:00:00 GMT"  # no answer comes before the tests' own time
        yield running


@pytest.fixture
def login(tmp_path: Path) -> Path:
    """The secret file."""
    path = tmp_path / "ncmec.login"
    path.write_text(LOGIN + "\n")
    return path


@pytest.fixture
def source(site: Ncmec, login: Path) -> Source:
    """The list of the desk."""
    return made(site, login)


def made(site: Ncmec, login: Path, **more: str) -> Source:
    config = ncmec.Config(base_url=site.base, login_file=str(login), **more)
    return ncmec.source(config, WAITS.waiting())


def entry(number: int, **facts: object) -> Entry:
    """An entry of member 1 with an MD5 and a PDQ, an hour after the one before."""
    known = {"md5": digest("md5", number), "pdq": digest("pdq", number)}
    given = {"member": 1, "id": f"e{number}", "at": SECONDS - 90_000 + 3600 * number, "fingerprints": known}
    return Entry(**{**given, **facts})  # type: ignore[arg-type]


def test_entries_of_all_pages_are_kept_with_member_class_and_votes(site: Ncmec, source: Source) -> None:
    votes = (
        '<feedback lastUpdateTimestamp="2026-01-01T00:00:00Z"><affirmativeFeedback type="MD5"><members>'
        '<member id="7">Seven</member><member id="8">Eight</member></members></affirmativeFeedback>'
        '<negativeFeedback type="PDQ"><reasons><reason guid="g" name="n" type="PDQ"/><members>'
        '<member id="9">Nine</member></members></reasons></negativeFeedback></feedback>'
    )
    site.entries = [
        entry(1),
        entry(2, votes=votes),
        entry(3, kind="video", classification="B2"),
        entry(4),
        entry(5),
    ]
    kept = Kept()
    kept.fetch(source)
    assert sorted(kept.records) == ["1/e1", "1/e2", "1/e3", "1/e4", "1/e5"]
    assert kept.records["1/e1"].fingerprints == (
        ("md5", bytes.fromhex(digest("md5", 1))),
        ("pdq", bytes.fromhex(digest("pdq", 1))),
    )
    assert kept.records["1/e2"].facts["affirmed"] == {"md5": 2}
    assert kept.records["1/e2"].facts["refuted"] == {"pdq": 1}
    video = kept.records["1/e3"]
    assert (video.label, video.facts["kind"], video.facts["others"]) == ("B2", "video", {"pdq": 1})
    assert [kind for kind, _ in video.fingerprints] == ["md5"]
    assert kept.bad == []


def test_nothing_new_is_one_empty_last_page(site: Ncmec, source: Source) -> None:
    kept = Kept()
    kept.fetch(source)
    assert [(page.changes, page.is_last) for page in kept.pages] == [((), True)]
    asked = len(site.requests)
    kept.fetch(source)
    assert len(site.requests) == asked, "a range that is already known is not asked for"


def test_the_range_ends_five_seconds_ago_and_the_next_begins_there(site: Ncmec, source: Source) -> None:
    kept = Kept()
    kept.fetch(source)
    kept.fetch(source, NOW + timedelta(minutes=1))
    queries = [request.query for request in site.requests]
    assert [(query["from"], query["to"]) for query in queries] == [
        ("1970-01-01T00:00:00Z", "2026-11-27T11:59:55Z"),
        ("2026-11-27T11:59:55Z", "2026-11-27T12:00:55Z"),
    ]


def test_the_time_that_is_known_moves_only_after_the_last_page(site: Ncmec, source: Source) -> None:
    site.entries = [entry(3), entry(1), entry(2)]
    kept = Kept()
    kept.fetch(source)
    first, last = kept.pages
    assert (first.checkpoint["since"], first.is_last) == (0, False)
    assert (last.checkpoint["since"], last.is_last) == (SECONDS - 5, True)


def test_a_deletion_ends_a_record_and_another_members_same_hash_stays(site: Ncmec, source: Source) -> None:
    shared = {"md5": digest("md5", "shared")}
    site.entries = [
        entry(1, fingerprints=shared),
        entry(1, member=2, fingerprints=shared, classification="A2"),
    ]
    kept = Kept()
    kept.fetch(source)
    assert {key: record.label for key, record in kept.records.items()} == {"1/e1": "A1", "2/e1": "A2"}
    site.entries[0] = entry(1, is_deleted=True, at=SECONDS + 10)
    kept.fetch(source, NOW + timedelta(minutes=1))
    assert list(kept.records) == ["2/e1"]


def test_of_two_words_about_one_entry_the_later_holds(site: Ncmec, source: Source) -> None:
    site.size = 1000
    at = entry(1).at
    site.entries = [
        entry(1, is_deleted=True, at=at + 9),
        entry(1),
        entry(2, classification="B1", at=at + 9),
        entry(2, classification="A1", at=at),
    ]
    kept = Kept()
    kept.fetch(source)
    assert {key: record.label for key, record in kept.records.items()} == {"1/e2": "B1"}


def test_an_entry_that_keeps_no_hash_that_we_search_ends(site: Ncmec, source: Source) -> None:
    site.entries = [entry(1)]
    kept = Kept()
    kept.fetch(source)
    site.entries = [entry(1, at=SECONDS + 1, fingerprints={"pdna": "A" * 200_000})]
    kept.fetch(source, NOW + timedelta(minutes=1))
    assert kept.records == {}
    assert [bad.why for bad in kept.bad] == ["not kept here: 1 of kind pdna"]


def test_unknown_words_and_very_long_fingerprints_are_no_trouble(site: Ncmec, source: Source) -> None:
    hashes = {"md5": digest("md5", 1).upper(), "pdna": "QUJD" * 100_000, "from_the_future": "x"}
    site.entries = [entry(1, classification="C9", fingerprints=hashes), entry(2, classification="")]
    kept = Kept()
    kept.fetch(source)
    assert [record.label for record in kept.records.values()] == ["C9", ""]
    assert kept.records["1/e1"].facts["others"] == {"pdna": 1, "from_the_future": 1}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("<image><id>x</id></image>", "names no member"),
        ('<image><member id="1"/></image>', "no usable id"),
        ('<image><member id="-4"/><id>x</id></image>', "names no member"),
        ('<audio><member id="1"/><id>x</id></audio>', "neither an image nor a video"),
        (
            '<image><member id="1"/><id>x</id><fingerprints><md5>12</md5></fingerprints></image>',
            "its md5 has 2 characters",
        ),
        ("<image>\x02</image>", "not XML"),
        ("<image><member", "not XML"),
        ("<image>& < ></image>", "not XML"),
        ('<image><member id="1"><id>x</image>', "not XML"),
        ("<image>" + "<a>" * 40 + "</a>" * 40 + "</image>", "inside each other"),
    ],
)
def test_garbage_in_the_middle_of_a_page_is_named_and_the_rest_is_kept(
    site: Ncmec, source: Source, raw: str, why: str
) -> None:
    site.size = 3
    site.entries = [entry(1), entry(2, raw=raw), entry(3), entry(4)]
    kept = Kept()
    kept.fetch(source)
    assert sorted(kept.records) == ["1/e1", "1/e3", "1/e4"]
    (bad,) = kept.bad
    assert why in bad.why
    assert "entry 2" in bad.where


def test_one_bad_hash_of_an_entry_is_named_and_its_good_ones_are_kept(site: Ncmec, source: Source) -> None:
    secret = "z" * 64
    site.entries = [entry(1, fingerprints={"md5": digest("md5", 1), "pdq": secret})]
    kept = Kept()
    kept.fetch(source)
    assert [kind for kind, _ in kept.records["1/e1"].fingerprints] == ["md5"]
    (bad,) = kept.bad
    assert bad.why == "its pdq is not hex"
    assert secret not in str(bad)


@pytest.mark.parametrize(
    "document",
    [
        b'<?xml version="1.0"?><!DOCTYPE q [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><queryResult>&b;</queryResult>',
        b'<!DOCTYPE q SYSTEM "http://127.0.0.1:9/x"><queryResult/>',
        b"<html>we are down</html>",
        b"{}",
        b"",
        b"<queryResult><images><image>",
        b'<?xml version="1.0" encoding="no-such"?><queryResult/>',
        b"<queryResult><paging><next>/v2/entries?\x01</next></paging></queryResult>",
    ],
)
def test_what_is_no_page_is_refused_whole_and_the_checkpoint_stays(
    site: Ncmec, source: Source, document: bytes
) -> None:
    site.entries = [entry(1)]
    kept = Kept()
    kept.fetch(source)
    before = kept.checkpoint
    site.spoil = lambda _: document
    with pytest.raises(http.AnswerUnusable):
        kept.fetch(source, NOW + timedelta(hours=1))
    assert kept.checkpoint == before


@pytest.mark.parametrize(
    "link", ["https://127.0.0.2/v2/entries?x", "//127.0.0.2/v2/entries?x", "/v2/status?a"]
)
def test_a_link_that_leads_elsewhere_is_not_followed(site: Ncmec, source: Source, link: str) -> None:
    site.spoil = lambda body: body.replace(
        b"</queryResult>", f"<paging><next>{link}</next></paging></queryResult>".encode()
    )
    with pytest.raises(http.AnswerUnusable, match="leads nowhere new"):
        Kept().fetch(source)
    assert len(site.requests) == 1


def test_pages_that_go_in_circles_end(site: Ncmec, source: Source) -> None:
    site.entries = [entry(number) for number in range(6)]
    site.spoil = lambda body: body.replace(b"start=5", b"start=3")
    with pytest.raises(http.AnswerUnusable, match="leads nowhere new"):
        Kept().fetch(source)


def test_a_link_older_than_twelve_hours_is_not_used(site: Ncmec, source: Source) -> None:
    site.entries = [entry(number) for number in range(1, 6)]
    kept = Kept()
    kept.fetch(source, kill_after=1)
    site.requests.clear()
    kept.fetch(source, NOW + timedelta(hours=12))
    assert "start" not in site.requests[0].query
    assert len(kept.records) == 5


def test_a_link_that_ncmec_forgot_starts_the_range_again(site: Ncmec, source: Source) -> None:
    site.entries = [entry(number) for number in range(1, 6)]
    kept = Kept()
    kept.fetch(source, kill_after=2)
    site.forget_links()
    kept.fetch(source, NOW + timedelta(minutes=5))
    assert len(kept.records) == 5


def test_links_that_never_work_end_the_fetch_without_losing_what_came(site: Ncmec, source: Source) -> None:
    site.entries = [entry(number) for number in range(1, 6)]
    site.refuse_links = True
    kept = Kept()
    with pytest.raises(http.LinkExpired):
        kept.fetch(source)
    assert len(kept.records) == 2
    assert kept.checkpoint["since"] == 0


def test_a_range_with_more_than_400_000_entries_is_cut_smaller(site: Ncmec, source: Source) -> None:
    site.entries = [entry(number) for number in range(1, 6)]
    site.extra = 500_000
    kept = Kept()
    kept.fetch(source)
    assert len(kept.records) == 5
    first = [request.query for request in site.requests if "start" not in request.query]
    assert first[0]["from"] == first[1]["from"]
    assert first[0]["to"] > first[1]["to"]
    assert kept.checkpoint["since"] == SECONDS - 5


def test_short_ranges_grow_again_where_little_happens(site: Ncmec, source: Source) -> None:
    kept = Kept(checkpoint={"since": SECONDS - 100_005, "span": 1000})
    kept.fetch(source)
    assert len(site.requests) == 7, "1,000 seconds, then twice as long each time"


def test_a_clock_ahead_of_ncmecs_misses_nothing(site: Ncmec, source: Source) -> None:
    """NCMEC's clock shows 11:00 while ours shows 12:00: what appears there at 11:30 is still to come."""
    site.date = "Fri, 27 Nov 2026 11:00:00 GMT"
    kept = Kept()
    kept.fetch(source)
    assert kept.checkpoint["since"] == SECONDS - 3605
    site.entries = [entry(1, at=SECONDS - 1800)]
    site.date = "Fri, 27 Nov 2026 11:31:00 GMT"
    kept.fetch(source, NOW + timedelta(minutes=31))
    assert list(kept.records) == ["1/e1"]


def test_a_clock_set_far_back_is_said_and_not_taken_for_nothing_new(source: Source) -> None:
    kept = Kept()
    kept.fetch(source)
    with pytest.raises(ClockBehind, match="set the clock"):
        kept.fetch(source, NOW - timedelta(days=1))


def test_the_operator_reads_who_ncmec_takes_the_desk_for(source: Source) -> None:
    assert source.check() == "NCMEC knows this desk as member 42, Example Forum."


def test_wrong_credentials_are_said_without_repeating_them(site: Ncmec, login: Path) -> None:
    login.write_text("desk:something wrong")
    with pytest.raises(http.Refused) as raised:
        made(site, login).check()
    assert "the credentials" in str(raised.value)
    assert "something wrong" not in str(raised.value)
    assert raised.value.retry, "nothing was done, and the operator may put it right"
    assert len(site.requests) == 1


@pytest.mark.parametrize("text", ["", "no colon", "name:", "two\nlines:here"])
def test_a_secret_file_that_holds_no_login_is_named(site: Ncmec, login: Path, text: str) -> None:
    login.write_text(text)
    with pytest.raises(SecretUnusable, match=r"ncmec\.login"):
        made(site, login)


def test_a_busy_ncmec_is_asked_again(site: Ncmec, source: Source) -> None:
    site.entries = [entry(1)]
    site.trouble = [Reply(429, headers={"retry-after": "7"}), Reply(503), Reply(500)]
    kept = Kept()
    kept.fetch(source)
    assert list(kept.records) == ["1/e1"]
    assert WAITS.seconds == [7.0, 0.75, 1.5]


def test_feedback_is_sent_for_the_kind_that_matched(site: Ncmec, login: Path) -> None:
    source = made(site, login, refuted_reason="Not a child")
    source.tell("7/e 1", Opinion.AFFIRMED, facts={"matched": "md5"})
    source.tell("7/e2", Opinion.REFUTED, facts={"matched": "pdq"})
    assert site.feedback == [(7, "e%201", "MD5", "affirmative"), (7, "e2", "PDQ", "guid-3")]


def test_a_refutation_takes_the_only_reason_or_asks_which(site: Ncmec, source: Source) -> None:
    source.tell("7/e1", Opinion.REFUTED, facts={"matched": "md5"})
    assert site.feedback == [(7, "e1", "MD5", "guid-1")]
    with pytest.raises(NoReason, match="Collision, Not a child"):
        source.tell("7/e1", Opinion.REFUTED, facts={"matched": "pdq"})
    with pytest.raises(NoFeedback):
        source.tell("7/e1", Opinion.AFFIRMED, facts={"matched": "sha256"})


def test_feedback_that_may_have_arrived_is_not_sent_again(site: Ncmec, source: Source) -> None:
    site.trouble = [Reply(500)]
    with pytest.raises(http.NoAnswer) as raised:
        source.tell("7/e1", Opinion.AFFIRMED, facts={"matched": "md5"})
    assert not raised.value.retry
    assert len(site.requests) == 1
    site.trouble = [Reply(429)]
    with pytest.raises(http.Unreachable) as refused:
        source.tell("7/e1", Opinion.AFFIRMED, facts={"matched": "md5"})
    assert refused.value.retry


ENTRIES = st.lists(
    st.builds(
        lambda number, member, ago, gone, version: entry(
            number,
            member=member,
            at=SECONDS - 10 - ago,
            is_deleted=gone,
            fingerprints={"md5": digest("md5", (number, version))},
        ),
        st.integers(0, 12),
        st.integers(1, 2),
        st.integers(0, 5_000),
        st.booleans(),
        st.integers(0, 3),
    ),
    max_size=14,
    unique_by=lambda each: (each.member, each.id),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENTRIES, ENTRIES, st.integers(1, 5), st.lists(st.integers(0, 3), max_size=6), st.data())
def test_kills_and_lost_links_anywhere_give_the_same_set(
    site: Ncmec,
    source: Source,
    first: list[Entry],
    second: list[Entry],
    size: int,
    kills: list[int],
    data: st.DataObject,
) -> None:
    """Two rounds; in the second each entry replaces the one of its member and id, as NCMEC's state does."""
    site.size, site.entries = size, first
    kept, now = Kept(), NOW
    for number in kills:
        kept.fetch(source, now, kill_after=number)
        now += timedelta(minutes=data.draw(st.sampled_from([0, 5, 800])))
        if data.draw(st.booleans()):
            site.forget_links()
    later = [replace(each, at=int(now.timestamp()) + 60) for each in second]
    site.entries = data.draw(
        st.permutations([*{(each.member, each.id): each for each in [*first, *later]}.values()])
    )
    now += timedelta(minutes=5)
    for number in kills:
        kept.fetch(source, now, kill_after=number)
    kept.fetch(source, now)
    expected = {
        f"{each.member}/{each.id}": bytes.fromhex(each.fingerprints["md5"])
        for each in site.entries
        if not each.is_deleted
    }
    assert {key: record.fingerprints[0][1] for key, record in kept.records.items()} == expected
