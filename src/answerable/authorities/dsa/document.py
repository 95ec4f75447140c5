"""One statement of reasons as the database of the EU takes it, with every limit that its reference states."""

import re
from datetime import date
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from answerable.authorities.dsa import words

FIRST_CONTENT: Final = date(2000, 1, 1)
FIRST_APPLICATION: Final = date(2020, 1, 1)
LAST: Final = date(2038, 1, 1)
PUID: Final = re.compile(r"[a-zA-Z0-9_-]{1,500}")

Short = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Long = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Facts = Annotated[str, StringConstraints(min_length=1, max_length=5000)]
Identifier = Annotated[str, StringConstraints(pattern=rf"^{PUID.pattern}$")]
End = Annotated[date, Field(le=LAST)]


class Document(BaseModel):
    """A statement as it is sent. What this software never says (such as who notified) has no field here."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    decision_visibility: tuple[words.Visibility, ...] = ()
    decision_account: words.Account | None = None
    decision_ground: words.Ground
    illegal_content_legal_ground: Short | None = None
    illegal_content_explanation: Long | None = None
    incompatible_content_ground: Short | None = None
    incompatible_content_explanation: Long | None = None
    incompatible_content_illegal: words.YesNo | None = None
    content_type: tuple[words.Content, ...] = Field(min_length=1)
    content_type_other: Short | None = None
    category: str
    category_addition: tuple[str, ...] = ()
    category_specification: tuple[str, ...] = ()
    territorial_scope: tuple[str, ...] = words.COUNTRIES
    content_date: date = Field(ge=FIRST_CONTENT, le=LAST)
    application_date: date = Field(ge=FIRST_APPLICATION, le=LAST)
    end_date_visibility_restriction: End | None = None
    end_date_account_restriction: End | None = None
    decision_facts: Facts
    source_type: words.Source
    automated_detection: words.YesNo
    automated_decision: words.Automation
    puid: Identifier

    @model_validator(mode="after")
    def says_what_was_decided(self) -> Self:
        """One decision at least, and its end not before its beginning."""
        if not self.decision_visibility and self.decision_account is None:
            raise ValueError("nothing was decided")
        for end in (self.end_date_visibility_restriction, self.end_date_account_restriction):
            if end is not None and end < self.application_date:
                raise ValueError("it ends before it begins")
        if (words.Content.OTHER in self.content_type) is (self.content_type_other is None):
            raise ValueError("content_type_other goes with CONTENT_TYPE_OTHER")
        return self

    @model_validator(mode="after")
    def names_its_ground(self) -> Self:
        """The ground's own fields, and none of the other's."""
        illegal = (self.illegal_content_legal_ground, self.illegal_content_explanation)
        against_terms = (self.incompatible_content_ground, self.incompatible_content_explanation)
        on_law = self.decision_ground is words.Ground.ILLEGAL
        needed, other = (illegal, against_terms) if on_law else (against_terms, illegal)
        if None in needed or any(one is not None for one in other):
            raise ValueError("a ground has its own two fields and not the other's")
        if on_law and self.incompatible_content_illegal is not None:
            raise ValueError("incompatible_content_illegal goes with the terms")
        return self

    @model_validator(mode="after")
    def uses_known_words(self) -> Self:
        """Categories and countries that exist, and keywords of these categories alone."""
        categories = (self.category, *self.category_addition)
        if any(name not in words.CATEGORIES for name in categories):
            raise ValueError("there is no such category")
        if self.category in self.category_addition:
            raise ValueError("the category is no addition to itself")
        fitting = frozenset().union(*(words.CATEGORIES[name] for name in categories))
        if not fitting.issuperset(self.category_specification):
            raise ValueError("a keyword belongs to none of the categories")
        if not set(words.COUNTRIES).issuperset(self.territorial_scope):
            raise ValueError("there is no such country")
        return self

    def as_json(self) -> dict[str, Any]:
        """As it is sent: what isn't said is left out."""
        said: dict[str, Any] = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in said.items() if value != []}
