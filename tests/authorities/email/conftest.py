"""A desk under the laws of the EU and the UK whose worker mails, a mail server, and parties with keys of their own."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage
import pytest

from answerable.authorities import filing
from answerable.cases.commands import stating, writing
from answerable.cases.models import Letter, Person
from answerable.obligations.models import Obligation
from answerable.settings.config import Authorities, Config, Email, EmailParty
from answerable.settings.config import Desk as DeskConfig
from answerable.settings.config import Platform as Entry
from tests.cases.desk import TestDesk
from tests.fakes.platform import Platform
from tests.fakes.smtp import Server, Taken
from tests.support.turns import Turns, turning

POLICE = pyrage.x25519.Identity.generate()
NCA = pyrage.x25519.Identity.generate()


class MailingDesk(TestDesk):
    """A desk whose worker tells authorities by mail."""

    def __init__(self, now: datetime, turns: Turns, site: Platform, post: Server) -> None:
        super().__init__(now)
        self.turns, self.site, self.post_office = turns, site, post

    def post(self, ref: str, *, account: str = "uri", **facts: Any) -> None:
        """Uri posts on the site, which registers it with the desk."""
        self.site.add(ref, ref.encode(), account=account)
        self.upload(ref, account=account, **facts)

    def decided(self, person: Person, *refs: str, **facts: Any) -> None:
        """Posted, reported, and one person said yes."""
        for ref in refs:
            self.post(ref)
        self.report(*refs)
        for ref in refs:
            self.yes(person, ref, **facts)

    def work(self, **time: float) -> None:
        """The worker lives through so much time, its chores included."""
        self.turns.now = self.clock.now
        filing.draft_due(self.clock.now)
        self.turns.live(**(time or {"seconds": 5}))
        self.clock.now = self.turns.now
        filing.draft_due(self.clock.now)
        self.turns.settle()

    def to(self, name: str) -> list[Taken]:
        """The letters that this party got."""
        return [one for one in self.post_office.taken if one.address == f"{name}@authority.example"]

    def owed_to(self, name: str, kind: str = "report_authority") -> list[str]:
        """How what is owed to a party stands, in order."""
        rows = Obligation.objects.filter(kind=kind).order_by("pk")
        return [one.state for one in rows if one.params.get("to") == name]

    def states(self) -> list[str]:
        """How the letters stand, in order."""
        return list(Letter.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def post() -> Iterator[Server]:
    """Our mail server."""
    with Server() as server:
        yield server


@pytest.fixture
def configure(entry: Entry, tmp_path: Path, settings: Any, post: Server, monkeypatch: Any) -> Any:
    """Configure the desk with these settings of mail; `email=None` for none."""
    for module in (stating, writing):
        monkeypatch.setattr(module, "config", lambda: settings.CONFIG)

    def configured(*, names: tuple[str, ...] = ("eu_police", "nca"), **changes: Any) -> Config:
        keys = {"eu_police": POLICE, "nca": NCA}
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": post.port,
            "security": "none",
            "sender": "desk@photos.example",
            "environment": "production",
            "parties": {
                name: EmailParty(address=f"{name}@authority.example", key=str(keys[name].to_public()))
                for name in names
            },
        }
        told = None if changes.get("email", "") is None else Email(**{**values, **changes})
        settings.CONFIG = Config(
            desk=DeskConfig(name="Photos", regimes=("uk", "eu.fr")),
            platforms=(entry,),
            authorities=Authorities(email=told),
            environment="test",
        )
        return settings.CONFIG

    return configured


@pytest.fixture
def desk(
    db: None, now: datetime, configure: Any, site: Platform, post: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MailingDesk]:
    """A desk that mails, on a database that is rolled back."""
    configure()
    with turning(now, monkeypatch) as turns:
        yield MailingDesk(now, turns, site, post)
