"""What the documents say exists, exists."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from answerable import cli

REPOSITORY = Path(__file__).resolve().parents[2]
DOCUMENTS = [REPOSITORY / name for name in ("README.md", "ARCHITECTURE.md", "SECURITY.md", "CHANGELOG.md")]
DOCUMENTS += sorted((REPOSITORY / "docs").rglob("*.md"))
COMMAND = re.compile(r"(?:^|`)answerable ((?:[a-z][a-z-]* ?)+)", re.MULTILINE)


def shown_commands() -> list[str]:
    """Every `answerable ...` in the documents, up to its first argument that is no name of a command."""
    found = {match.strip() for path in DOCUMENTS for match in COMMAND.findall(path.read_text())}
    return sorted(found)


@pytest.mark.parametrize("command", shown_commands())
def test_a_command_shown_in_the_documents_exists(command):
    name, *rest = command.split()
    part = cli.PARTS[name]
    target = cli.load(part)
    while rest and hasattr(target, "registered_commands"):
        named = {
            found.name or found.callback.__name__.replace("_", "-"): None
            for found in target.registered_commands
        }
        named |= {group.name: group.typer_instance for group in target.registered_groups}
        assert rest[0] in named
        target, rest = named[rest[0]], rest[1:]


def test_every_make_target_shown_exists():
    makefile = (REPOSITORY / "Makefile").read_text()
    shown = {
        target
        for path in DOCUMENTS
        for target in re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.M)
    }
    assert {"run", "test"} <= shown
    assert {target for target in shown if f"\n{target}:" not in makefile} == set()


def test_every_link_between_documents_leads_somewhere():
    broken = []
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.name}: {target}")
    assert broken == []


def test_code_that_is_named_in_the_documents_exists():
    named = {
        p
        for path in DOCUMENTS
        for p in re.findall(r"`((?:src|tests|docs|scripts)/[\w./-]+)`", path.read_text())
    }
    assert sorted(name for name in named if not (REPOSITORY / name).exists()) == []


def test_no_committed_file_names_a_package_index():
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    pattern = re.compile(r"--(extra-)?index-url|pypi\.|/simple/?\b", re.IGNORECASE)
    files = [REPOSITORY / name for name in listed.stdout.splitlines()]
    text = [
        f
        for f in files
        if f.suffix in (".txt", ".toml", ".md", ".cfg", ".yaml", ".yml", ".in", ".lock") and f.exists()
    ]
    assert [str(f) for f in text if pattern.search(f.read_text())] == []


def test_the_help_of_the_command_names_every_part():
    shown = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "--help"], capture_output=True, text=True, check=True
    )
    assert [name for name in cli.PARTS if name not in shown.stdout] == []


def test_help_needs_no_desk(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "serve", "--help"],
        capture_output=True, text=True, env={"ANSWERABLE_DATA": str(tmp_path), "PATH": ""}, check=False,
    )  # fmt: skip
    assert result.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_desk_that_is_not_configured_says_what_to_do(tmp_path):
    result = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "audit", "check"],
        capture_output=True, text=True, env={"ANSWERABLE_DATA": str(tmp_path), "PATH": ""}, check=False,
    )  # fmt: skip
    assert result.returncode == 2
    assert "answerable init" in result.stderr
    assert "Traceback" not in result.stderr
