"""Texts: every language, the same placeholders, no promise that nothing keeps, nothing that could hurt."""

import re
from collections.abc import Iterator, Mapping

from answerable.policy.checks.places import every_promise
from answerable.policy.errors import Hole
from answerable.policy.pack import Pack
from answerable.policy.source import Path
from answerable.policy.texts import placeholders

REPLIES = frozenset(
    {
        "acknowledged",
        "waits_for_look",
        "by_hand",
        "platform_silent",
        "violating_removed",
        "violating_text_removed",
        "known_removed",
        "gone",
        "not_violating",
        "incomplete",
        "complete",
        "removed_undecided",
        "reopened",
        "answer_received",
        "answer_read",
        "unreachable_site",
        "unknown_site",
        "not_found",
        "person_on_call",
        "nobody_on_call",
        "complaint_received",
        "complaint_upheld",
        "complaint_rejected",
        "withdrawn",
        "overturned",
    }
)
NOTICES = frozenset(
    {
        "interim",
        "removed",
        "removed_undecided",
        "restored",
        "overturned",
        "appeal_received",
        "appeal_rejected",
        "account_suspended",
        "account_restored",
        "ordered",
        "order_stands",
    }
)
ELEMENTS = frozenset({"signature", "location", "good_faith", "contact"})
REPLY_WORDS = frozenset({"count", "missing", "emergency_contact", "clause"})
NOTICE_WORDS = frozenset({"address", "code", "day", "clause", "means"})
OF_ORDERS = frozenset({"ordered", "order_stands"})
"""Notices about an authority's order: they say of which country and under which law, and nothing that anybody typed."""
NOBODY_DECIDED = frozenset({"interim", "removed_undecided"}) | OF_ORDERS
"""Notices of what happened without a decision: they name no clause, and no means by which it was reached."""

_FORWARD = re.compile(
    r"\b(we|they|it|you|someone|somebody|people) will\b|\w['’]ll\b|\bwithin\b|\bas soon as\b"
    r"|\b(nous|elles?|ils?|vous|on) (allons|vont|va|allez) \w+re?\b"
    r"|\ben moins d|\bau plus tard\b|\bd['’]ici\b|\bdès que\b",
    re.IGNORECASE,
)
_A_TIME = re.compile(
    r"\d|\b(one|two|three|a few|an?|une?|deux|trois|quelques) "
    r"(second|minute|hour|week|month|seconde|heure|semaine|mois)",
    re.IGNORECASE,
)
_REPORTING = re.compile(
    r"\breport|\bsignal[eé]|\bflagg|\bdénon|\breceived (an? )?(information|notice|request)|\btold us\b"
    r"|\bparvenue?s?\b|\bnous a (été )?(dit|averti|prévenu)",
    re.IGNORECASE,
)


def every_text(pack: Pack) -> Iterator[tuple[Path, Mapping[str, str], frozenset[str]]]:
    """Every text that is no promise: its place, its languages, the placeholders that it may use."""
    nothing: frozenset[str] = frozenset()
    for name, regime in pack.regimes.items():
        yield ("regimes", name, "name"), regime.name, nothing
        for short, law in regime.orders.laws.items():
            yield ("regimes", name, "orders", "laws", short), law, nothing
    for name, authority in pack.authorities.items():
        yield ("authorities", name, "name"), authority.name, nothing
    for name, element in pack.elements.items():
        yield ("elements", name), element, nothing
    for harm_id, harm in pack.harms.items():
        yield ("harms", harm_id, "name"), harm.name, nothing
        for field in ("clauses", "exceptions"):
            for index, part in enumerate(getattr(harm, field)):
                yield ("harms", harm_id, field, index, "text"), part.text, nothing
    for name, reply in pack.replies.items():
        yield ("replies", name, "text"), reply.text, REPLY_WORDS
        for regime_id, text in reply.regimes.items():
            yield ("replies", name, "regimes", regime_id), text, REPLY_WORDS
    for name, notice in pack.notices.items():
        words = NOTICE_WORDS - {"clause", "means"} if name in NOBODY_DECIDED else NOTICE_WORDS
        words |= {"country", "law"} if name in OF_ORDERS else nothing
        yield ("notices", name, "text"), notice.text, words
        for regime_id, text in notice.regimes.items():
            yield ("notices", name, "regimes", regime_id), text, words
    for index, term in enumerate(pack.terms):
        yield ("terms", index, "text"), term.text, nothing


def holes(pack: Pack) -> Iterator[Hole]:
    """Every hole in what people read."""
    for path, text, words in every_text(pack):
        yield from _languages(pack, path, text)
        yield from _plain(pack, path, text, words)
    for path, promise, _ in every_promise(pack):
        for field in ("text", "in_terms"):
            texts = getattr(promise, field)
            if texts is not None:
                yield from _languages(pack, (*path, field), texts)
                yield from _promise(pack, (*path, field), texts, frozenset(promise.kept_by))
    for field, needed in (("replies", REPLIES), ("notices", NOTICES), ("elements", ELEMENTS)):
        for name in sorted(needed - set(getattr(pack, field))):
            yield pack.source.hole((field,), f"{name!r} is missing: people are told it automatically")


def _languages(pack: Pack, path: Path, text: Mapping[str, str]) -> Iterator[Hole]:
    for language in pack.languages:
        if language not in text:
            yield pack.source.hole(path, f"the text is missing in {language!r}")
    for language in text:
        if language not in pack.languages:
            yield pack.source.hole((*path, language), f"the pack has no language {language!r}")
    if len({placeholders(words) for words in text.values()}) > 1:
        yield pack.source.hole(path, "the languages don't have the same placeholders")


def _plain(pack: Pack, path: Path, text: Mapping[str, str], words: frozenset[str]) -> Iterator[Hole]:
    told = path[0] in ("replies", "notices", "terms")
    for language, sentence in text.items():
        place = (*path, language)
        strange = sorted(placeholders(sentence) - words)
        if strange:
            yield pack.source.hole(place, f"nothing fills the placeholder {{{strange[0]}}}")
        if told and (found := _FORWARD.search(sentence)):
            yield pack.source.hole(
                place,
                f"{found[0]!r} promises something, bound to nothing: move it under `promises`",
            )
        if path[0] == "notices" and (found := _REPORTING.search(sentence)):
            yield pack.source.hole(place, f"{found[0]!r}: a notice says nothing about a report (rule 16)")


def _promise(pack: Pack, path: Path, text: Mapping[str, str], kept_by: frozenset[str]) -> Iterator[Hole]:
    for language, sentence in text.items():
        place = (*path, language)
        strange = sorted(placeholders(sentence) - kept_by)
        if strange:
            yield pack.source.hole(
                place, f"{{{strange[0]}}} is a time of something that doesn't keep this promise"
            )
        if found := _A_TIME.search(sentence):
            yield pack.source.hole(
                place, f"{found[0]!r} is a time that nothing keeps: write the kind in braces"
            )
