"""What a newer pack takes away from an open case is named; where it takes nothing, the case may be pinned to it."""

import pytest

from answerable.cases.rules.carrying import weaker
from answerable.policy import Pack
from answerable.policy.load import read
from tests.policy.edits import BASELINE, edited

OURS = ("us", "uk", "eu.fr")


def pack(text: str = BASELINE) -> Pack:
    """A pack as it is stored, whether the checker would take it or not."""
    return read(text, "newer.yaml")


def test_the_same_pack_takes_nothing_away() -> None:
    assert weaker(pack(), pack(), "csam", OURS) == []


REFUSE = "refuse: {people: 2, qualified: child_safety"
SECOND = "      - {do: second_look, by: other_people, within: 24h}\n"
HOUR_40 = "{do: remove_if_undecided, after: 40h, within: 48h, regime: us"
YEAR = "{do: destroy_preserved, after: 365d, within: 395d, regime: us"
KEEP = "regime: us, what: media_and_report, for: 365d"
COPIES = '{do: find_copies, within: 5m, when: "known && media"}'


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (REFUSE, REFUSE.replace("2", "1"), "a refusal"),
        (REFUSE, REFUSE.replace("child_safety", "other"), "a refusal"),
        ("- id: csam.trade", "- id: csam.trading", "it has no clause 'csam.trade'"),
        (SECOND, SECOND.replace("24h", "25h"), "'second_look'"),
        (SECOND, SECOND.replace("other_people", "people"), "'second_look'"),
        (SECOND, "", "'second_look'"),
        (HOUR_40, HOUR_40.replace("40h", "41h"), "'remove_if_undecided'"),
        (HOUR_40, HOUR_40.replace("48h", "49h"), "'remove_if_undecided'"),
        (YEAR, YEAR.replace("365d", "300d"), "'destroy_preserved'"),
        (KEEP, KEEP.replace("365d", "300d"), "'preserve'"),
        (KEEP, KEEP.replace("media_and_report", "facts_and_hashes"), "'preserve'"),
        (COPIES, COPIES.replace("media", "media && age == 'child'"), "'find_copies'"),
    ],
)
def test_what_is_taken_away_is_named(old: str, new: str, says: str) -> None:
    reasons = weaker(pack(), pack(edited(old, new)), "csam", ("us",))
    assert reasons
    assert all(says in reason for reason in reasons)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (SECOND, SECOND.replace("24h", "6h")),
        (SECOND, f"{SECOND}      - {{do: page_people, within: 60s}}\n"),
        (HOUR_40, HOUR_40.replace("40h", "30h")),
        (
            HOUR_40,
            HOUR_40.replace("40h", "41h"),
        ),  # UK law still asks for it at hour 40, and it is one removal
        (KEEP, KEEP.replace("365d", "400d")),
        (REFUSE, REFUSE.replace("2", "3")),
        (
            "refuse_adult: {people: 1, complete: 2,",
            "refuse_adult: {people: 1, complete: 1,",
        ),  # another harm's
    ],
)
def test_what_adds_shortens_or_concerns_others_takes_nothing_away(old: str, new: str) -> None:
    assert weaker(pack(), pack(edited(old, new)), "csam", OURS) == []


def test_what_people_preserved_by_hand_the_desk_may_take_over_and_not_the_other_way_round() -> None:
    by_hand = pack(edited(KEEP, f"by: people, {KEEP}"))
    assert weaker(by_hand, pack(), "csam", OURS) == []
    (reason,) = weaker(pack(), by_hand, "csam", OURS)
    assert "'preserve'" in reason


def test_a_law_that_is_not_the_desks_takes_nothing_away() -> None:
    newer = pack(
        edited("regime: us, what: media_and_report, for: 365d", "regime: us, what: facts_and_hashes, for: 1d")
    )
    assert weaker(pack(), newer, "csam", ("eu.fr",)) == []


def test_a_harm_that_is_gone_is_all_that_is_said() -> None:
    start, end = (BASELINE.index(word) for word in ("  sextortion:\n", "  grooming:\n"))
    text = BASELINE[:start] + BASELINE[end:]
    start, end = (text.index(word) for word in ("  eu_blackmail:\n", "  eu_threats:\n"))
    assert weaker(pack(), pack(text[:start] + text[end:]), "sextortion", OURS) == [
        "it has no harm 'sextortion'"
    ]
