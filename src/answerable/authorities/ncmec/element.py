"""A typed element of NCMEC's documents, that writes itself in the schema's order.

The fields of a class stand in that order; names are the schema's, in Python's spelling. What is None, empty or a
flag that is not set is left out: a document says what is known, and nothing of what isn't.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from enum import Enum
from typing import Annotated, Any, Final
from xml.etree import ElementTree

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from answerable.authorities.ncmec.words import COUNTRIES, STATES

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'


class _Mark(Enum):
    ATTRIBUTE = "an attribute of its element"
    CONTENT = "the text of its element"
    FLAG = "there, or not there"


ATTRIBUTE: Final = _Mark.ATTRIBUTE
CONTENT: Final = _Mark.CONTENT


def in_xml(text: str) -> str:
    """A text with what no XML document may hold replaced by the sign for that."""
    return _NOT_XML.sub("\ufffd", text)


def _one_of(known: frozenset[str], what: str) -> Any:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"{value!r} is not the code of a {what} that NCMEC knows")
        return value

    return AfterValidator(check)


Text = Annotated[str, AfterValidator(in_xml)]
Words = Annotated[
    str, StringConstraints(min_length=1, max_length=3000, pattern=r"\S"), AfterValidator(in_xml)
]
Text64 = Annotated[Text, Field(max_length=64)]
Text100 = Annotated[Text, Field(max_length=100)]
Text255 = Annotated[Text, Field(max_length=255)]
Text300 = Annotated[Text, Field(max_length=300)]
Address2083 = Annotated[Text, Field(max_length=2083)]
Country = Annotated[str, _one_of(COUNTRIES, "country")]
State = Annotated[str, _one_of(STATES, "state of the US")]
Long = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Moment = AwareDatetime
Flag = Annotated[bool, _Mark.FLAG]


class Element(BaseModel):
    """One element. `write` gives it as XML; a subclass's fields are its children, unless they are marked."""

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)

    def write(self, name: str) -> bytes:
        """The whole document with this as its root, in UTF-8."""
        return DECLARATION + ElementTree.tostring(self.as_xml(name), encoding="unicode").encode()

    def as_xml(self, name: str) -> ElementTree.Element:
        """This as an element of that name."""
        element = ElementTree.Element(name)
        for field_name, field in type(self).model_fields.items():
            value = getattr(self, field_name)
            if value is None:
                continue
            written = field.alias or field_name
            if ATTRIBUTE in field.metadata:
                element.set(written, _text(value))
            elif CONTENT in field.metadata:
                element.text = _text(value)
            else:
                element.extend(_children(written, value, is_flag=_Mark.FLAG in field.metadata))
        return element


def _children(name: str, value: Any, *, is_flag: bool) -> Iterator[ElementTree.Element]:
    if is_flag and not value:
        return
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, Element):
            yield one.as_xml(name)
        else:
            child = ElementTree.Element(name)
            child.text = _text(one)
            yield child


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
