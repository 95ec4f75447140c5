"""The baseline follows the laws as they are described, in both languages."""

import re
from datetime import timedelta

import pytest

from answerable.policy import Facts, Pack, baseline
from answerable.policy.checks.places import every_promise
from answerable.policy.checks.texts import every_text
from answerable.policy.shapes import Do
from answerable.policy.texts import placeholders
from answerable.policy.words import Age, By, Danger, Event, Interim, Relation

EVERYWHERE = ("us", "uk", "eu.fr")
CHILD = Facts(age=Age.CHILD, relation=Relation.DEPICTED, media=True, known=True, located=True)
ADULT = CHILD.model_copy(update={"age": Age.ADULT})
IN_DANGER = CHILD.model_copy(update={"danger": Danger.NOW})
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def pack() -> Pack:
    return baseline()


def _owed(
    pack: Pack, harm: str, event: Event, facts: Facts, regimes: tuple[str, ...] = EVERYWHERE
) -> list[Do]:
    return pack.owes(harm, event, facts, regimes)


def _one(dos: list[Do], kind: str, **more: str) -> Do:
    (found,) = [d for d in dos if d.do == kind and all(getattr(d, k) == v for k, v in more.items())]
    return found


def test_a_childs_picture_is_hidden_before_anybody_looks_and_looked_at_within_15_minutes(pack: Pack) -> None:
    assert pack.interim("csam", CHILD) is Interim.HIDE
    owed = _owed(pack, "csam", Event.ON_REPORT, CHILD)
    assert _one(owed, "hide").within == MINUTE
    assert _one(owed, "look").within == 15 * MINUTE
    assert _one(owed, "look").by is By.PEOPLE
    assert _one(owed, "acknowledge").params["reply"] == "acknowledged"


@pytest.mark.parametrize("harm", ["csam", "sextortion", "grooming", "ncii"])
def test_a_text_or_an_account_waits_for_a_look_of_15_minutes(pack: Pack, harm: str) -> None:
    text = CHILD.model_copy(update={"media": False})
    assert pack.interim(harm, text) is Interim.LOOK
    owed = _owed(pack, harm, Event.ON_REPORT, text)
    assert _one(owed, "look").within == 15 * MINUTE
    assert not [do for do in owed if do.do == "hide"]


def test_an_adults_picture_is_hidden_and_something_else_illegal_is_looked_at(pack: Pack) -> None:
    assert pack.interim("ncii", ADULT) is Interim.HIDE
    assert pack.interim("other_illegal", ADULT) is Interim.LOOK
    assert _one(_owed(pack, "other_illegal", Event.ON_REPORT, ADULT), "look").within == DAY
    assert _one(_owed(pack, "other_illegal", Event.ON_REPORT, CHILD), "look").within == 15 * MINUTE


@pytest.mark.parametrize("harm", ["ncii", "csam", "sextortion"])
@pytest.mark.parametrize("regimes", [("us",), ("uk",), ("us", "uk", "eu.fr")])
def test_undecided_at_hour_40_is_removed_within_48(pack: Pack, harm: str, regimes: tuple[str, ...]) -> None:
    do = _one(_owed(pack, harm, Event.ON_COMPLETE_REQUEST, ADULT, regimes), "remove_if_undecided")
    assert (do.by, do.after, do.within) == (By.WORKER, 40 * HOUR, 48 * HOUR)


def test_a_text_is_never_removed_undecided(pack: Pack) -> None:
    for facts in (CHILD, ADULT):
        owed = _owed(pack, "ncii", Event.ON_COMPLETE_REQUEST, facts.model_copy(update={"media": False}))
        assert "remove_if_undecided" not in {do.do for do in owed}


def test_the_48_hours_are_no_eu_law(pack: Pack) -> None:
    owed = _owed(pack, "ncii", Event.ON_COMPLETE_REQUEST, ADULT, ("eu.fr",))
    assert not [do for do in owed if do.do in ("remove_if_undecided", "tell_reporter")]


def test_under_us_law_a_finding_about_a_child_is_filed_at_ncmec_and_kept_a_year(pack: Pack) -> None:
    owed = _owed(pack, "csam", Event.ON_VIOLATING, CHILD, ("us",))
    filing = _one(owed, "report_authority")
    assert (filing.to, filing.regime, filing.by, filing.within) == ("ncmec", "us", By.PEOPLE, DAY)
    assert filing.params["law"] == "18 USC 2258A(a)(1)"
    assert _one(owed, "preserve").params["keep_for_seconds"] == 365 * 86400
    destroy = _one(_owed(pack, "csam", Event.ON_FILED, CHILD, ("us",)), "destroy_preserved")
    assert destroy.after == 365 * DAY


def test_under_uk_law_the_nca_is_told_and_at_once_when_a_child_is_in_danger(pack: Pack) -> None:
    calm = _one(_owed(pack, "csam", Event.ON_VIOLATING, CHILD, ("uk",)), "report_authority")
    urgent = _one(_owed(pack, "csam", Event.ON_VIOLATING, IN_DANGER, ("uk",)), "report_authority")
    assert (calm.to, calm.within) == ("nca", DAY)
    assert (urgent.to, urgent.within) == ("nca", 15 * MINUTE)


def test_under_eu_law_the_police_are_told_and_no_media_is_kept(pack: Pack) -> None:
    owed = _owed(pack, "csam", Event.ON_VIOLATING, CHILD, ("eu.fr",))
    assert _one(owed, "report_authority").to == "eu_police"
    assert _one(owed, "preserve").params["what"] == "facts_and_hashes"
    assert _one(owed, "destroy_preserved").after == 190 * DAY
    assert not pack.regimes["eu"].keeps.media


def test_an_adults_matter_is_filed_nowhere(pack: Pack) -> None:
    owed = _owed(pack, "ncii", Event.ON_VIOLATING, ADULT)
    assert not [do for do in owed if do.do == "report_authority"]
    assert {do.params["what"] for do in owed if do.do == "preserve"} == {"facts_and_hashes"}


def test_each_law_is_served_by_itself_and_anything_else_once(pack: Pack) -> None:
    owed = _owed(pack, "csam", Event.ON_VIOLATING, CHILD)
    assert sorted(do.to or "" for do in owed if do.do == "report_authority") == ["eu_police", "nca", "ncmec"]
    assert sorted(do.regime or "" for do in owed if do.do == "preserve") == ["eu", "uk", "us"]
    assert len([do for do in owed if do.do == "tell_holder"]) == 1


def test_danger_owes_a_person_within_15_minutes_and_each_laws_emergency_duty(pack: Pack) -> None:
    owed = _owed(pack, "grooming", Event.ON_DANGER, IN_DANGER)
    assert _one(owed, "answer_danger").within == 15 * MINUTE
    assert _one(owed, "page_people").within == MINUTE
    assert {do.regime for do in owed if do.do == "emergency_duty"} == {"us", "uk", "eu"}


@pytest.mark.parametrize("harm", ["sextortion", "ncii", "other_illegal"])
def test_an_adult_in_danger_goes_to_the_police_and_a_childs_images_to_whom_the_law_names(
    pack: Pack, harm: str
) -> None:
    adult = IN_DANGER.model_copy(update={"age": Age.ADULT})
    told = {do.to for do in _owed(pack, harm, Event.ON_DANGER, adult) if do.do == "emergency_duty"}
    assert told == {"us_police", "uk_police", "eu_police"}
    if harm != "other_illegal":
        for age in (Age.CHILD, Age.UNSURE):
            young = IN_DANGER.model_copy(update={"age": age})
            owed = _owed(pack, harm, Event.ON_DANGER, young)
            assert {do.to for do in owed if do.do == "emergency_duty"} == {"ncmec", "nca", "eu_police"}
            assert _one(owed, "emergency_duty", to="nca").within == 15 * MINUTE


def test_a_confirmed_threat_is_reported_in_the_eu_and_the_rest_only_with_a_suspicion(pack: Pack) -> None:
    def police(harm: str, facts: Facts) -> list[str | None]:
        owed = _owed(pack, harm, Event.ON_VIOLATING, facts, ("eu.fr",))
        return [do.to for do in owed if do.do == "report_authority"]

    unsure = CHILD.model_copy(update={"age": Age.UNSURE})
    assert police("sextortion", ADULT) == ["eu_police"]
    assert police("other_illegal", unsure) == []
    assert police("other_illegal", CHILD) == ["eu_police"]
    assert police("other_illegal", unsure.model_copy(update={"danger": Danger.SOON})) == ["eu_police"]
    assert police("ncii", unsure) == ["eu_police"]


def test_a_verified_flaggers_report_about_an_adult_is_looked_at_as_soon_as_a_childs(pack: Pack) -> None:
    flagged = ADULT.model_copy(update={"verified": True, "relation": Relation.TRUSTED_FLAGGER})
    assert _one(_owed(pack, "other_illegal", Event.ON_REPORT, flagged), "look").within == 15 * MINUTE
    assert _one(_owed(pack, "other_illegal", Event.ON_REPORT, ADULT), "look").within == DAY


@pytest.mark.parametrize(
    ("regimes", "waits"), [(("us",), 30 * DAY), (("us", "uk"), 14 * DAY), (EVERYWHERE, DAY)]
)
def test_a_notice_that_could_hurt_waits_as_long_as_the_shortest_law_lets_it(
    pack: Pack, regimes: tuple[str, ...], waits: timedelta
) -> None:
    for harm, facts in [
        ("csam", CHILD),
        ("sextortion", ADULT),
        ("grooming", CHILD),
        ("ncii", CHILD.model_copy(update={"age": Age.UNSURE})),
        ("ncii", ADULT.model_copy(update={"danger": Danger.SOON})),
    ]:
        for event in (Event.ON_INTERIM_HIDDEN, Event.ON_VIOLATING, Event.ON_UNDECIDED_REMOVED):
            do = _one(_owed(pack, harm, event, facts, regimes), "tell_holder")
            assert do.after == waits
            assert do.params["ground"]
            assert do.params["wait_seconds"] == waits.total_seconds()


@pytest.mark.parametrize(
    "event", [Event.ON_INTERIM_HIDDEN, Event.ON_VIOLATING, Event.ON_UNDECIDED_REMOVED], ids=str
)
def test_an_adults_matter_without_danger_is_told_at_once(pack: Pack, event: Event) -> None:
    do = _one(_owed(pack, "ncii", event, ADULT), "tell_holder")
    assert do.after is None
    assert do.within == HOUR


@pytest.mark.parametrize("harm", ["csam", "sextortion", "grooming"])
def test_whose_account_is_suspended_is_told_as_late_as_of_the_rest(pack: Pack, harm: str) -> None:
    for regimes, waits in ((("us",), 30 * DAY), (("uk",), 14 * DAY), (("eu.fr",), DAY)):
        owed = _owed(pack, harm, Event.ON_OFFENDER, CHILD, regimes)
        told = _one(owed, "tell_holder")
        assert {do.do for do in owed} == {"search_account", "suspend_account", "tell_holder"}
        assert (told.params["notice"], told.after) == ("account_suspended", waits)


def test_an_undecided_removal_names_its_law_and_never_says_that_people_decided(pack: Pack) -> None:
    words = {"day": "2026-12-01", "address": "https://desk.example/appeal", "code": "1"}
    for language, removal in (("en", "without an end date"), ("fr", "sans date de fin")):
        told = pack.notice("removed_undecided", language, regimes=EVERYWHERE, **words)
        assert "47 USC 223a(a)(3)" in told
        assert "10(3A)" in told
        assert removal in told
        assert "people decided" not in told
        assert "47 USC" not in pack.notice("removed_undecided", language, regimes=("uk",), **words)
        interim = pack.notice("interim", language, regimes=("eu.fr",), **words)
        assert "2022/2065" in interim


def test_an_adult_who_withdraws_is_asked_again_after_seven_days_and_a_child_is_not(pack: Pack) -> None:
    ending = _one(_owed(pack, "ncii", Event.ON_WITHDRAWN, ADULT), "confirm_ending")
    assert (ending.by, ending.after) == (By.PEOPLE, 7 * DAY)
    for facts in (CHILD, ADULT.model_copy(update={"relation": Relation.WITNESS})):
        owed = _owed(pack, "ncii", Event.ON_WITHDRAWN, facts)
        assert [do.do for do in owed] == ["erase_text"]


def test_a_near_copy_is_hidden_and_looked_at_an_identical_one_removed(pack: Pack) -> None:
    near = CHILD.model_copy(update={"near": True, "decided": True})
    exact = CHILD.model_copy(update={"decided": True})
    assert {do.do for do in _owed(pack, "csam", Event.ON_COPY, near)} == {"look", "hide"}
    assert {do.do for do in _owed(pack, "csam", Event.ON_COPY, exact)} == {"remove", "block_identical"}
    capped = CHILD.model_copy(update={"capped": True})
    assert {do.do for do in _owed(pack, "csam", Event.ON_COPY, capped)} == {"limit"}
    assert {do.do for do in _owed(pack, "csam", Event.ON_COPY, CHILD)} == {"hide"}
    assert pack.copies("csam").up_to == 25


def test_overturning_owes_that_everything_is_undone(pack: Pack) -> None:
    owed = {do.do for do in _owed(pack, "csam", Event.ON_OVERTURNED, CHILD)}
    assert owed == {
        "restore", "unblock", "lift_account_effects", "tell_reporter", "tell_holder", "correct_authority",
    }  # fmt: skip


def test_what_the_software_cannot_do_yet_is_owed_by_people(pack: Pack) -> None:
    by_hand = {"report_authority", "correct_authority", "emergency_duty"}
    for harm in pack.harms:
        for event in Event:
            assert all(e.by is By.PEOPLE for e in pack.entries(harm, event) if e.do in by_hand)


def test_both_languages_say_everything_with_the_same_placeholders(pack: Pack) -> None:
    texts = [text for _, text, _ in every_text(pack)] + [p.text for _, p, _ in every_promise(pack)]
    assert len(texts) > 80
    for text in texts:
        assert set(text) == {"en", "fr"}
        assert placeholders(text["en"]) == placeholders(text["fr"])
        assert text["en"] != text["fr"]


def test_the_french_has_french_typography(pack: Pack) -> None:
    for _, text, _ in every_text(pack):
        assert "'" not in text["fr"], text["fr"]
        assert not re.search(r"[^\u00a0][;?!]|[^\u00a0\d]:|«[^\u00a0]|[^\u00a0]»", text["fr"]), text["fr"]


def test_no_sentence_is_too_long_for_a_frightened_reader(pack: Pack) -> None:
    replies = [reply.text for reply in pack.replies.values()]
    promises = [promise.text for _, promise, _ in every_promise(pack)]
    for text in [*replies, *promises]:
        for sentence in re.split(r"(?<=[.!?]) ", " ".join(text.values())):
            assert len(sentence.split()) <= 36, sentence
