"""Every statement that the baseline pack can produce is one that the database takes, and says nothing of a person."""

import itertools
from datetime import date
from functools import cache

import pytest
from pydantic import ValidationError

from answerable.authorities.dsa import words
from answerable.authorities.dsa.categories import kind_of
from answerable.authorities.dsa.document import Document
from answerable.authorities.dsa.drill import rules as theirs
from answerable.authorities.dsa.write import About, document_of
from answerable.cases.commands.wanting import INTERIM_WHYS
from answerable.cases.rules import reasons as rules
from answerable.cases.rules.reasons import CameFrom, Reasons
from answerable.policy import baseline
from answerable.policy.words import Age, Visibility
from answerable.settings.config import ITEM_KINDS
from tests.fakes.dsa import client, good

PACK = baseline()
LAW = "47 USC 223a(a)(3); Online Safety Act 2023, s. 10(3A)"
WHYS = sorted(INTERIM_WHYS)
"""What is hidden and what is held: why, in every way that there is."""
BASES = (("reviews", False), ("exact_copy", False), ("exact_match", True))


def about(harm: str, age: Age, kind: str, clause: str, number: int, ended: date | None = None) -> About:
    return About(
        harm=harm,
        age=age,
        item_kind=kind,
        clause_text=PACK.clause_text(clause, "en") if clause else "",
        content_on=date(2026, 11, 30),
        began_on=date(2026, 12, 1),
        ended_on=ended,
        puid=f"{number:032x}",
    )


def interim(source: CameFrom) -> list[Reasons]:
    levels = (Visibility.LIMITED, Visibility.HIDDEN)
    return [rules.of_hiding(level, why, source) for level in levels for why in WHYS]


def decided(clause: str, source: CameFrom) -> list[Reasons]:
    made = []
    for hid, (basis, listed) in itertools.product((False, True), BASES):
        made.append(rules.of_removal(clause, basis, source, listed=listed, hid_before=hid))
    made += [rules.of_suspension(clause, source, hid_before=hid) for hid in (False, True)]
    return made


@cache
def everything() -> list[Document]:
    """Each harm and clause, age, kind of item, source and way of deciding; an end for each second one."""
    made: list[Document] = []
    for harm, age, kind, source in itertools.product(PACK.harms, Age, ITEM_KINDS, CameFrom):
        said = [(one, "") for one in interim(source)]
        said += [(rules.of_deadline(law, source), "") for law in (LAW, "")]
        for clause in PACK.harm(harm).clauses:
            said += [(one, clause.id) for one in decided(clause.id, source)]
        for one, clause_id in said:
            ended = date(2026, 12, 1 + len(made) % 9) if len(made) % 2 else None
            made.append(document_of(one, about(harm, age, kind, clause_id, len(made), ended)))
    return made


def test_every_statement_of_the_baseline_pack_is_taken(database):
    """Checked by the database's own rules, and each different one sent to it, in bundles of 100."""
    documents = everything()
    assert len(documents) > 10_000
    different = {}
    for one in documents:
        body = one.as_json()
        assert theirs.errors_of(body) == {}
        different.setdefault(str({**body, "puid": ""}), one)
    sent = list(different.values())
    for start in range(0, len(sent), 100):
        client(database).store(sent[start : start + 100])
    assert len(database.puids) == len(sent) > 1000
    categories = {one.category for one in sent}
    assert len(categories) == 4


def test_what_the_database_stores_is_what_was_said(database):
    """It drops what belongs to another ground, and sorts: nothing of ours may be lost so."""
    documents = {str({**one.as_json(), "puid": ""}): one for one in everything()}
    sample = list(documents.values())[::37][:100]
    client(database).store(sample)
    for one in sample:
        held = database.statements.by_puid[one.puid]
        for name, value in one.as_json().items():
            assert held[name] == (sorted(value) if isinstance(value, list) else value)


@pytest.mark.parametrize(
    ("clause", "age", "category", "keyword"),
    [
        ("csam.depiction", Age.CHILD, "PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL"),
        ("csam.generated", Age.UNSURE, "PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL_DEEPFAKE"),
        ("grooming.approach", Age.CHILD, "PROTECTION_OF_MINORS", "GROOMING_SEXUAL_ENTICEMENT_MINORS"),
        ("sextortion.threat", Age.UNSURE, "PROTECTION_OF_MINORS", "GROOMING_SEXUAL_ENTICEMENT_MINORS"),
        ("sextortion.threat", Age.ADULT, "CYBER_VIOLENCE", "CYBER_BULLYING_INTIMIDATION"),
        ("ncii.shared", Age.ADULT, "CYBER_VIOLENCE", "NON_CONSENSUAL_IMAGE_SHARING"),
        ("ncii.forgery", Age.ADULT, "CYBER_VIOLENCE", "NON_CONSENSUAL_MATERIAL_DEEPFAKE"),
        ("ncii.shared", Age.UNSURE, "PROTECTION_OF_MINORS", "CHILD_SEXUAL_ABUSE_MATERIAL"),
        ("other_illegal.private", Age.ADULT, "DATA_PROTECTION_AND_PRIVACY_VIOLATIONS", "MISSING_PROCESSING_GROUND"),
        ("our_own.rule", Age.ADULT, "OTHER_VIOLATION_TC", "OTHER"),
    ],
)  # fmt: skip
def test_a_clause_has_its_category(clause, age, category, keyword):
    kind = kind_of("whatever", clause, age)
    assert kind.category == f"STATEMENT_CATEGORY_{category}"
    assert kind.keywords == (f"KEYWORD_{keyword}",)


def test_keywords_about_adults_are_never_used_for_minors():
    for clause, age in itertools.product(
        (clause.id for harm in PACK.harms.values() for clause in harm.clauses), (Age.CHILD, Age.UNSURE)
    ):
        assert not any("NON_CONSENSUAL" in word for word in kind_of("", clause, age).keywords)


def test_a_deadline_claims_no_illegality():
    document = document_of(rules.of_deadline(LAW, CameFrom.NOTICE), about("ncii", Age.ADULT, "image", "", 1))
    assert document.decision_ground is words.Ground.ILLEGAL
    assert document.illegal_content_legal_ground == LAW
    assert "nobody here found that the content is illegal" in document.illegal_content_explanation


@pytest.mark.parametrize("on", [date(1970, 1, 1), date(2026, 11, 30), date(9999, 12, 31)])
def test_whatever_day_a_platform_says_is_one_that_the_database_takes(on):
    said = rules.of_hiding(Visibility.HIDDEN, "report", CameFrom.NOTICE)
    made = About(harm="csam", age=Age.CHILD, item_kind="image", clause_text="", content_on=on,
                 began_on=date(2026, 12, 1), ended_on=None, puid="a")  # fmt: skip
    assert theirs.errors_of(document_of(said, made).as_json()) == {}


@pytest.mark.parametrize(
    "change",
    [
        {"decision_visibility": ()},
        {"category": "STATEMENT_CATEGORY_NON_CONSENSUAL_BEHAVIOUR"},
        {"category_specification": ("KEYWORD_IMAGE_BASED_SEXUAL_ABUSE",)},
        {"category_specification": ("KEYWORD_GROOMING_SEXUAL_ENTICEMENT_MINORS",)},
        {"category_addition": ("STATEMENT_CATEGORY_CYBER_VIOLENCE",)},
        {"territorial_scope": ("US",)},
        {"incompatible_content_ground": None},
        {"illegal_content_legal_ground": "A law"},
        {"incompatible_content_ground": "x" * 501},
        {"decision_facts": "x" * 5001},
        {"content_date": date(1999, 12, 31)},
        {"application_date": date(2038, 1, 2)},
        {"end_date_visibility_restriction": date(2026, 11, 30)},
        {"content_type": ()},
        {"content_type": (words.Content.OTHER,)},
        {"puid": "with a space"},
        {"puid": ""},
        {"source_identity": "Dana"},
    ],
    ids=str,
)
def test_what_the_database_would_refuse_is_not_even_written(change):
    Document(**good())
    with pytest.raises(ValidationError):
        Document(**{**good(), **change})
