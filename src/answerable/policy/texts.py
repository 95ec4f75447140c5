"""Texts in every language of a pack, with placeholders such as `{count}`."""

from collections.abc import Mapping
from string import Formatter
from typing import Annotated

from pydantic import AfterValidator

from answerable.policy.errors import MissingWordError


def placeholders(text: str) -> frozenset[str]:
    """The names in braces. Raises ValueError where a brace is open or holds more than a name."""
    names = set()
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f"a placeholder is a name in braces, not {{{name}}}")
        names.add(name)
    return frozenset(names)


def _checked(texts: dict[str, str]) -> dict[str, str]:
    if not texts:
        raise ValueError("a text is written for each language, such as {en: …, fr: …}")
    for language, text in texts.items():
        if not text.strip():
            raise ValueError(f"the text in {language!r} is empty")
        placeholders(text)
    return texts


Texts = Annotated[dict[str, str], AfterValidator(_checked)]


def in_language(texts: Mapping[str, str], language: str) -> str:
    """The text in that language (`fr-CA` reads `fr`), else in the first one of the pack."""
    for wanted in (language, language.replace("_", "-").split("-")[0]):
        if wanted in texts:
            return texts[wanted]
    return next(iter(texts.values()))


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its placeholders filled. Raises MissingWordError naming those without a value."""
    missing = sorted(placeholders(text) - set(values))
    if missing:
        raise MissingWordError(f"the text {text[:40]!r}… needs a value for {', '.join(missing)}")
    return text.format_map({name: str(value) for name, value in values.items()})
