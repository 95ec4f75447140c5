"""How sources are asked: their own host only, a hard end, GET again, anything else once."""

import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from answerable.matching.lists import http, ncmec
from answerable.matching.lists.base import SourceError
from tests.fakes.web import Party, Reply, Request
from tests.matching.lists.kept import Waits


class Site(Party):
    """Answers everything."""

    def answer(self, request: Request) -> Reply:
        return Reply(200, b'{"path": "' + request.path.encode() + b'"}')


@pytest.fixture
def site() -> Iterator[Site]:
    """A site that answers everything."""
    with Site() as running:
        yield running


@pytest.fixture
def waits() -> Waits:
    """What was waited."""
    return Waits()


@pytest.fixture
def door(site: Site, waits: Waits) -> http.Door:
    """The site as the desk asks it."""
    return http.Door(f"{site.url}/base", {"x-key": "a secret"}, waiting=waits.waiting(), seconds=2)


def test_what_stands_behind_the_base_is_asked(door: http.Door) -> None:
    with door.open() as talk:
        assert talk.get("/v2/x", {"a": "b c"}).json() == {"path": "/base/v2/x"}
        assert talk.get(f"{door.base}/y").json() == {"path": "/base/y"}


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.2/x",
        "https://{host}/x",
        "http://{host}@127.0.0.2/x",
        "http://user@{host}/x",
        "http://{host}.evil.example/x",
        "ftp://{host}/x",
        "nowhere",
        "http://[bad/x",
    ],
)
def test_no_other_host_is_asked(site: Site, door: http.Door, address: str) -> None:
    host = f"127.0.0.1:{site.port}"
    with door.open() as talk, pytest.raises(http.HostNotConfigured):
        talk.get(address.replace("{host}", host))
    assert site.requests == []


def test_a_proxy_of_the_environment_is_not_asked(
    site: Site, door: http.Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Site() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        with door.open() as talk:
            talk.get("/x")
        assert proxy.requests == []
    assert len(site.requests) == 1


def test_a_redirect_is_not_followed(site: Site, door: http.Door) -> None:
    site.trouble = [Reply(302, headers={"location": f"{site.url}/base/other"})]
    with door.open() as talk, pytest.raises(http.HostNotConfigured, match="redirect"):
        talk.get("/x")
    assert len(site.requests) == 1


def test_waits_grow_and_follow_what_was_asked(site: Site, door: http.Door, waits: Waits) -> None:
    site.date = "Fri, 27 Nov 2026 12:00:00 GMT"
    site.trouble = [
        Reply(503),
        Reply(429, headers={"retry-after": "3"}),
        Reply(500, headers={"retry-after": "Fri, 27 Nov 2026 12:00:30 GMT"}),
        Reply(504, headers={"retry-after": "soon"}),
    ]
    with door.open() as talk:
        talk.get("/x")
    assert waits.seconds == [0.375, 3.0, 30.0, 3.0]


def test_a_source_that_stays_busy_or_asks_for_an_hour_is_left_for_the_next_fetch(
    site: Site, door: http.Door, waits: Waits
) -> None:
    site.trouble = [Reply(503)] * 5
    with door.open() as talk, pytest.raises(http.Unreachable) as raised:
        talk.get("/x")
    assert (raised.value.retry, len(site.requests), len(waits.seconds)) == (True, 5, 4)
    site.trouble = [Reply(429, headers={"retry-after": "3600"})]
    with door.open() as talk, pytest.raises(http.Unreachable):
        talk.get("/x")
    assert len(waits.seconds) == 4


def test_an_answer_that_is_cut_off_is_asked_for_again(site: Site, door: http.Door) -> None:
    site.trouble = [Reply(200, b'{"a": 1}', cut=4), Reply(200, b'{"a": 1}', cut=0)]
    with door.open() as talk:
        assert talk.get("/x").json() == {"path": "/base/x"}
    assert len(site.requests) == 3


def test_an_answer_that_drips_or_never_ends_has_an_end(site: Site, door: http.Door) -> None:
    site.trouble = [Reply(200, b"x" * 1000, drip=0.05)] * 5
    with replace(door, seconds=0.15).open() as talk, pytest.raises(http.Unreachable, match="TimeoutError"):
        talk.get("/x")
    site.trouble = [Reply(200, b"x" * 1001)]
    with (
        replace(door, most_bytes=1000).open() as talk,
        pytest.raises(http.AnswerUnusable, match="1000 bytes"),
    ):
        talk.get("/x")


def test_what_is_sent_is_sent_once_and_says_whether_it_may_have_arrived(site: Site, door: http.Door) -> None:
    for reply, error, may_retry in (
        (Reply(200, b"{}", cut=1), http.NoAnswer, False),
        (Reply(500), http.NoAnswer, False),
        (Reply(429), http.Unreachable, True),
        (Reply(503), http.Unreachable, True),
        (Reply(404), http.Refused, False),
        (Reply(302, headers={"location": "/"}), http.HostNotConfigured, False),
    ):
        site.trouble, before = [reply], len(site.requests)
        with door.open() as talk, pytest.raises(error) as raised:
            talk.send("PUT", "/x", b"{}", "application/json")
        assert raised.value.retry is may_retry
        assert len(site.requests) == before + 1


def test_a_source_that_is_away_may_be_told_later(waits: Waits) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        door = http.Door(f"http://127.0.0.1:{taken.getsockname()[1]}", {}, waiting=waits.waiting())
        with door.open() as talk, pytest.raises(http.Unreachable) as raised:
            talk.send("POST", "/x", b"", "text/plain")
    assert raised.value.retry


def test_neither_address_nor_header_nor_body_is_in_an_error(site: Site, door: http.Door) -> None:
    errors: list[SourceError] = []
    for reply in (Reply(401, b"0123456789abcdef"), Reply(200, b"0123456789abcdef")):
        site.trouble = [reply]
        with door.open() as talk:
            try:
                talk.get("/x", {"access_token": "a secret"}).json()
            except SourceError as error:
                errors.append(error)
    assert len(errors) == 2
    shown = " ".join([*map(str, errors), *map(repr, errors), repr(door)])
    assert "secret" not in shown
    assert "0123456789abcdef" not in shown


def test_a_stray_byte_costs_one_record_and_not_the_page() -> None:
    answer = http.Answer(b'\xef\xbb\xbf{"a": ["ok", "b\xff\x01ad", "ok"]}', None)
    assert answer.json() == {"a": ["ok", "b�\x01ad", "ok"]}
    for body in (b"", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b"[]"):
        with pytest.raises(http.AnswerUnusable):
            http.Answer(body, None).json()


@pytest.mark.parametrize(
    "address",
    [
        "hashes.example",
        "ftp://hashes.example",
        "http://hashes.example/v1",
        "https://u:p@hashes.example",
        "https://h/?k=v",
    ],
)
def test_an_address_that_would_leak_or_not_work_is_refused(address: str) -> None:
    with pytest.raises(ValidationError) as raised:
        ncmec.Config(base_url=address, login_file="x")
    assert "u:p" not in str(raised.value)
