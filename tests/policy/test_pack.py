"""What a loaded pack says when it is asked."""

import hashlib
from datetime import timedelta

import pytest
from pydantic import ValidationError

from answerable.policy import Facts, MissingWordError, baseline, load, times
from answerable.policy.durations import read_duration, say
from answerable.policy.pack import applies
from answerable.policy.words import Age, Danger, Event
from tests.policy.edits import BASELINE

CHILD = Facts(age=Age.CHILD, media=True, known=True, located=True)


def test_the_digest_is_of_the_very_file() -> None:
    assert baseline().digest == hashlib.sha256(BASELINE.encode()).hexdigest()
    assert load(BASELINE.encode()).digest == baseline().digest
    assert load(BASELINE + "\n").digest != baseline().digest
    assert baseline().text == BASELINE


def test_a_pack_does_not_change() -> None:
    with pytest.raises(ValidationError):
        baseline().version = "2027.1.0"


@pytest.mark.parametrize(
    ("entry", "regimes", "expected"),
    [
        (None, [], True),
        ("eu", ["eu.fr"], True),
        ("eu", ["eu"], True),
        ("eu.fr", ["eu.de"], False),
        ("eu.fr", ["eu"], False),
        ("eu", ["eus"], False),
        ("us", ["uk", "eu.fr"], False),
    ],
)
def test_a_regime_is_matched_by_its_beginning(entry: str | None, regimes: list[str], expected: bool) -> None:
    assert applies(entry, regimes) is expected


def test_a_promise_is_shown_only_to_whom_all_of_it_is_owed() -> None:
    pack = baseline()
    assert pack.promises("csam", set(), "en") == []
    (hidden,) = pack.promises("csam", {"hide"}, "en")
    assert "one minute" in hidden
    assert not any("in danger" in said for said in pack.promises("csam", {"hide", "answer_danger"}, "en"))
    assert any("in danger" in s for s in pack.promises("csam", {"page_people", "answer_danger"}, "en"))


def test_a_promise_states_the_time_that_this_report_is_owed() -> None:
    pack = baseline()
    owed = times(pack.owes("other_illegal", Event.ON_REPORT, CHILD, ["us"]))
    assert "within 15 minutes" in pack.promises("other_illegal", owed, "en")[0]
    assert "within 24 hours" in pack.promises("other_illegal", set(owed), "en")[0]
    soon = CHILD.model_copy(update={"danger": Danger.SOON})
    urgent = times(pack.owes("csam", Event.ON_DANGER, soon, ["us"]))
    assert "en une heure au plus" in pack.promises("csam", urgent, "fr")[0]


def test_every_promise_of_every_harm_can_be_said_in_both_languages() -> None:
    pack = baseline()
    for harm in pack.harms:
        for language in pack.languages:
            for said in pack.promises(harm, pack.owed_kinds(harm), language):
                assert "{" not in said


def test_a_reply_adds_its_promise_only_while_it_is_owed() -> None:
    pack = baseline()
    assert "15 minutes" in pack.reply("waits_for_look", "en", owed={"look"}, harm_id="csam")
    assert pack.reply("waits_for_look", "en").endswith("before it can be hidden.")
    assert "15 minutes" in pack.reply("waits_for_look", "en", owed={"look": timedelta(minutes=15)})


def test_every_reply_can_be_said_in_both_languages() -> None:
    pack = baseline()
    words = {"count": 11, "missing": "your name", "emergency_contact": "Call Petra.", "clause": "No."}
    kinds = {kind for harm in pack.harms for kind in pack.owed_kinds(harm)}
    for key in pack.replies:
        for language in pack.languages:
            assert "{" not in pack.reply(key, language, owed=kinds, **words)


def test_a_language_of_a_country_is_read_and_an_unknown_one_gets_the_first() -> None:
    pack = baseline()
    assert pack.reply("gone", "fr-CA") == pack.reply("gone", "fr")
    assert pack.reply("gone", "ja") == pack.reply("gone", "en")


def test_a_text_without_its_word_is_an_error_that_names_it() -> None:
    with pytest.raises(MissingWordError, match="missing"):
        baseline().reply("incomplete", "en")
    with pytest.raises(MissingWordError, match="no reply named 'incomplet'"):
        baseline().reply("incomplet", "en")


def test_a_word_in_braces_from_outside_stays_as_it_is() -> None:
    said = baseline().reply("incomplete", "en", missing="{count} of {0.__class__}")
    assert "{count} of {0.__class__}" in said


def test_under_eu_law_a_notice_gives_its_reasons_and_the_ways_to_contest() -> None:
    words = {"day": "1 December 2026", "clause": "No…", "address": "desk", "code": "1", "means": "people"}
    plain = baseline().notice("removed", "en", regimes=["us"], **words)
    reasoned = baseline().notice("removed", "en", regimes=["eu.fr"], **words)
    assert "Statement of reasons" not in plain
    assert reasoned.startswith(plain)
    for needed in (
        "Restriction:",
        "Facts:",
        "Means: people",
        "Ground:",
        "six months",
        "out-of-court",
        "court",
    ):
        assert needed in reasoned


def test_a_notice_of_a_hiding_says_nothing_about_a_report() -> None:
    for language, words in (("en", ("report", "flag", "complain")), ("fr", ("signal", "dénon", "plain"))):
        said = baseline().notice("interim", language, address="desk", code="1").lower()
        assert not [word for word in words if word in said]


def test_elements_are_named_and_personal_text_has_its_time() -> None:
    assert baseline().element("signature", "fr") == "votre nom, tapé en guise de signature"
    assert baseline().erase_after("contact") == timedelta(days=220)
    with pytest.raises(MissingWordError):
        baseline().element("passport", "en")
    with pytest.raises(KeyError):
        baseline().harm("art")


def test_a_clause_is_found_by_its_name() -> None:
    harm = baseline().harm("ncii")
    assert harm.clause("ncii.forgery").text["en"].startswith("No intimate image of a real person")
    with pytest.raises(KeyError):
        harm.clause("ncii.art")


@pytest.mark.parametrize(
    ("written", "english", "french"),
    [
        ("1s", "one second", "une seconde"),
        ("60s", "one minute", "une minute"),
        ("90s", "90 seconds", "90 secondes"),
        ("15m", "15 minutes", "15 minutes"),
        ("24h", "24 hours", "24 heures"),
        ("48h", "48 hours", "48 heures"),
        ("72h", "3 days", "3 jours"),
        ("365d", "365 days", "365 jours"),
    ],
)
def test_times_are_said_as_people_say_them(written: str, english: str, french: str) -> None:
    duration = read_duration(written)
    assert say(duration, "en") == english
    assert say(duration, "fr") == french
