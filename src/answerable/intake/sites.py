"""What the lines of the links box are: links to sites of ours, links to other sites, or words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from answerable.cases.inputs import Link
from answerable.platforms import links as typed_links
from answerable.platforms.registry import locate

_LOOKS_LIKE_A_LINK = re.compile(r"://|^[^\s/@]+\.[^\s/@]{2,}(?:[/?#:]\S*)?$|^\S+\.\S{2,}/\S")
LONGEST_LINE = 2000


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
    for line in _lines(text):
        located = locate(line)
        if located.platform is None and not _LOOKS_LIKE_A_LINK.search(line):
            words.append(line)
            continue
        if located.platform is None:
            read = typed_links.read(line)
            unknown[read.host if read else line[:60]] = None
        if len(line.split()) > 1:
            words.append(line)  # a link inside a sentence: the sentence may say more
        key = (located.platform or "", located.ref) if located.ref else ("", located.link)
        links.setdefault(key, Link(located.link, located.platform or "", located.ref or "", located.kind))
    return Lines(tuple(links.values()), tuple(words), tuple(unknown))


def _lines(text: str) -> list[str]:
    """The lines that hold something; a line with several links is several."""
    found: list[str] = []
    for line in (raw.strip() for raw in text.splitlines()):
        words = line.split()
        several = sum("://" in word for word in words) > 1
        found.extend(words if several else [line] if line else [])
    return found


def our_sites() -> Sequence[str]:
    """The hosts that this desk answers for, as people know them."""
    return [host for platform in settings.CONFIG.platforms for host in platform.hosts[:1]]
