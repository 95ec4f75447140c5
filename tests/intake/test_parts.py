"""Codes, nonces, the links box and slowing: small parts with a rule each."""

import time

import pytest
from django.test import override_settings
from hypothesis import example, given
from hypothesis import strategies as st

from answerable.cases import codes
from answerable.intake import nonces
from answerable.intake.sites import read_lines
from answerable.intake.slowing import CAPACITY, LONGEST_WAIT_SECONDS, WAITING_AT_ONCE, Slowing


@given(st.text(alphabet=" -.\u2009\u00a0\u2013", max_size=3), st.integers(0, 10**16 - 1))
def test_a_code_is_read_however_it_is_spaced(between: str, number: int) -> None:
    code = f"{number:016d}"
    spaced = between.replace("\u2009", " ").join(code[start : start + 4] for start in range(0, 16, 4))
    assert codes.normalised(spaced) == code


@given(st.text(max_size=300))
@example("٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥")
@example("²" * 16)
def test_whatever_is_typed_can_be_looked_up(typed: str) -> None:
    assert len(codes.code_hash(codes.normalised(typed).encode("utf-8", "replace").decode())) == 64


def test_digits_of_another_script_are_digits() -> None:
    assert codes.normalised("٠١٢٣٤٥٦٧٨٩٠١٢٣٤٥") == "0123456789012345"


def test_codes_are_sixteen_digits_and_differ() -> None:
    made = {codes.new_code() for _ in range(500)}
    assert len(made) == 500
    assert all(len(code) == 16 and code.isdecimal() for code in made)


def test_another_key_gives_another_hash(tmp_path: object) -> None:
    before = codes.code_hash("1234567812345678")
    with override_settings(DATA=tmp_path):
        assert codes.code_hash("1234567812345678") != before


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=4), st.text(max_size=20))
def test_the_same_form_is_the_same_and_any_change_is_another(typed: dict[str, str], more: str) -> None:
    nonce = nonces.new_nonce()
    assert nonces.sending(nonce, typed) == nonces.sending(nonce, dict(reversed(typed.items())))
    changed = {**typed, "links": typed.get("links", "") + more + "x"}
    assert nonces.sending(nonce, typed).code != nonces.sending(nonce, changed).code
    assert nonces.sending(nonces.new_nonce(), typed).code != nonces.sending(nonce, typed).code


def test_a_nonce_is_ours_only_when_we_signed_it() -> None:
    nonce = nonces.new_nonce()
    assert nonces.is_ours(nonce)
    assert not nonces.is_ours(nonce[:-1] + ("a" if nonce[-1] != "a" else "b"))
    assert not nonces.is_ours("")


@pytest.mark.parametrize(
    "line", ["." * 100_000 + "@", ".." * 50_000 + "x /", "a.b " * 25_000, "a.b\n" * 250_000]
)
def test_no_line_takes_the_square_of_its_length(line: str) -> None:
    began = time.perf_counter()
    assert read_lines(line).words or read_lines(line).links
    assert time.perf_counter() - began < 5  # some took minutes


@given(st.text(max_size=400))
def test_nothing_typed_into_the_links_box_is_lost(text: str) -> None:
    lines = read_lines(text)
    kept = len(lines.links) + len(lines.words)
    assert (kept > 0) == bool(text.strip())


@pytest.mark.parametrize(
    ("typed", "links", "words", "unknown"),
    [
        ("http://localhost:8402/p/1", 1, 0, ()),
        ("localhost:8402/p/1", 1, 0, ()),
        ("http://localhost:8402/p/1\nhttp://LOCALHOST:8402/p/1/", 1, 0, ()),
        ("photos.example/p/1", 1, 0, ("photos.example",)),
        ("in the chat with Uri", 0, 1, ()),
        ("I saw it. It was bad.", 0, 1, ()),
        ("look at http://localhost:8402/p/1 please", 1, 1, ()),
        ("http://127.0.0.1/p/1", 1, 0, ("127.0.0.1",)),
        ("http://localhost:8402@evil.example/", 1, 0, ("http://localhost:8402@evil.example/",)),
        ("javascript:alert(1)", 0, 1, ()),
    ],
)
def test_lines_are_links_of_ours_of_others_or_words(
    typed: str, links: int, words: int, unknown: tuple[str, ...]
) -> None:
    lines = read_lines(typed)
    assert (len(lines.links), len(lines.words), lines.unknown_sites) == (links, words, unknown)


class Time:
    """A clock that stands until it is slept on."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.seconds += seconds


def test_a_few_wrong_codes_wait_for_nothing_and_many_wait() -> None:
    time = Time()
    bucket = Slowing(time, time.sleep)
    waited = []
    for _ in range(CAPACITY + 50):
        waited.append(bucket.wait())
        bucket.wrong()
    assert waited[:CAPACITY] == [0.0] * CAPACITY
    assert min(waited[CAPACITY + 1 :]) > 0
    assert max(waited) <= LONGEST_WAIT_SECONDS


def test_the_wait_ends_when_the_attempts_end() -> None:
    time = Time()
    bucket = Slowing(time, time.sleep)
    for _ in range(1000):
        bucket.wrong()
    assert bucket.wait() > 0
    time.sleep(3600)
    assert bucket.wait() == 0


def test_those_who_wait_never_take_more_than_a_few_threads() -> None:
    time = Time()
    inside: list[float] = []

    def sleep(_seconds: float) -> None:
        """While one waits, others come."""
        inside.append(bucket.wait() if len(inside) < WAITING_AT_ONCE else -1)

    bucket = Slowing(time, sleep)
    for _ in range(1000):
        bucket.wrong()
    bucket.wait()
    assert 0.0 in inside, "the one beyond the limit goes on at once"
    assert len(inside) <= WAITING_AT_ONCE
