"""Writes a pack's terms and all its automatic messages as Markdown, so that they say what the code keeps."""

from collections.abc import Iterator

from answerable.policy.durations import say
from answerable.policy.pack import Pack
from answerable.policy.shapes import Harm
from answerable.policy.texts import in_language
from answerable.policy.words import Age

_WORDS = {
    "en": {
        "title": "Terms: what may not be here, and what we do about it",
        "rules": "The rules",
        "allowed": "Not against the rules, if {people} trained people agree",
        "promises": "What we promise to whoever reports it",
        "fitting": "Each report is promised what fits it, and its answer says which of these do:",
        "deciding": "Who decides",
        "people": "To say that it doesn't break the rules takes {people} trained people.",
        "adult": "For an adult it takes {people}; for a complete removal request {complete}.",
        "laws": "The laws that this follows",
        "told": "Who is told when a child is concerned: {names}.",
        "nobody": "No authority is told.",
        "kept": "What is needed as proof is kept for {time}.",
        "generally": "For everything",
        "replies": "Automatic messages to people who report",
        "notices": "Automatic messages to account holders",
        "only_if": "Only while it is owed:",
        "under": "Under {law}:",
    },
    "fr": {
        "title": "Conditions : ce qui n’a pas sa place ici, et ce que nous faisons",
        "rules": "Les règles",
        "allowed": "Pas contraire aux règles, si {people} personnes formées sont d’accord",
        "promises": "Ce que nous promettons à la personne qui signale",
        "fitting": "À chaque signalement, nous promettons ce qui lui correspond, et notre réponse dit quoi :",
        "deciding": "Qui décide",
        "people": "Pour dire que ce n’est pas contraire aux règles, il faut {people} personnes formées.",
        "adult": "Pour un adulte, il en faut {people} ; pour une demande de retrait complète, {complete}.",
        "laws": "Les lois suivies",
        "told": "Qui est informé quand un enfant est concerné : {names}.",
        "nobody": "Aucune autorité n’est informée.",
        "kept": "Ce qui sert de preuve est gardé {time}.",
        "generally": "Pour tout",
        "replies": "Messages automatiques aux personnes qui signalent",
        "notices": "Messages automatiques aux titulaires de comptes",
        "only_if": "Seulement tant que c’est dû :",
        "under": "Selon {law} :",
    },
}

LANGUAGES = tuple(_WORDS)
"""The languages in which the headings are written; a pack's own texts may have more."""


def render(pack: Pack, language: str) -> str:
    """The terms, replies and notices of a pack in one language, as Markdown. Times are those of the pack."""
    words = _WORDS.get(language, _WORDS["en"])
    messages = [*_replies(pack, language, words), *_notices(pack, language, words)]
    return "\n\n".join([terms(pack, language).rstrip(), *messages]) + "\n"


def terms(pack: Pack, language: str) -> str:
    """The terms alone, for the public page."""
    words = _WORDS.get(language, _WORDS["en"])
    parts = [f"# {words['title']}", f"*{pack.pack} {pack.version} · {pack.digest[:12]}*"]
    parts += [f"## {words['generally']}", *_list(in_language(text, language) for text in pack.terms)]
    for harm_id, harm in pack.harms.items():
        parts += _harm(pack, harm_id, harm, language, words)
    parts += _laws(pack, language, words)
    return "\n\n".join(parts) + "\n"


def _list(lines: Iterator[str] | list[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return ["\n".join(found)] if found else []


def _harm(pack: Pack, harm_id: str, harm: Harm, language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {in_language(harm.name, language)}"
    yield f"### {words['rules']}"
    yield from _list([f"{in_language(c.text, language)} (`{c.id}`)" for c in harm.clauses])
    for exception in harm.exceptions:
        yield f"### {words['allowed'].format(people=exception.people)}"
        yield f"{in_language(exception.text, language)} (`{exception.id}`)"
    yield f"### {words['deciding']}"
    sentences = [words["people"].format(people=harm.refuse.people)]
    if harm.refuse_adult:
        complete = harm.refusal(Age.ADULT, complete=True).people
        sentences.append(words["adult"].format(people=harm.refuse_adult.people, complete=complete))
    yield " ".join(sentences)
    promises = [pack.say_promise(p, language, harm_id) for p in pack.promises_of(harm_id)]
    if promises:
        yield f"### {words['promises']}"
        yield words["fitting"]
        yield from _list(promises)


def _laws(pack: Pack, language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['laws']}"
    for regime in pack.regimes.values():
        yield f"### {in_language(regime.name, language)}"
        names = ", ".join(in_language(pack.authorities[name].name, language) for name in regime.tells)
        told = words["told"].format(names=names) if names else words["nobody"]
        yield f"{told} {words['kept'].format(time=say(regime.keeps.keep_for, language))}"


def _replies(pack: Pack, language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['replies']}"
    for name, reply in pack.replies.items():
        yield f"### `{name}`"
        yield in_language(reply.text, language)
        if reply.promises:
            yield words["only_if"]
            yield from _list([pack.say_promise(promise, language) for promise in reply.promises])


def _notices(pack: Pack, language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['notices']}"
    for name, notice in pack.notices.items():
        yield f"### `{name}`"
        yield in_language(notice.text, language)
        for regime_id, texts in notice.regimes.items():
            yield words["under"].format(law=in_language(pack.regimes[regime_id].name, language))
            yield in_language(texts, language)
