"""Rules of the house that no linter holds by itself."""

import ast
import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "answerable"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)


def names_used(path: Path) -> set[str]:
    """Every attribute and name that a module reads."""
    tree = ast.parse(path.read_text())
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(SOURCE)) for path in paths]


def test_nothing_hangs_on_a_commit_hook():
    assert relative([path for path in MODULES if "on_commit" in names_used(path)]) == []


def test_commands_release_by_way_of_the_log():
    """`Writing.release` puts it into the log; the ledger's own function would not (rule 21)."""
    commands = [path for path in MODULES if path.parent.name == "commands" and path.name != "writing.py"]
    assert relative([path for path in commands if "release_all" in names_used(path)]) == []


def test_nobody_asks_django_for_the_time():
    asking = re.compile(r"timezone\.now|utils\.timezone import .*\bnow\b")
    assert relative([path for path in MODULES if asking.search(path.read_text())]) == []


def test_only_commands_for_people_print():
    def may_print(path: Path) -> bool:
        return path.name in ("cli.py", "verify.py") or path.parent.name in ("demo", "serve")

    printing = [path for path in MODULES if not may_print(path) and "print" in names_used(path)]
    assert relative(printing) == []


def test_nothing_is_swallowed():
    def passes(handler: ast.ExceptHandler) -> bool:
        broad = handler.type is None or (
            isinstance(handler.type, ast.Name) and "Exception" in handler.type.id[-9:]
        )
        return broad and all(isinstance(line, ast.Pass) for line in handler.body)

    trees = {path: ast.parse(path.read_text()) for path in MODULES}
    bad = [
        p
        for p, t in trees.items()
        if any(isinstance(n, ast.ExceptHandler) and passes(n) for n in ast.walk(t))
    ]
    assert relative(bad) == []


def test_no_module_grows_beyond_two_looks():
    assert relative([path for path in MODULES if len(path.read_text().splitlines()) > 350]) == []


def test_no_work_is_left_for_later():
    later = re.compile(r"\b(TODO|FIXME|XXX)\b")
    assert relative([path for path in MODULES if later.search(path.read_text())]) == []


def test_both_doors_show_the_same_design_tokens():
    doors = [SOURCE / door / "static" / door / "tokens.css" for door in ("intake", "console")]
    assert doors[0].read_text() == doors[1].read_text()
