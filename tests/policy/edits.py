"""The baseline pack with one thing changed, as an operator might change it by mistake."""

from answerable.policy.checks import holes_of
from answerable.policy.errors import Hole, PolicyError
from answerable.policy.load import PACKS, read

BASELINE = (PACKS / "baseline.yaml").read_text("utf-8")


def edited(old: str, new: str, count: int = 1) -> str:
    """The baseline with `old` replaced; fails when `old` doesn't stand in it."""
    assert old in BASELINE, f"the baseline doesn't say {old!r}"
    return BASELINE.replace(old, new, count)


def holes_in(text: str) -> list[Hole]:
    """Every hole of a pack's text, whether it has the right shape or not."""
    try:
        return holes_of(read(text, "edited.yaml"))
    except PolicyError as error:
        return list(error.holes)


def line_of(text: str, words: str) -> int:
    """The number (from 1) of the line on which these words first end."""
    assert words in text, f"the pack doesn't say {words!r}"
    return text.count("\n", 0, text.index(words) + len(words)) + 1
