"""XML as NCMEC sends it, read without trust: no document type, no entities, no deep nesting.

The standard library's expat does the reading. It refuses nothing of this by itself, and a declared entity
can make a small document large or read a file.
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from answerable.matching.lists.base import BadRecord
from answerable.matching.lists.http import AnswerUnusable

MOST_DEPTH: Final = 32
_OPENING: Final = re.compile(rb"<(image|video|deletedImage|deletedVideo)(?=[\s>])")
_NEXT: Final = re.compile(rb"<next\b[^>]*>[^<]*</next\s*>")


class NotXml(AnswerUnusable):
    """NCMEC answered something that is not XML as it sends it."""


def parse(raw: bytes) -> Element:
    """The root of a document, tags without their namespace. Raises NotXml."""
    builder = TreeBuilder()
    depth = 0

    def refuse(*_: object) -> int:
        raise NotXml("it declares a document type or an entity")

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MOST_DEPTH:
            raise NotXml(f"more than {MOST_DEPTH} elements inside each other")
        builder.start(_local(tag), {_local(name): value for name, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_local(tag))

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise NotXml(f"line {error.lineno}, column {error.offset}") from error
    except (ValueError, LookupError) as error:  # an encoding that Python does not know
        raise NotXml(type(error).__name__) from error
    return builder.close()


def salvage(raw: bytes) -> Iterator[Element | BadRecord]:
    """The entries of a page that is not well-formed, each read by itself, and its `next`, which must be readable.

    One stray byte in one entry would else cost a page of a thousand. A page that was cut short is not
    salvaged: it is asked for again. Raises NotXml.
    """
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw or not raw.rstrip().endswith(b"</queryResult>"):
        raise NotXml("it ends too early, or declares what it must not")
    openings = list(_OPENING.finditer(raw))
    if not openings:
        raise NotXml("it is not well-formed and holds no entry")
    ends = [*(opening.start() for opening in openings[1:]), len(raw)]
    for number, (opening, end) in enumerate(zip(openings, ends, strict=True), 1):
        entry, closing, _ = raw[opening.start() : end].partition(b"</" + opening[1] + b">")
        try:
            yield parse(entry + closing)
        except NotXml as error:
            yield BadRecord(f"entry {number} is not XML: {error.detail}")
    links = _NEXT.findall(raw)
    if len(links) > 1 or raw.count(b"<next") != len(links):
        raise NotXml("its link to the next page can't be read")
    if links:
        yield parse(links[0])


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
