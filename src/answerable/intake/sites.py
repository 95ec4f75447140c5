"""What the lines of the links box are: links to sites of ours, links to other sites, or words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from answerable.cases.inputs import Link
from answerable.platforms import links as typed_links
from answerable.platforms.registry import locate

_NAME_ENDS = re.compile(r"[^/@]{2,}?(?:[/?#:]|$)")
LONGEST_LINE = 2000
MOST_LINES = 200
"""Lines that are read one by one. The form takes fewer links, so what comes after is kept as words."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The links box, read."""

    links: tuple[Link, ...] = ()
    words: tuple[str, ...] = ()
    """Lines that are no links: kept with the description, so that nothing typed is lost."""
    unknown_sites: tuple[str, ...] = ()
    """Names of sites that this desk doesn't answer for."""

    @property
    def only_unknown(self) -> bool:
        """Whether there are links, and none leads to a site of ours."""
        return bool(self.unknown_sites) and not any(link.platform for link in self.links)


def read_lines(text: str) -> Lines:
    """Read the links box. Never any I/O; never raises."""
    links: dict[tuple[str, ...], Link] = {}
    words: list[str] = []
    unknown: dict[str, None] = {}
    lines, rest = _lines(text)
    for line in lines:
        located = locate(line)
        if located.platform is None and not _looks_like_a_link(line):
            words.append(line)
            continue
        if located.platform is None:
            read = typed_links.read(line)
            unknown[read.host if read else line[:60]] = None
        if len(line.split()) > 1:
            words.append(line)  # a link inside a sentence: the sentence may say more
        key = (located.platform or "", located.ref) if located.ref else ("", located.link)
        named = (located.platform or "", located.ref or "", located.kind, located.address)
        links.setdefault(key, Link(located.link, *named))
    return Lines(tuple(links.values()), (*words, *rest), tuple(unknown))


def _looks_like_a_link(line: str) -> bool:
    """Whether a line says where something is: a scheme, a host alone, or a host with a path.

    Each step goes through the line once. A pattern for the same takes the square of its length, and anybody
    may send a long line.
    """
    if "://" in line:
        return True
    word, *more = line.split(maxsplit=1)
    dot = word.find(".", 1)
    if dot < 0:
        return False
    if 0 < word.find("/", dot + 3) < len(word) - 1:
        return True
    named = not any(mark in word[:dot] for mark in "/@")
    return named and not more and _NAME_ENDS.match(word, dot + 1) is not None


def _lines(text: str) -> tuple[list[str], list[str]]:
    """The lines that hold something; a line with several links is several. And all that comes after, as one."""
    found: list[str] = []
    typed = text.splitlines()
    for line in (raw.strip() for raw in typed[:MOST_LINES]):
        words = line.split()
        several = sum("://" in word for word in words) > 1
        found.extend(words if several else [line] if line else [])
    rest = "\n".join([*found[MOST_LINES:], *typed[MOST_LINES:]]).strip()
    return found[:MOST_LINES], [rest] if rest else []


def our_sites() -> Sequence[str]:
    """The hosts that this desk answers for, as people know them."""
    return [host for platform in settings.CONFIG.platforms for host in platform.hosts[:1]]
