"""Whether NCMEC knows this desk, and whether its schema still has what this desk writes. Files nothing."""

import hashlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from answerable.authorities.ncmec import schema
from answerable.authorities.ncmec.client import CyberTipline
from answerable.matching.lists.ncmec import xml


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of it. `lacking`: names that this desk writes and its schema doesn't have; `new`: the other way."""

    known_as: str
    digest: str
    lacking: tuple[str, ...]
    new: tuple[str, ...]


def check(client: CyberTipline) -> Checked:
    """Ask. Raises AuthorityError."""
    known_as = client.status()
    theirs = client.xsd()
    digest = hashlib.sha256(theirs).hexdigest()
    ours = _names(xml.parse(schema.text().encode()))
    try:
        known = _names(xml.parse(theirs))
    except xml.NotXml:
        return Checked(known_as, digest, ("all of it: it is not XML",), ())
    return Checked(known_as, digest, tuple(sorted(ours - known)), tuple(sorted(known - ours)))


def _names(root: Element) -> set[str]:
    """The names of all elements and attributes that a schema declares."""
    return {
        one.get("name", "") for tag in ("element", "attribute") for one in root.iter(tag) if one.get("name")
    }
