"""A desk that answers for a Mastodon server on this machine, and its worker by the test's clock."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from answerable.cases import commands
from answerable.cases.inputs import Filed, Link, ReportIn
from answerable.obligations.models import Obligation
from answerable.platforms import registry
from answerable.platforms.mastodon.adapter import Adapter
from answerable.policy import load_named, store
from answerable.policy.words import Age, Relation
from answerable.settings.config import Config, Desk
from answerable.settings.config import Platform as Entry
from tests.fakes.mastodon import SECRET, Mastodon
from tests.fakes.mastodon.entities import Post
from tests.platforms.conftest import picture
from tests.support.turns import Turns, turning

__all__ = ["picture"]


@pytest.fixture
def server() -> Iterator[Mastodon]:
    """A running server, with Uri, Dana and the desk's own account."""
    with Mastodon() as mastodon:
        mastodon.entities.url = mastodon.url
        yield mastodon


@pytest.fixture
def entry(server: Mastodon, tmp_path: Path) -> Entry:
    """The server as the desk's configuration names it."""
    (tmp_path / "token").write_text(server.desk.token)
    (tmp_path / "hook").write_text(SECRET)
    host = f"127.0.0.1:{server.port}"
    return Entry(
        name="birds",
        adapter="mastodon",
        base_url=server.url,
        secret_file=str(tmp_path / "token"),
        hosts=(host,),
        media_hosts=(host,),
        options={"account_id": server.desk.id, "webhook_secret_file": str(tmp_path / "hook")},
    )


@pytest.fixture
def configured(entry: Entry, settings: Any) -> Entry:
    """A desk that answers for the server."""
    settings.CONFIG = Config(desk=Desk(regimes=("us", "uk", "eu.fr")), platforms=(entry,), environment="test")
    return entry


@pytest.fixture
def adapter(configured: Entry) -> Adapter:
    """The adapter as the desk uses it."""
    found = registry.platform("birds")
    assert isinstance(found, Adapter)
    return found


@pytest.fixture
def worker(
    now: datetime, database: None, configured: Entry, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Turns]:
    """The worker, on the test's clock, with the baseline pack active."""
    with turning(now, monkeypatch) as turns:
        with transaction.atomic():
            store.activate(load_named("baseline"), now)
        yield turns


def file_report(worker: Turns, server: Mastodon, post: Post, **facts: Any) -> Filed:
    """Dana reports a post at the desk's own door, by its address."""
    url = f"{server.url}/@uri/{post.id}"
    facts.setdefault("statement", "That is me, and I was thirteen.")
    located = registry.locate(url)
    assert (located.platform, located.ref) == ("birds", None)
    report = ReportIn(
        harm="csam",
        relation=Relation.DEPICTED,
        age=Age.CHILD,
        links=(Link(located.link, "birds"),),
        **facts,
    )
    return commands.file_report(report, now=worker.now)


def by_hand(kind: str) -> list[Obligation]:
    """What people owe by hand now, in the place of that kind."""
    return list(Obligation.objects.filter(kind="do_by_hand", state="owed", params__kind=kind))
