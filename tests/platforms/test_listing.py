"""What an operator reads of the platforms: the list of the configured ones, and the table of what adapters can do."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from answerable.cases import commands
from answerable.platforms import cli, table
from answerable.platforms.base import Capability
from answerable.settings.config import Platform as Entry

PAGE = Path(__file__).resolve().parents[2] / "docs" / "platforms" / "README.md"


def test_the_committed_table_is_what_the_adapters_say() -> None:
    text = PAGE.read_text("utf-8")
    assert table.written_into(text) == text, "run `python -m answerable.platforms.table`"


def test_every_adapter_has_its_column_and_every_capability_its_row() -> None:
    folders = {path.parent.name for path in table.FOLDER.glob("*/adapter.py")}
    assert {"http", "mastodon"} <= folders == set(table.adapters())
    assert set(table.MEANINGS) == set(Capability)
    assert table.table().count("\n") == len(Capability) + 1


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        table.written_into("# Platforms\n")


def listed() -> str:
    result = CliRunner().invoke(cli.app, ["list"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.django_db
def test_a_platform_is_listed_with_what_it_can_do_and_why_it_fails(
    configured: Entry, settings: Any, now: datetime
) -> None:
    birds = configured.model_copy(
        update={"name": "birds", "adapter": "mastodon", "options": {"account_id": "7"}}
    )
    wrong = birds.model_copy(update={"name": "fish", "options": {"account": "7"}})
    settings.CONFIG = settings.CONFIG.model_copy(update={"platforms": (configured, birds, wrong)})
    text = listed()
    assert "site  (http" in text
    assert "watched: not yet" in text
    assert "fish" in text
    assert "unusable: The options" in text
    birds_lines = text[text.index("birds") :]
    assert "hide" in birds_lines[birds_lines.index("can't:") :].splitlines()[0]
    commands.news_taken("birds", cursor="1", now=now)
    assert "answered last at 2026-12-01 09:00:00 UTC" in listed()
    commands.watch_failed("birds", why="The platform refused the request", now=now)
    assert "FAILING since 2026-12-01 09:00:00 UTC: The platform refused" in listed()


@pytest.mark.django_db
def test_a_message_that_could_not_be_taken_is_listed(configured: Entry, settings: Any, now: datetime) -> None:
    options = {"account_id": "7", "webhook_secret_file": "hook"}
    birds = configured.model_copy(update={"name": "birds", "adapter": "mastodon", "options": options})
    settings.CONFIG = settings.CONFIG.model_copy(update={"platforms": (birds,)})
    assert "none was taken yet" in listed()
    commands.news_heard("birds", now=now)
    commands.news_unheard("birds", why="event: Field required", now=now)
    text = listed()
    assert "its own messages: 2026-12-01 09:00:00 UTC" in text
    assert "NOT TAKEN: one at 2026-12-01 09:00:00 UTC: event: Field required" in text


def test_a_desk_without_platforms_says_where_they_go(db: None, settings: Any, configured: Entry) -> None:
    settings.CONFIG = settings.CONFIG.model_copy(update={"platforms": ()})
    assert "[[platforms]]" in listed()
