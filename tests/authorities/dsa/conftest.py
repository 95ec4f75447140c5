"""A desk under the law of the EU with a site and the public database, both over real HTTP, and a worker by turns."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from answerable.authorities import filing
from answerable.cases.commands import stating, writing
from answerable.cases.models import StatementOfReasons
from answerable.obligations.models import Obligation
from answerable.settings.config import Alerts, Authorities, Config, Dsa
from answerable.settings.config import Desk as DeskConfig
from answerable.settings.config import Platform as Entry
from tests.cases.desk import TestDesk
from tests.fakes.dsa import TOKEN, Server
from tests.fakes.platform import Platform
from tests.support.turns import Turns, turning


class TellingDesk(TestDesk):
    """A desk whose worker tells holders and delivers statements."""

    def __init__(self, now: datetime, turns: Turns, site: Platform, database: Server) -> None:
        super().__init__(now)
        self.turns, self.site, self.database = turns, site, database

    def post(self, ref: str, *, account: str = "uri", **facts: Any) -> None:
        """Uri posts on the site, which registers it with the desk."""
        self.site.add(ref, ref.encode(), account=account)
        self.upload(ref, account=account, **facts)

    def work(self, **time: float) -> None:
        """The worker lives through so much time, its chores included."""
        self.turns.now = self.clock.now
        filing.draft_due(self.clock.now)
        self.turns.live(**(time or {"seconds": 5}))
        self.clock.now = self.turns.now

    def stored(self, **of: Any) -> list[dict[str, Any]]:
        """What the database has of the statements that these facts pick."""
        rows = StatementOfReasons.objects.filter(**of).order_by("pk")
        held = self.database.statements.by_puid
        return [held[row.puid] for row in rows if row.puid in held]

    def states(self) -> list[str]:
        """How what was owed to the database stands, in order."""
        owed = Obligation.objects.filter(kind="deliver_reasons").order_by("pk")
        return list(owed.values_list("state", flat=True))


@pytest.fixture
def database(now: datetime) -> Iterator[Server]:
    """The database of the EU."""
    with Server(lambda: now) as server:
        yield server


@pytest.fixture
def configure(entry: Entry, tmp_path: Path, settings: Any, database: Server, monkeypatch: Any) -> Any:
    """Configure the desk with these settings of the database; `dsa=None` for none."""
    token = tmp_path / "dsa.token"
    token.write_text(TOKEN)
    for module in (stating, writing):
        monkeypatch.setattr(module, "config", lambda: settings.CONFIG)

    def configured(
        *, regimes: tuple[str, ...] = ("eu.fr",), pagers: tuple[str, ...] = (), **changes: Any
    ) -> Config:
        values: dict[str, Any] = {
            "base_url": database.base,
            "environment": "production",
            "token_file": str(token),
        }
        told = None if changes.get("dsa", "") is None else Dsa(**{**values, **changes})
        settings.CONFIG = Config(
            desk=DeskConfig(name="Photos", regimes=regimes),
            platforms=(entry,),
            alerts=Alerts(urls=pagers),
            authorities=Authorities(dsa=told),
            environment="test",
        )
        return settings.CONFIG

    return configured


@pytest.fixture
def desk(
    db: None,
    now: datetime,
    configure: Any,
    site: Platform,
    database: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[TellingDesk]:
    """A desk that delivers, on a database that is rolled back."""
    configure()
    with turning(now, monkeypatch) as turns:
        made = TellingDesk(now, turns, site, database)
        database.statements.clock = lambda: turns.now
        yield made
