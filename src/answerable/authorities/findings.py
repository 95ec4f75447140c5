"""A finding about a child, as a value that nothing but a row of `Finding` can make (rule 13).

What writes a report to NCMEC takes these and nothing else, so that no adult's matter can reach it by mistake.
"""

from typing import Final

from answerable.cases.models import Finding
from answerable.policy.words import Age

_KEY: Final = object()


class NotAFinding(Exception):
    """A report about a child rests on a finding: one that stands in the database, about a child or unsure age."""


class ChildFinding:
    """A finding about a child, or about somebody whose age people were unsure of. Made by `of` alone."""

    __slots__ = ("__row",)

    def __init__(self, key: object, row: Finding) -> None:
        if key is not _KEY:
            raise NotAFinding("it was not read from the database")
        self.__row = row

    @classmethod
    def of(cls, row: Finding) -> "ChildFinding":
        """The value of a row. Raises NotAFinding."""
        if not isinstance(row, Finding) or row.pk is None or row._state.adding:
            raise NotAFinding("it is no row of the database")
        if row.age not in (Age.CHILD, Age.UNSURE):
            raise NotAFinding("it is about an adult")
        return cls(_KEY, row)

    @property
    def row(self) -> Finding:
        """The row."""
        return self.__row

    @property
    def is_unsure(self) -> bool:
        """Whether people could not tell the age: it is filed, saying so."""
        return self.__row.age == Age.UNSURE
