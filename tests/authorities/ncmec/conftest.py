"""A desk with a site and a CyberTipline, both over real HTTP, and a worker by turns."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from answerable.authorities import filing
from answerable.cases import commands
from answerable.cases.models import Filing, ItemContent, Person
from answerable.settings.config import Authorities, Config, Ncmec, NcmecPlatform, NcmecReporter
from answerable.settings.config import Desk as DeskConfig
from answerable.settings.config import Platform as Entry
from tests.cases.desk import TestDesk
from tests.fakes.ncmec import LOGIN, Server
from tests.fakes.platform import Platform
from tests.support.turns import Turns, turning


class FilingDesk(TestDesk):
    """A desk that files: what its people and its worker do."""

    def __init__(self, now: datetime, turns: Turns, site: Platform, ncmec: Server) -> None:
        super().__init__(now)
        self.turns, self.site, self.ncmec = turns, site, ncmec

    def post(self, ref: str, *, account: str = "uri", **facts: Any) -> None:
        """Uri posts on the site, which registers it with the desk."""
        self.site.add(ref, ref.encode(), account=account)
        self.upload(ref, account=account, **facts)
        ItemContent.objects.filter(item__ref=ref).update(size=len(ref))

    def see(self, person: Person, *refs: str) -> None:
        """A person opens items and sees them unblurred."""
        items = [self.item(ref).pk for ref in refs]
        commands.look_at(items, person_id=person.pk, revealed=True, now=self.clock.now)

    def draft(self) -> list[Filing]:
        """The worker's chore; the drafts that stand."""
        self.turns.now = self.clock.now
        filing.draft_due(self.clock.now)
        return list(Filing.objects.exclude(state="dropped").order_by("pk"))

    def work(self, **time: float) -> None:
        """The worker drafts and sends, and lives through so much time."""
        self.draft()
        self.turns.live(**(time or {"seconds": 5}))
        self.clock.now = self.turns.now
        filing.send_large()
        self.draft()
        self.turns.settle()

    def approve(self, person: Person) -> None:
        """A person agrees to every draft as it is."""
        for one in Filing.objects.filter(state="drafted"):
            commands.approve_filing(one.pk, person_id=person.pk, digest=one.digest, now=self.clock.now)


@pytest.fixture
def configure(entry: Entry, tmp_path: Path, settings: Any, ncmec: Server) -> Any:
    """Configure the desk with these settings of NCMEC."""
    login = tmp_path / "ncmec.login"
    login.write_text(LOGIN)

    def configured(**changes: Any) -> Config:
        values: dict[str, Any] = {
            "base_url": ncmec.base,
            "environment": "production",
            "login_file": str(login),
            "send": "at_once",
            "reporter": NcmecReporter(email="reports@photos.example", about_us="Photos, Inc."),
            "platforms": {"sample": NcmecPlatform(name="Photos", public=True)},
        }
        settings.CONFIG = Config(
            desk=DeskConfig(name="Photos", regimes=("us",)),
            platforms=(entry,),
            authorities=Authorities(ncmec=Ncmec(**{**values, **changes})),
            environment="test",
        )
        return settings.CONFIG

    return configured


@pytest.fixture
def ncmec(now: datetime) -> Iterator[Server]:
    """The CyberTipline; its clock is the desk's."""
    with Server(lambda: now) as server:
        yield server


@pytest.fixture
def desk(
    db: None, now: datetime, configure: Any, site: Platform, ncmec: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FilingDesk]:
    """A desk that files at once, on a database that is rolled back."""
    configure()
    with turning(now, monkeypatch) as turns:
        made = FilingDesk(now, turns, site, ncmec)
        ncmec.reports.clock = lambda: turns.now
        yield made
