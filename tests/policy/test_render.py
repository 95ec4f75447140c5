"""The terms and messages that are written from the pack."""

import pytest

from answerable.policy import baseline
from answerable.policy.render import render

ENGLISH = (
    "# Terms: what may not be here, and what we do about it",
    "## Sexual images of someone under 18",
    "To say that it doesn't break the rules takes 2 trained people.",
    "- We hide the picture or video that you reported. That takes one minute at most,",
    "- A trained person looks at your report within 15 minutes, day and night.",
    "we remove it anyway, within 48 hours of your report.",
    "For an adult it takes 1; for a complete removal request 2.",
    "### `acknowledged`\n\nWe have your report. Thank you for telling us.",
    "### `interim`\n\nSomething in your account isn't visible at the moment",
    "Who is told when a child is concerned: NCMEC,",
)
FRENCH = (
    "# Conditions\u00a0: ce qui n’a pas sa place ici, et ce que nous faisons",
    "## Images sexuelles d’une personne de moins de 18 ans",
    "Pour dire que ce n’est pas contraire aux règles, il faut 2 personnes formées.",
    "- Nous masquons la photo ou la vidéo que vous avez signalée. Cela prend une minute au plus,",
    "au plus tard 48 heures après votre signalement.",
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
