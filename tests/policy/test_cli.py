"""`answerable policy` as an operator uses it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answerable.cases.models import Person
from answerable.policy import cli
from answerable.policy.staff import lacking
from tests.policy.edits import edited, line_of

run = CliRunner()


def _write(folder: Path, text: str) -> Path:
    path = folder / "petra.yaml"
    path.write_text(text, "utf-8")
    return path


def test_holes_are_printed_with_file_line_and_reason_and_the_status_is_1(tmp_path: Path) -> None:
    text = edited("{list: own.confirmed_by_two, exact: true}", "{list: own.confirmed_by_two, exact: false}")
    path = _write(tmp_path, text)
    result = run.invoke(cli.app, ["check", str(path)])
    assert result.exit_code == 1
    line = line_of(text, "exact: false")
    assert (
        f"{path}:{line}: a match with 'own.confirmed_by_two' decides only where it is exact" in result.output
    )


def test_a_pack_with_a_wrong_shape_is_printed_the_same_way(tmp_path: Path) -> None:
    path = _write(tmp_path, "pack: petra\n")
    result = run.invoke(cli.app, ["check", str(path)])
    assert result.exit_code == 1
    assert f"{path}:1: harms: missing" in result.output


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    result = run.invoke(cli.app, ["check", str(tmp_path / "none.yaml")])
    assert result.exit_code == 1
    assert "can't be read: No such file or directory" in result.output


def test_this_code_discharges_every_kind_of_the_baseline() -> None:
    result = run.invoke(cli.app, ["check", "baseline"])
    assert result.exit_code == 0, result.output
    assert result.output.startswith("baseline: no hole (baseline 2026.12.0, ")


@pytest.mark.django_db
def test_staff_names_what_the_desk_lacks_people_for(ravi: Person) -> None:
    people = cli._people()
    assert people == [(tuple(ravi.qualifications), False, False, False)]  # no page could reach anybody
    result = run.invoke(cli.app, ["check", "baseline", "--staff"])
    assert result.exit_code == 1
    for lack in lacking(cli._read(Path("baseline")), people):
        assert str(lack) in result.output


@pytest.mark.parametrize(("language", "words"), [("en", "# Terms: what"), ("fr", "# Conditions\u00a0: ce")])
def test_the_terms_are_written_in_the_language_asked_for(language: str, words: str) -> None:
    result = run.invoke(cli.app, ["render", "--lang", language])
    assert result.exit_code == 0
    assert result.output.startswith(words)


def test_a_language_that_the_pack_lacks_is_refused() -> None:
    result = run.invoke(cli.app, ["render", "--lang", "de"])
    assert result.exit_code == 1
    assert "choose one of en, fr" in result.output


def test_a_pack_with_a_hole_is_not_written(tmp_path: Path) -> None:
    path = _write(tmp_path, edited("contest_for: 184d", "contest_for: 1d"))
    result = run.invoke(cli.app, ["render", "--pack", str(path)])
    assert result.exit_code == 1
    assert "for six months" in result.output


def test_a_pack_is_checked_before_there_is_a_desk(tmp_path: Path) -> None:
    """In a fresh folder, as an integrator would, without configuration."""
    path = _write(tmp_path, edited("contest_for: 184d", "contest_for: 1d"))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANSWERABLE_", "DJANGO_"))}
    done = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "policy", "check", path.name],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "petra.yaml:" in done.stdout
    assert "for six months" in done.stdout
    assert "Traceback" not in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["petra.yaml"]
