"""What is owed, late, next, and what this desk can't keep at all."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from answerable.obligations import Owed, cli, keep, owe, queries, registry
from answerable.obligations.models import Obligation
from answerable.policy import baseline, store
from answerable.policy.words import By

pytestmark = pytest.mark.django_db


def owed(
    now: datetime, kind: str, seconds: int, by: By = By.WORKER, subject: str = "item:1", digest: str = ""
) -> Obligation:
    due = now + timedelta(seconds=seconds)
    [row] = owe(
        [Owed(kind=kind, subject=subject, by=by, due_at=due)],
        now=now,
        cause="report:1",
        case_id=5,
        pack_digest=digest,
    )
    return row


@pytest.fixture
def three(now: datetime) -> list[Obligation]:
    return [
        owed(now, "hide", 60),
        owed(now, "look", 900, By.PEOPLE),
        owed(now, "find_copies", 300),
    ]


def test_what_is_due_first_comes_first(three: list[Obligation]) -> None:
    assert [row.kind for row in queries.owed()] == ["hide", "find_copies", "look"]


def test_late_is_a_question_of_the_time(three: list[Obligation], now: datetime) -> None:
    assert not queries.late(now + timedelta(seconds=60)).exists()
    after = now + timedelta(seconds=60, microseconds=1)
    assert [row.kind for row in queries.late(after)] == ["hide"]
    keep(three[0], now=after, proof_entry_id=1)
    assert not queries.late(after).exists()


def test_what_is_next_leaves_out_what_is_late(three: list[Obligation], now: datetime) -> None:
    after = now + timedelta(minutes=2)
    assert [row.kind for row in queries.due_next(after)] == ["find_copies", "look"]
    assert [row.kind for row in queries.due_next(after, By.PEOPLE)] == ["look"]


def test_a_case_and_a_subject_show_all_that_was_ever_owed(three: list[Obligation], now: datetime) -> None:
    keep(three[0], now=now, proof_entry_id=1)
    owed(now, "hide", 60, subject="item:2")
    assert queries.of_case(5).count() == 4
    assert [row.kind for row in queries.of_subject("item:1")] == ["hide", "look", "find_copies"]
    assert not queries.of_case(6).exists()


class TestWhatNobodyCanKeep:
    @pytest.fixture
    def kinds(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(registry, "_kinds", {})
        registry.kind("hide", by=By.WORKER, handler="somewhere.hide")
        registry.kind("decide", by=By.PEOPLE)

    @pytest.fixture
    def digest(self, now: datetime) -> str:
        return store.activate(baseline(), now).digest

    def people(self, number: int) -> list[tuple[list[str], bool, bool, bool]]:
        every = ["child_safety", "intimate_images", "legal"]
        return [(every, place == 0, False, True) for place in range(number)]

    def test_a_kind_that_this_version_does_not_know(self, kinds: None, now: datetime) -> None:
        owed(now, "dance", 60)
        owed(now, "hide", 60)
        [one] = queries.nobody_can_keep([], registry.kinds())
        assert (one.obligation.kind, one.why) == ("dance", "this version knows no such kind")

    def test_a_refusal_without_the_people_it_takes(self, kinds: None, digest: str, now: datetime) -> None:
        owed(now, "decide", 60, By.PEOPLE, digest=digest)
        assert [one.obligation.kind for one in queries.nobody_can_keep(self.people(1), registry.kinds())] == [
            "decide"
        ]
        assert queries.nobody_can_keep(self.people(4), registry.kinds()) == []


class TestTheTable:
    def show(self, now: datetime, **options: object) -> bool:
        defaults = {"late": False, "nobody": False, "as_json": False, "limit": 10, "unkept": {}}
        return cli.show(now, **{**defaults, **options})

    def test_it_says_what_by_whom_and_when(
        self, three: list[Obligation], now: datetime, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert self.show(now + timedelta(seconds=100), unkept={three[1].pk: "nobody is qualified"})
        lines = capsys.readouterr().out.splitlines()
        assert "hide" in lines[1]
        assert "late 40 s" in lines[1]
        assert "3 min 20 s" in lines[2]
        assert lines[3].endswith("nobody: nobody is qualified")
        assert lines[-1] == "3 owed; 1 late."

    def test_late_only_and_limited(
        self, three: list[Obligation], now: datetime, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.show(now + timedelta(days=1, hours=2), late=True, limit=1)
        out = capsys.readouterr().out
        assert "3 owed, of which 1 are shown; 1 late." in out
        assert "late 1 d 1 h" in out

    def test_nothing_owed_is_nothing_late(self, now: datetime, capsys: pytest.CaptureFixture[str]) -> None:
        assert not self.show(now)
        assert "0 owed; 0 late." in capsys.readouterr().out

    def test_as_json_it_is_one_document(
        self, three: list[Obligation], now: datetime, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        self.show(now, as_json=True, nobody=True, unkept={three[0].pk: "no handler"})
        told = json.loads(capsys.readouterr().out)
        assert told["total"] == 1
        [one] = told["owed"]
        assert (one["kind"], one["late"], one["nobody_can_keep_it"]) == ("hide", False, "no handler")
