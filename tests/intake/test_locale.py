"""Every text of the public pages has its French, in step with the code, in the file that is served."""

import re
from pathlib import Path

import polib
import pytest
from django.template.base import Lexer, TokenType
from django.utils.translation import trim_whitespace

import answerable.intake

INTAKE = Path(answerable.intake.__file__).parent
FRENCH = INTAKE / "locale" / "fr" / "LC_MESSAGES" / "django.po"
_CALL = re.compile(r"""\b(?:_|gettext|gettext_lazy|ngettext)\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)""")
_TRANSLATE = re.compile(r"""^translate\s+(?:"([^"]*)"|'([^']*)')""")
_VARIABLE = re.compile(r"\{\{ *(\w+) *\}\}|%\((\w+)\)s")


def texts_of_code() -> set[str]:
    """Every English text that the code marks for translation."""
    found = set()
    for path in INTAKE.rglob("*.py"):
        for call in _CALL.findall(path.read_text()):
            found.add("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', call)))
    for path in INTAKE.rglob("*.html"):
        found |= _texts_of_template(path.read_text())
    return found


def _texts_of_template(source: str) -> set[str]:
    found = set()
    block: list[str] | None = None
    for token in Lexer(source).tokenize():
        if token.token_type is TokenType.BLOCK:
            simple = _TRANSLATE.match(token.contents)
            if simple:
                found.add(simple[1] or simple[2])
            elif token.contents.startswith("blocktranslate"):
                block = []
            elif token.contents in ("plural", "endblocktranslate") and block is not None:
                found.add(trim_whitespace("".join(block)))
                block = [] if token.contents == "plural" else None
        elif block is not None:
            block.append(f"%({token.contents})s" if token.token_type is TokenType.VAR else token.contents)
    return found


@pytest.fixture(scope="module")
def french() -> polib.POFile:
    """The French texts."""
    return polib.pofile(str(FRENCH))


def test_every_text_of_the_code_has_its_french(french: polib.POFile) -> None:
    known = {entry.msgid for entry in french} | {entry.msgid_plural for entry in french}
    assert texts_of_code() - known == set()


def test_no_french_is_left_over_or_missing(french: polib.POFile) -> None:
    assert [entry.msgid for entry in french if not entry.translated() or entry.fuzzy or entry.obsolete] == []
    used = texts_of_code()
    assert [entry.msgid for entry in french if entry.msgid not in used] == []


def test_the_french_names_the_same_values(french: polib.POFile) -> None:
    for entry in french:
        wanted = set(_VARIABLE.findall(entry.msgid_plural or entry.msgid))
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            assert set(_VARIABLE.findall(text)) == wanted, entry.msgid


def test_the_french_uses_its_own_typography_and_one_form_of_address(french: polib.POFile) -> None:
    for entry in french:
        for text in entry.msgstr_plural.values() or [entry.msgstr]:
            assert not re.search(r" [:;?!»]|« |'", text), text
            assert not re.search(r"\b(tu|toi|ton|ta|tes)\b", text, re.IGNORECASE), text


def test_the_compiled_file_is_in_step(french: polib.POFile) -> None:
    compiled = {e.msgid: (e.msgstr, e.msgstr_plural) for e in polib.mofile(str(FRENCH.with_suffix(".mo")))}
    assert compiled == {e.msgid: (e.msgstr, e.msgstr_plural) for e in french}
