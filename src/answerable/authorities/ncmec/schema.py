"""The schema that every document is measured against before it is sent: `cybertipline.xsd`, beside this file."""

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree

if TYPE_CHECKING:
    import xmlschema

FILE: Final = "cybertipline.xsd"


class NotValid(Exception):
    """A document is not what NCMEC's schema asks for; the message says where, and never what stands there."""


@lru_cache(maxsize=1)
def schema() -> "xmlschema.XMLSchema":
    """The schema, compiled once a process: about a third of a second."""
    import xmlschema  # noqa: PLC0415  half a second that only those pay who file

    return xmlschema.XMLSchema(text(), allow="none", defuse="always")


def text() -> str:
    """The schema as it is shipped."""
    return (files(__package__) / FILE).read_text("utf-8")


def validate(root: ElementTree.Element) -> None:
    """Raises NotValid with the path of the first element that is wrong."""
    wrong = next(schema().iter_errors(root), None)
    if wrong is not None:
        raise NotValid(f"{wrong.path or '/'}: {type(wrong).__name__}")
