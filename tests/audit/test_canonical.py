"""Canonical JSON: one spelling, by RFC 8785, for everything that an event may hold."""

import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from answerable.audit.verify import MAX_DEPTH, Refused, canonical

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(alphabet=st.characters(exclude_categories=("Cs",)))
)
NAMES = st.text(alphabet=st.characters(max_codepoint=127))
EVENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
).filter(lambda value: depth(value) <= MAX_DEPTH)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def spelled_by_the_standard(value: Any) -> str:
    """RFC 8785 §3.2 written out: the oracle."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(spelled_character, value)) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(spelled_by_the_standard, value)) + "]"
    members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be"))
    return (
        "{" + ",".join(f"{spelled_by_the_standard(n)}:{spelled_by_the_standard(v)}" for n, v in members) + "}"
    )


def spelled_character(character: str) -> str:
    short = {
        '"': '\\"',
        "\\": "\\\\",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
    }
    if character in short:
        return short[character]
    return f"\\u{ord(character):04x}" if character < " " else character


@given(EVENTS)
def test_the_spelling_is_the_standards(value: Any) -> None:
    assert canonical(value).decode() == spelled_by_the_standard(value)


@given(EVENTS)
def test_what_is_read_back_is_spelled_the_same(value: Any) -> None:
    once = canonical(value)
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


def test_a_known_answer() -> None:
    value = {"b": [1, True, None], "a": 'é\u20ac"\\\n\x01', "A": {}}
    assert canonical(value) == '{"A":{},"a":"é€\\"\\\\\\n\\u0001","b":[1,true,null]}'.encode()


def test_an_enumerations_word_is_spelled_as_its_text() -> None:
    class Word(StrEnum):
        HIDDEN = "hidden"

    assert canonical({"wanted": Word.HIDDEN}) == b'{"wanted":"hidden"}'


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        float("nan"),
        2**53,
        -(2**53),
        b"bytes",
        (1, 2),
        {1: 2},
        {"é": 1},
        {"a": {"\U0001f600": 1}},
        "\ud800",
        ["\udfff"],
        {"a": "x\udc00"},
        object(),
        {"a": [1.0]},
    ],
)
def test_what_readers_could_disagree_on_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        canonical(value)


def test_endless_nesting_is_refused() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH + 1):
        value = [value]
    with pytest.raises(Refused, match="nested"):
        canonical(value)
