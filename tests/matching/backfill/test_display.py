"""What an operator sees of a backfill, on a terminal and in a log."""

from pathlib import Path

import pytest

from answerable.matching.backfill import display
from answerable.matching.backfill.display import Bar, Lines
from answerable.matching.backfill.tally import Tally


def test_a_bar_shows_how_far_it_is_how_fast_and_what_can_not_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    bar = Bar("uploads", tmp_path / "problems", already=40)
    bar.expect(200)
    bar.update(Tally(seen=50, unreadable=1, unread=1, held=3))
    bar.problem("[red]a.jpg", "truncated")
    bar.close()
    shown = capsys.readouterr().err
    assert "25%" in shown
    assert "2 unreadable, 3 held" in shown
    assert "[red]a.jpg (truncated)" in shown


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(display, "LINE_EVERY_SECONDS", -1.0)
    lines = Lines("uploads", None, already=0)
    lines.expect(1000)
    lines.update(Tally(seen=250, registered=249))
    assert capsys.readouterr().err.startswith("uploads: 250 of 1000, ")


def test_a_flood_of_problems_is_in_the_file_and_not_on_the_screen(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lines = Lines("uploads", tmp_path / "problems", already=0)
    for number in range(100):
        lines.problem(f"{number}.jpg", "truncated")
    lines.close()
    assert len((tmp_path / "problems").read_text().splitlines()) == 100
    assert len(capsys.readouterr().err.splitlines()) == display.SHOWN_PROBLEMS + 1
