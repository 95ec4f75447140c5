"""The replay's parts that need no desk: its table, its targets, its pictures, its clock."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from answerable import clock
from answerable.demo import pictures
from answerable.demo.browser import Page
from answerable.demo.drawing import svg
from answerable.demo.figures import Figures
from answerable.demo.ledger import text
from answerable.demo.replay import Replay
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


def test_where_nobody_is_asked_before_an_upload_is_shown_the_seconds_count() -> None:
    def about(figures: Figures) -> str:
        return " ".join(line for line in missed(figures, ACTS) if "reuploads" in line)

    tried = {"reuploads_tried": 12, "reuploads_blocked": 12, "reports_needed": 1}
    assert not about(Figures(asked_before_showing=True, **tried))
    assert "seconds_reuploads_were_seen is None" in about(Figures(asked_before_showing=False, **tried))
    assert "is 6.0" in about(Figures(asked_before_showing=False, seconds_reuploads_were_seen=6.0, **tried))
    quick = Figures(
        asked_before_showing=False, seconds_reuploads_were_seen=1.25, message_was_private=False,
        seconds_to_hidden=0.5, seconds_to_hidden_message=0.5, **tried,
    )  # fmt: skip
    assert not about(quick)
    words = " ".join(table(quick).split())
    assert "re-uploads never seen" not in words
    assert "seen for 1.25 s at most" in words
    assert "post and private message" not in words
    assert "a later upload is held" not in words


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


class SlowMachine:
    """A clock that goes on by a second with every look at it, and a worker that is some looks behind."""

    def __init__(self, desk: sqlite3.Connection) -> None:
        self.desk, self.time = desk, NOTICE
        self.kept_at: datetime | None = None

    def now(self) -> datetime:
        self.work()
        self.time += timedelta(seconds=1)
        return self.time

    def jump_to(self, at: datetime) -> None:
        self.time = at
        self.work()

    def work(self) -> None:
        kept = "UPDATE obligations_obligation SET state = 'kept' WHERE state = 'owed' AND not_before <= ?"
        if self.desk.execute(kept, [text(self.time - timedelta(seconds=3))]).rowcount:
            self.kept_at = self.time
        self.desk.commit()


@pytest.mark.parametrize("seconds_later", [0.5, 1.5, 2.5, 3.5, 4.5, 600])
def test_the_clock_never_jumps_over_what_begins_just_before_it_jumps(
    seconds_later: float, tmp_path: Path
) -> None:
    (tmp_path / "sample-site").mkdir()
    site = sqlite3.connect(tmp_path / "sample-site" / "lumen.sqlite3")
    site.execute("CREATE TABLE sample_event (sent_at, refused)")
    site.execute("CREATE TABLE sample_item (views, views_told, to_screen)")
    desk = sqlite3.connect(tmp_path / "answerable.sqlite3")
    desk.execute("CREATE TABLE obligations_obligation (id, kind, subject, state, by, not_before, due_at)")
    begins = NOTICE + timedelta(seconds=seconds_later)
    desk.execute(
        "INSERT INTO obligations_obligation VALUES (1, 'tell_holder', 'notice:1', 'owed', 'worker', ?, ?)",
        [text(begins), text(begins + timedelta(days=1))],
    )
    desk.commit()
    machine = SlowMachine(desk)
    stack = SimpleNamespace(time=machine, data=tmp_path, sample_url="http://127.0.0.1:9")
    Replay(stack, print, 1.0).jump(NOTICE + timedelta(days=30))  # type: ignore[arg-type]  # it needs no more of a stack
    assert machine.time >= NOTICE + timedelta(days=30)
    assert machine.kept_at is not None
    assert machine.kept_at < begins + timedelta(days=1)


def test_people_keep_before_the_jump_what_would_be_due_while_the_worker_works_after_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "sample-site").mkdir()
    site = sqlite3.connect(tmp_path / "sample-site" / "lumen.sqlite3")
    site.execute("CREATE TABLE sample_event (sent_at, refused)")
    site.execute("CREATE TABLE sample_item (views, views_told, to_screen)")
    desk = sqlite3.connect(tmp_path / "answerable.sqlite3")
    desk.execute("CREATE TABLE obligations_obligation (id, kind, subject, state, by, not_before, due_at)")
    begins = NOTICE + timedelta(minutes=10)
    rows = [
        (1, "tell_holder", "worker", text(begins), text(begins + timedelta(days=1))),
        (2, "judge_account", "people", None, text(begins + timedelta(seconds=1))),
    ]
    owe = "INSERT INTO obligations_obligation VALUES (?, ?, 'account:1', 'owed', ?, ?, ?)"
    desk.executemany(owe, rows)
    desk.commit()
    machine = SlowMachine(desk)
    stack = SimpleNamespace(time=machine, data=tmp_path, sample_url="http://127.0.0.1:9")
    kept_at: list[datetime] = []

    class Staffed(Replay):
        def staff_work(self, before: datetime, *names: str) -> int:
            keep = "UPDATE obligations_obligation SET state = 'kept' WHERE by = 'people' AND due_at <= ?"
            kept_at.append(machine.time)
            return desk.execute(keep, [text(before)]).rowcount

    Staffed(stack, print, 1.0).jump(NOTICE + timedelta(days=30))  # type: ignore[arg-type]  # as above
    assert kept_at[0] < begins


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
