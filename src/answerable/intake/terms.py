"""The rules as a page: what the policy pack's Markdown says, as HTML. Only what that Markdown uses."""

import re
from functools import lru_cache

from django.conf import settings
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from answerable.policy import store
from answerable.policy.render import terms

_HEADING = re.compile(r"^(#{1,3}) (.+)$")
_INLINE = re.compile(r"`([^`]+)`|\*([^*]+)\*")


def terms_html(language: str) -> SafeString:
    """The active pack's terms in that language, as far as this desk's laws make them."""
    return _terms_html(store.active().digest, language, settings.CONFIG.desk.regimes)


@lru_cache(maxsize=16)
def _terms_html(digest: str, language: str, regimes: tuple[str, ...]) -> SafeString:
    return to_html(terms(store.pack(digest), language, regimes))


def to_html(markdown: str) -> SafeString:
    """Headings, lists, emphasis, code and paragraphs; everything else is text and is escaped."""
    blocks = [_block(block) for block in markdown.strip().split("\n\n") if block.strip()]
    return format_html_join("\n", "{}", ((block,) for block in blocks))


def _block(block: str) -> SafeString:
    heading = _HEADING.match(block)
    if heading:
        level = len(heading.group(1))
        return format_html("<h{}>{}</h{}>", level, _inline(heading.group(2)), level)
    lines = block.split("\n")
    if all(line.startswith("- ") for line in lines):
        items = format_html_join("", "<li>{}</li>", ((_inline(line[2:]),) for line in lines))
        return format_html("<ul>{}</ul>", items)
    return format_html("<p>{}</p>", _inline(" ".join(lines)))


def _inline(text: str) -> SafeString:
    parts: list[str] = []
    end = 0
    for match in _INLINE.finditer(text):
        parts.append(conditional_escape(text[end : match.start()]))
        code, emphasis = match.groups()
        parts.append(format_html("<code>{}</code>", code) if code else format_html("<em>{}</em>", emphasis))
        end = match.end()
    parts.append(conditional_escape(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308  each part was escaped
