"""The replay's parts that need no desk: its table, its targets, its pictures, its clock."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from answerable import clock
from answerable.demo import pictures
from answerable.demo.browser import Page
from answerable.demo.drawing import svg
from answerable.demo.figures import Figures
from answerable.demo.sample.pictures import jpeg
from answerable.demo.table import chart, table
from answerable.demo.targets import ACTS, TARGETS, missed
from answerable.demo.timepiece import Timepiece
from answerable.demo.totp import digits

NOTICE = datetime(2019, 12, 25, tzinfo=UTC)
VIEWS = [(NOTICE - timedelta(days=2), 10), (NOTICE, 90), (NOTICE + timedelta(days=36), 90)]


def test_what_was_not_measured_reaches_no_target() -> None:
    assert len(missed(Figures(), ACTS)) == len(TARGETS)


def test_only_the_targets_of_the_acts_that_were_played_count() -> None:
    assert missed(Figures(obligations_late=0, audit_verified=True), ()) == []
    assert missed(Figures(obligations_late=3, audit_verified=True), ()) == [
        "obligations_late is 3, and should be 0"
    ]


@pytest.mark.parametrize(
    ("figure", "bad"),
    [
        ("reports_needed", 2),
        ("seconds_to_hidden", 1.2),
        ("views_after_first_notice", 1),
        ("refused_by_one_person", True),
        ("innocent_times_hidden", 2),
        ("author_items_hidden_unlooked", 11),
        ("overturned_put_back", False),
    ],
)
def test_a_bad_figure_is_named(figure: str, bad: object) -> None:
    figures = Figures()
    setattr(figures, figure, bad)
    assert f"{figure} is {bad}" in " ".join(missed(figures, ACTS))


def test_the_pictures_have_fingerprints_of_full_quality_and_copies_are_near() -> None:
    original = jpeg(pictures.busy(2019))
    known, quality = pictures.fingerprint(original)
    assert quality >= 50
    copies = pictures.eleven_copies(original)
    assert len(copies) == 11
    assert all(pictures.distance(known, pictures.fingerprint(copy.data)[0]) <= 31 for copy in copies)
    assert sum(copy.data == original for copy in copies) == 3


def test_the_message_of_the_story_is_no_copy_that_a_fingerprint_finds() -> None:
    original = jpeg(pictures.busy(2019))
    message = jpeg(pictures.trimmed_hard(original))
    assert pictures.distance(pictures.fingerprint(original)[0], pictures.fingerprint(message)[0]) > 100


def test_every_process_reads_the_jumped_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, clock.CLOCK_FILE_VARIABLE, str(tmp_path / "clock"))
    piece = Timepiece(tmp_path / "clock", NOTICE)
    assert abs(clock.now() - NOTICE) < timedelta(seconds=5)
    piece.jump_to(NOTICE + timedelta(days=30))
    assert abs(clock.now() - piece.now()) < timedelta(seconds=1)


def test_the_authenticator_shows_the_codes_of_rfc_6238() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert digits(secret, 59) == "287082"
    assert digits(secret, 1_111_111_109) == "081804"


def test_the_browser_reads_fields_that_stand_outside_of_their_form() -> None:
    source = (
        b'<form id="far" action="/go"><input type="hidden" name="a" value="1"></form>'
        b'<input form="far" type="radio" name="b" value="x"><input form="far" type="radio" name="b" value="y" checked>'
        b'<textarea form="far" name="c">words</textarea><button form="far" name="action" value="do">Do</button>'
    )
    form = Page(200, "http://localhost/", source).form(name="far")
    assert form.values == {"a": ["1"], "b": ["y"], "c": ["words"]}
    assert form.submits == [("action", "do")]


def test_the_drawings_name_the_first_report() -> None:
    assert "first report" in svg(VIEWS, NOTICE)
    drawn = chart(VIEWS, NOTICE)
    assert "first report" in drawn
    assert max(map(len, drawn.splitlines())) <= 110


def test_the_table_stays_readable_and_leaves_out_what_was_not_played() -> None:
    words = table(Figures(innocent_reports=1000, innocent_times_hidden=1, innocent_hidden_minutes=13.0))
    assert "1000 false reports" in words
    assert "167,000" not in words
    assert max(map(len, words.splitlines())) <= 120
