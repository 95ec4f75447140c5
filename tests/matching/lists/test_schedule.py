"""Petra's lists: fetched when it is time, shown as they stand, and paged about when they fail for long."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from answerable.audit.models import AuditEntry
from answerable.cases.models import HashList, ListEntry
from answerable.matching.lists import registry, schedule, states
from answerable.matching.lists.cli import app
from answerable.settings.config import Config, ConfigError, HashListEntry
from tests.worker.test_alarms import Pager, call

pytestmark = pytest.mark.django_db
HASHES = "".join(f"{number:032x}\n" for number in range(3))


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Config]:
    """Configure these lists."""

    def configure(*lists: dict[str, object]) -> Config:
        given = {
            "desk": {"regimes": ["us"]},
            "lists": [{"kind": "file", "source": {"path": str(tmp_path / "l.csv")}, **one} for one in lists],
        }
        config = Config.model_validate(given)
        for module in (registry, schedule, states):
            monkeypatch.setattr(module, "config", lambda: config)
        return config

    (tmp_path / "l.csv").write_text(HASHES)
    return configure


@pytest.fixture
def pager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pager]:
    """The people on call, over real HTTP."""
    made = Pager()
    call(monkeypatch, made.url)
    yield made
    made.server.shutdown()
    made.server.server_close()


def test_a_list_is_fetched_again_when_its_time_has_come(
    configured: Callable[..., Config], now: datetime, tmp_path: Path
) -> None:
    configured({"name": "iwf", "every_minutes": 60, "class": "A"})
    assert hash(registry.config()), "caches are keyed by the whole configuration"
    assert schedule.fetch_due(lambda: now) == 1
    assert {entry.known_as for entry in ListEntry.objects.select_related("hash_list")} == {"iwf.A"}
    (tmp_path / "l.csv").write_text(HASHES + "ab" * 16)
    assert schedule.fetch_due(lambda: now + timedelta(minutes=59)) == 0
    assert schedule.fetch_due(lambda: now + timedelta(minutes=60)) == 1
    assert ListEntry.objects.count() == 4


def test_one_list_that_fails_keeps_no_other_from_its_turn(
    configured: Callable[..., Config], now: datetime
) -> None:
    configured(
        {"name": "broken", "source": {"path": "nowhere.csv"}},
        {"name": "typo", "source": {"paht": "l.csv"}},
        {"name": "good"},
    )
    assert schedule.fetch_due(lambda: now) == 1
    wrong = {state.name: state.wrong for state in states.states(now)}
    assert wrong["good"] == ""
    assert "No such file" in wrong["broken"]
    assert "configuration" in wrong["typo"]


def test_people_are_paged_once_about_a_list_that_is_stale_and_again_after_it_was_read(
    configured: Callable[..., Config], now: datetime, tmp_path: Path, pager: Pager
) -> None:
    configured({"name": "iwf", "stale_after_hours": 48})
    schedule.fetch_due(lambda: now)
    (tmp_path / "l.csv").unlink()
    later = now + timedelta(hours=20)
    schedule.fetch_due(lambda: later)
    assert schedule.page_about(later + timedelta(hours=1)) == []
    assert schedule.page_about(later + timedelta(hours=25)) == ["iwf"], "it fails for a day"
    assert schedule.page_about(later + timedelta(hours=26)) == []
    (tmp_path / "l.csv").write_text(HASHES)
    schedule.fetch_due(lambda: later + timedelta(hours=30))
    assert schedule.page_about(later + timedelta(hours=77)) == []
    assert schedule.page_about(later + timedelta(hours=79)) == ["iwf"], "stale"
    assert len(pager.messages) == 2
    assert "answerable lists show iwf" in pager.messages[0]["message"]
    assert AuditEntry.objects.filter(kind="list_changed").exists()


def test_a_list_whose_turning_off_was_interrupted_ends_all_the_same(
    configured: Callable[..., Config], now: datetime
) -> None:
    configured({"name": "iwf"})
    schedule.fetch_due(lambda: now)
    HashList.objects.update(off_at=now)
    schedule.finish_ending(now)
    assert not ListEntry.objects.filter(gone_at=None).exists()
    assert schedule.fetch_due(lambda: now + timedelta(days=2)) == 0


def test_names_that_could_decide_what_they_may_not_are_refused() -> None:
    for wrong in (
        {"name": "own.mine"},
        {"name": "ncii", "kind": "stopncii"},
        {"name": "ncmec.A1", "kind": "threatexchange"},
        {"name": "x", "every": 3},
    ):
        with pytest.raises(ValueError, match=r"own|stopncii|NCMEC|every"):
            HashListEntry.model_validate({"kind": "file", **wrong})
    with pytest.raises(ValueError, match="same name"):
        Config.model_validate(
            {
                "desk": {"regimes": ["us"]},
                "lists": [{"name": "a", "kind": "file"}, {"name": "a", "kind": "file"}],
            }
        )


def test_what_a_source_cannot_use_is_named_by_its_key_and_never_quoted(
    configured: Callable[..., Config],
) -> None:
    configured({"name": "iwf", "source": {"path": "x", "password": "hunter2"}})
    with pytest.raises(ConfigError, match=r"lists\.iwf\.source\.password") as told:
        registry.source_of(registry.entry_of("iwf"))
    assert "hunter2" not in str(told.value)


def test_the_command_imports_shows_and_turns_off(configured: Callable[..., Config], tmp_path: Path) -> None:
    configured()
    file = tmp_path / "l.csv"
    file.write_text(HASHES + "garbage\n")
    run = CliRunner().invoke
    said = run(app, ["import", str(file), "--name", "iwf", "--class", "B", "--terms", "members only"])
    assert said.exit_code == 0, said.output
    assert "3 fingerprints added, 0 ended, 1 records not read" in said.output
    shown = run(app, ["show", "iwf"]).output
    assert "terms: members only" in shown
    assert "iwf.B\tmd5\t3" in shown
    assert "not read: line 4" in shown
    assert "3 entries" in run(app, ["list"]).output
    [state] = json.loads(run(app, ["list", "--json"]).output)
    assert (state["name"], state["entries"], state["faults"], state["wrong"]) == ("iwf", 3, 1, "")
    assert "3 fingerprints ended" in run(app, ["off", "iwf"]).output
    refused = run(app, ["import", str(file), "--name", "iwf"])
    assert refused.exit_code == 1
    assert "is off" in refused.output
    assert run(app, ["show", "nothing"]).exit_code == 1
    assert run(app, ["import", str(file), "--name", "own.x"]).exit_code == 1
    assert run(app, ["import", str(file), "--name", "iwf", "--kind", "phash"]).exit_code == 1
