"""The commands as somebody types them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from answerable.matching.backfill import session
from answerable.matching.backfill.cli import backfill
from answerable.matching.cli import copies
from tests.matching.backfill.conftest import configured, desk, draw, entry, library, picture, site
from tests.matching.rows import content

__all__ = ["configured", "desk", "draw", "entry", "library", "picture", "site"]
pytestmark = pytest.mark.django_db
FILE, PDQ = hashlib.sha256(b"file").digest(), hashlib.sha256(b"picture").digest()


def typed(command: Callable[..., None], *words: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, list(map(str, words)))


def test_copies_are_printed_for_people_and_for_programs() -> None:
    content("same", FILE, PDQ)
    said = typed(copies, f"sha256:{FILE.hex()}")
    assert said.exit_code == 0
    assert "identical\tsample:same\tvisible" in said.stdout
    answer = json.loads(typed(copies, f"pdq:{PDQ.hex()}", "--json").stdout)
    assert answer["total"] == 1
    assert answer["copies"][0]["distance"] == 0


def test_a_question_that_is_not_understood_is_said() -> None:
    said = typed(copies, "nowhere.jpg")
    assert said.exit_code == 2
    assert "There is no such file. Write a file's path" in said.stderr


def test_the_exit_code_says_how_a_backfill_ended(
    desk: None, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.decoders, "use", lambda _size: None)
    monkeypatch.setattr("answerable.matching.backfill.cli.NICENESS", 0)
    good = typed(backfill, library / "uri0", library / "uri1", "--platform", "site")
    assert (good.exit_code, good.stdout.count("3 registered")) == (0, 2)
    (library / "empty.jpg").write_bytes(b"")
    assert typed(backfill, library, "--platform", "site").exit_code == 1
    wrong = typed(backfill, library, "--platform", "nowhere")
    assert wrong.exit_code == 2
    assert "nowhere" in wrong.stderr
    assert typed(backfill, library, "--platform", "site", "--kind", "painting").exit_code == 2
