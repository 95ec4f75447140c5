"""Writes a pack's terms and all its automatic messages as Markdown, so that they say what the code keeps."""

from collections.abc import Iterable, Iterator

from answerable.policy.durations import say
from answerable.policy.pack import Pack, applies
from answerable.policy.shapes import Harm
from answerable.policy.texts import Texts, in_language
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
        "adult": "Where the person shown is an adult: {people}; for a complete removal request: {complete}.",
        "laws": "The laws that this follows",
        "told": (
            "Who is told when people find that a child was sexually abused or exploited, or that somebody's life"
            " or safety is in danger: {names}."
        ),
        "and": "; ",
        "nobody": "No authority is told.",
        "sealed": (
            "What the law asks us to keep as proof, the picture included, is sealed and kept {time} after the"
            " authority was told, then destroyed."
        ),
        "at_hiding": (
            "Where a site could lose a hidden picture that may show somebody under 18, an encrypted copy is kept until"
            " people have decided, and destroyed if they find nothing."
        ),
        "kept": "What is needed to decide a complaint is kept {time}, without the picture, then destroyed.",
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
        "adult": (
            "Quand la personne montrée est adulte : {people} ; pour une demande de retrait complète :"
            " {complete}."
        ),
        "laws": "Les lois suivies",
        "told": (
            "Qui est informé quand des personnes constatent qu’un enfant a été abusé ou exploité sexuellement, ou"
            " que la vie ou la sécurité de quelqu’un est en danger : {names}."
        ),
        "and": " ; ",
        "nobody": "Aucune autorité n’est informée.",
        "sealed": (
            "Ce que la loi nous demande de garder comme preuve, image comprise, est mis sous scellés et gardé {time}"
            " après que l’autorité a été informée, puis détruit."
        ),
        "at_hiding": (
            "Quand un site risque de perdre une image masquée qui montre peut-être une personne de moins de 18 ans,"
            " une copie chiffrée est gardée jusqu’à ce que des personnes aient décidé, et détruite si elles ne trouvent"
            " rien."
        ),
        "kept": "Ce qu’il faut pour décider d’une réclamation est gardé {time}, sans l’image, puis détruit.",
        "generally": "Pour tout",
        "replies": "Messages automatiques aux personnes qui signalent",
        "notices": "Messages automatiques aux titulaires de comptes",
        "only_if": "Seulement tant que c’est dû :",
        "under": "Selon {law} :",
    },
}

LANGUAGES = tuple(_WORDS)
"""The languages in which the headings are written; a pack's own texts may have more."""


def render(pack: Pack, language: str, regimes: Iterable[str] | None = None) -> str:
    """The terms, replies and notices of a pack in one language, as Markdown. Times are those of the pack.

    `regimes`: only what these laws make of it, for the desk that works under them; None: under all of the pack.
    """
    words = _WORDS.get(language, _WORDS["en"])
    laws = _laws_of(pack, regimes)
    messages = [*_replies(pack, laws, language, words), *_notices(pack, laws, language, words)]
    return "\n\n".join([terms(pack, language, laws).rstrip(), *messages]) + "\n"


def terms(pack: Pack, language: str, regimes: Iterable[str] | None = None) -> str:
    """The terms alone, for the public page: those of a desk under these regimes (None: under all of the pack)."""
    words = _WORDS.get(language, _WORDS["en"])
    laws = _laws_of(pack, regimes)
    owed = _owed_somewhere(pack, laws)
    said = [term.text for term in pack.terms if term.kept_by is None or term.kept_by in owed]
    parts = [f"# {words['title']}", f"*{pack.pack} {pack.version} · {pack.digest[:12]}*"]
    parts += [f"## {words['generally']}", *_list(in_language(text, language) for text in said)]
    for harm_id, harm in pack.harms.items():
        parts += _harm(pack, harm_id, harm, laws, language, words)
    parts += _laws(pack, laws, language, words)
    return "\n\n".join(parts) + "\n"


def _laws_of(pack: Pack, regimes: Iterable[str] | None) -> tuple[str, ...]:
    return tuple(pack.regimes if regimes is None else regimes)


def _owed_somewhere(pack: Pack, laws: tuple[str, ...]) -> frozenset[str]:
    """Every kind that any harm can come to owe under these laws."""
    return frozenset().union(*(pack.owed_kinds(harm_id, laws) for harm_id in pack.harms))


def _list(lines: Iterator[str] | list[str]) -> list[str]:
    found = [f"- {line}" for line in lines]
    return ["\n".join(found)] if found else []


def _harm(
    pack: Pack, harm_id: str, harm: Harm, laws: tuple[str, ...], language: str, words: dict[str, str]
) -> Iterator[str]:
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
    owed = pack.owed_kinds(harm_id, laws)
    kept = [promise for promise in pack.promises_of(harm_id) if set(promise.kept_by) <= owed]
    promises = [pack.say_promise(promise, language, harm_id, in_terms=True) for promise in kept]
    if promises:
        yield f"### {words['promises']}"
        yield words["fitting"]
        yield from _list(promises)


def _laws(pack: Pack, laws: tuple[str, ...], language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['laws']}"
    for regime_id, regime in pack.regimes.items():
        if not applies(regime_id, laws):
            continue
        yield f"### {in_language(regime.name, language)}"
        told = [one.name for one in pack.authorities.values() if one.regime == regime_id]
        names = words["and"].join(in_language(name, language) for name in told)
        who = words["told"].format(names=names) if names else words["nobody"]
        kept = words["sealed" if regime.keeps.media else "kept"]
        yield f"{who} {kept.format(time=say(regime.keeps.keep_for, language))}"
        if regime.keeps.at_hiding:
            yield words["at_hiding"]


def _replies(pack: Pack, laws: tuple[str, ...], language: str, words: dict[str, str]) -> Iterator[str]:
    owed = _owed_somewhere(pack, laws)
    yield f"## {words['replies']}"
    for name, reply in pack.replies.items():
        yield f"### `{name}`"
        yield in_language(reply.text, language)
        yield from _under(pack, reply.regimes, laws, language, words)
        kept = [promise for promise in reply.promises if set(promise.kept_by) <= owed]
        if kept:
            yield words["only_if"]
            yield from _list([pack.say_promise(promise, language) for promise in kept])


def _notices(pack: Pack, laws: tuple[str, ...], language: str, words: dict[str, str]) -> Iterator[str]:
    yield f"## {words['notices']}"
    for name, notice in pack.notices.items():
        yield f"### `{name}`"
        yield in_language(notice.text, language)
        yield from _under(pack, notice.regimes, laws, language, words)


def _under(
    pack: Pack, added: dict[str, Texts], laws: tuple[str, ...], language: str, words: dict[str, str]
) -> Iterator[str]:
    """What the laws of these regimes add to a message."""
    for regime_id, texts in added.items():
        if applies(regime_id, laws):
            yield words["under"].format(law=in_language(pack.regimes[regime_id].name, language))
            yield in_language(texts, language)
