"""The terms and messages that are written from the pack."""

import pytest

from answerable.policy import baseline
from answerable.policy.render import render, terms

ENGLISH = (
    "# Terms: what may not be here, and what we do about it",
    "## Sexual images of someone under 18",
    "To say that it doesn't break the rules takes 2 trained people.",
    "- We hide the picture or video that you reported. That takes one minute at most,",
    "- A trained person looks at your report within 15 minutes, day and night.",
    "Where the person shown is an adult: 1; for a complete removal request: 2.",
    "- Where a removal request is complete and nobody has decided by then, we remove it anyway, within 48 hours of the",
    "kept 365 days after the authority was told, then destroyed.",
    "### `acknowledged`\n\nWe have your report. Thank you for telling us.",
    "### `interim`\n\nSomething in your account isn't visible at the moment",
    "or that somebody's life or safety is in danger: NCMEC, the US centre for missing and exploited children; the",
)
FRENCH = (
    "# Conditions\u00a0: ce qui n’a pas sa place ici, et ce que nous faisons",
    "## Images sexuelles d’une personne de moins de 18 ans",
    "Pour dire que ce n’est pas contraire aux règles, il faut 2 personnes formées.",
    "- Nous masquons la photo ou la vidéo que vous avez signalée. Cela prend une minute au plus,",
    "au plus tard 48 heures après le signalement.",
    "Quand la personne montrée est adulte\u00a0: 1\u00a0; pour une demande de retrait complète\u00a0: 2.",
    "est en danger\u00a0: le NCMEC,",
    "### `acknowledged`\n\nNous avons bien reçu votre signalement.",
)


@pytest.mark.parametrize(("language", "sentences"), [("en", ENGLISH), ("fr", FRENCH)])
def test_the_terms_say_what_the_pack_says(language: str, sentences: tuple[str, ...]) -> None:
    written = render(baseline(), language)
    for sentence in sentences:
        assert sentence in written


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_rule_every_reply_and_every_notice_is_written(language: str) -> None:
    pack = baseline()
    written = render(pack, language)
    for harm in pack.harms.values():
        for part in (*harm.clauses, *harm.exceptions):
            assert f"{part.text[language]} (`{part.id}`)" in written
    for name in (*pack.replies, *pack.notices):
        assert f"### `{name}`" in written
    for reply in pack.replies.values():
        assert reply.text[language] in written


def test_no_time_is_left_open() -> None:
    for language in ("en", "fr"):
        for kind in ("{hide}", "{look}", "{decide}", "{remove_if_undecided}", "{answer_danger}"):
            assert kind not in render(baseline(), language)


def test_a_desk_writes_only_what_its_own_laws_make_of_it() -> None:
    pack = baseline()
    american, french = render(pack, "en", ("us",)), render(pack, "en", ("eu.fr",))
    for said in ("within 48 hours", "NCMEC", "if nobody decided in time", "47 USC 223a(a)(3)"):
        assert said in american
        assert said not in french
    for said in (
        "the law of the European Union",
        "Statement of reasons",
        "an independent, certified dispute body",
    ):
        assert said in french
        assert said not in american
    assert "National Crime Agency" not in american + french


def test_the_terms_say_nothing_to_a_reader_about_a_report_of_theirs_that_is_complete() -> None:
    assert "Your removal request is complete. If" not in terms(baseline(), "en")
    assert "Votre demande de retrait est complète. Si" not in terms(baseline(), "fr")


def test_a_picture_that_is_not_kept_is_not_said_to_be() -> None:
    assert "the picture included" not in terms(baseline(), "en", ("eu",))
    assert "without the picture" in terms(baseline(), "en", ("eu",))
