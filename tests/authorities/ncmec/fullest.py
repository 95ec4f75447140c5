"""Documents that hold everything there is, and the paths of everything that the schema knows."""

import types
import typing
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from xml.etree.ElementTree import Element as Xml

from pydantic import AwareDatetime
from xmlschema.validators import XsdElement

from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.element import Element

BY_NAME = {
    "countryCallingCode": "+33",
    "extension": "12",
    "state": "NY",
    "country": "FR",
    "countryCode": "FR",
    "fleaCountry": "FR",
    "ipAddress": "203.0.113.7",
    "port": 443,
}
BY_TYPE = {
    str: "a text",
    int: 7,
    float: 1.5,
    bool: True,
    date: date(2000, 1, 2),
    AwareDatetime: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
}


def fullest(kind: type[Element], skip: frozenset[str] = frozenset()) -> Element:
    """An element of that class with every field filled, but those skipped (as `Class.field`)."""
    values = {}
    for name, field in kind.model_fields.items():
        if f"{kind.__name__}.{name}" not in skip:
            values[name] = _value(field.annotation, field.alias or name, skip)
    return kind(**values)


def _value(annotation: object, name: str, skip: frozenset[str]) -> object:
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return _value(next(one for one in typing.get_args(annotation) if one is not type(None)), name, skip)
    if typing.get_origin(annotation) is tuple:
        one = _value(typing.get_args(annotation)[0], name, skip)
        return (one, one)
    if name in BY_NAME:
        return BY_NAME[name]
    if name == "fileId":
        return "0123456789abcdef"
    if isinstance(annotation, type) and issubclass(annotation, Element):
        return fullest(annotation, skip)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return next(iter(annotation))
    return next(value for kind, value in BY_TYPE.items() if annotation is kind)


def paths_written(root: Xml) -> set[str]:
    """Every element and attribute of a document, as `a/b` and `a/b@c`."""

    def walk(element: Xml, path: str) -> Iterator[str]:
        yield path
        yield from (f"{path}@{name}" for name in element.attrib)
        for child in element:
            yield from walk(child, f"{path}/{child.tag}")

    return set(walk(root, root.tag))


def paths_known(root: str) -> set[str]:
    """Every element and attribute that the schema knows under a root."""

    def walk(element: XsdElement, path: str) -> Iterator[str]:
        yield path
        yield from (f"{path}@{name}" for name in element.attributes if name)
        content = getattr(element.type, "content", None)
        for child in getattr(content, "iter_elements", tuple)():
            yield from walk(child, f"{path}/{child.name}")

    return set(walk(schema.schema().elements[root], root))
