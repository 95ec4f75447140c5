"""Whatever the file is, the loader loads it or says in a PolicyError what is wrong."""

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from answerable.policy import PolicyError, load, load_named
from answerable.policy.source import MAX_BYTES, read_source
from tests.policy.edits import BASELINE, holes_in

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates()
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=25,
)


def _refused(text: str | bytes) -> str:
    with pytest.raises(PolicyError) as refused:
        load(text, "max.yaml")
    assert refused.value.holes
    return str(refused.value)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_refused_by_name(data: bytes) -> None:
    assert "max.yaml:" in _refused(data)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_refused_by_name(text: str) -> None:
    assert "max.yaml:" in _refused(text)


@settings(max_examples=100, deadline=None)
@given(trees)
def test_any_yaml_is_refused_by_name(tree: object) -> None:
    assert "max.yaml:" in _refused(yaml.safe_dump(tree, allow_unicode=True))


_LINES = BASELINE.splitlines(keepends=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, len(BASELINE) - 1), st.text(min_size=0, max_size=6), st.integers(0, 12))
def test_a_garbled_baseline_loads_or_is_refused(at: int, words: str, removed: int) -> None:
    text = BASELINE[:at] + words + BASELINE[at + removed :]
    assert all(1 <= hole.line <= len(_LINES) + 8 for hole in holes_in(text))


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, len(_LINES) - 1), min_size=1, max_size=3))
def test_a_baseline_with_lines_missing_loads_or_is_refused(missing: set[int]) -> None:
    text = "".join(line for number, line in enumerate(_LINES) if number not in missing)
    holes = holes_in(text)
    assert len(set(holes)) == len(holes)


def test_a_billion_laughs_are_refused_at_once() -> None:
    laughs = "a: &a [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True):
        laughs += f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    began = time.monotonic()
    assert "max.yaml:1: anchors and aliases are not allowed" in _refused(laughs)
    assert time.monotonic() - began < 1


def test_two_megabytes_are_refused_at_once() -> None:
    began = time.monotonic()
    assert f"at most {MAX_BYTES}" in _refused("# nothing\n" * 200_000)
    assert f"at most {MAX_BYTES}" in _refused(b"\xff" * 2_000_000)
    assert time.monotonic() - began < 1


def test_a_file_of_two_megabytes_is_not_read_whole(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "max.yaml"
    path.write_bytes(b"x" * 2_000_000)
    with pytest.raises(PolicyError, match=f"at most {MAX_BYTES}"):
        load_named(path)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "1: a policy pack is a YAML mapping"),
        ("- a\n- b\n", "1: a policy pack is a YAML mapping"),
        ("[" * 300, "nested deeper"),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper"),
        ("a: [" + "x, " * 50_000 + "x]", "more than"),
        (
            "pack: !!python/object/apply:os.system [id]",
            "the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
        ("pack: a\n---\npack: b\n", "2: a policy pack is one YAML document"),
        ("? [a]\n: b\n", "1: a key is a word"),
        ("pack: a\npack: b\n", "2: the key 'pack' stands there twice"),
        ("pack: [a\n", "not valid YAML"),
        ("pack: \x00", "not valid YAML"),
        (b"pack: \xff\xfe", "not UTF-8"),
        ("\ud800", "not UTF-8"),
        ("a: *b", "anchors and aliases"),
    ],
)
def test_what_a_pack_cannot_be_is_said(text: str | bytes, reason: str) -> None:
    assert reason in _refused(text)


def test_a_file_that_is_not_there_is_said() -> None:
    with pytest.raises(PolicyError, match="can't be read: No such file"):
        load_named("/nowhere/pack.yaml")
    with pytest.raises(PolicyError, match="can't be read"):
        load_named("unheard_of")


def test_a_country_is_no_boolean_and_lines_are_remembered() -> None:
    source = read_source("a:\n  - no\n  - true\n  - 'true'\n  - 7\n  - ~\n  - 2026.12\n", "norway.yaml")
    assert source.value == {"a": ["no", True, "true", 7, None, "2026.12"]}
    assert source.line(("a", 3)) == 5
    assert source.line(("a", 99, "deeper")) == 1
