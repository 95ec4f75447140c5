"""A desk that has everything it needs: a real NCMEC, database of the EU, mail server and pager on this machine."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.db import transaction

from answerable import audit, clock
from answerable.audit.sequencer import sequence
from answerable.cases.models import Person
from answerable.cases.queries import people
from answerable.checklist import records, whole
from answerable.checklist.lines import Line, State
from answerable.checklist.models import Trial
from answerable.demo.pager import Pager
from answerable.obligations import paging
from answerable.policy import baseline, store
from answerable.settings.config import Config
from tests.conftest import QUALIFIED
from tests.fakes import dsa, ncmec, smtp

KEYS = [str(pyrage.x25519.Identity.generate().to_public()) for _ in range(4)]
NOTE = "in the folder on the second shelf"
OFFICE = "https://desk.photos.example"


@dataclass
class Desk:
    """A desk, its configuration as a document, and what its administrator does."""

    document: dict[str, Any]
    settings: Any
    petra: Person
    now: datetime
    pager: Pager
    people: list[Person] = field(default_factory=list)

    def configure(self, **changes: Any) -> None:
        """Write other settings: `desk={"public_url": …}` changes a key, `lists=[…]` a whole section."""
        for name, value in changes.items():
            old = self.document.get(name)
            both = isinstance(old, dict) and isinstance(value, dict)
            self.document[name] = {**old, **value} if both else value
        self.settings.CONFIG = Config.model_validate(self.document)

    def lines(self) -> dict[str, Line]:
        """Every line by its key, as it stands now."""
        return {line.key: line for part in whole.checklist(self.now) for line in part.lines}

    def open(self) -> dict[str, State]:
        """The lines that stand between this desk and going live."""
        return {key: line.state for key, line in self.lines().items() if line.is_open}

    def confirm(self, key: str, note: str = NOTE) -> None:
        """Petra states a line."""
        records.confirm(whole.line(key, self.now), person_id=self.petra.pk, note=note, now=self.now)

    def try_all(self) -> None:
        """`--try`, but for the desk's own address, which is on no machine here (test_desk.py asks over TLS)."""
        for line in self.lines().values():
            if line.key == "tls" and line.is_open:
                self.tried(line)
            elif line.trial is not None and line.is_open:
                records.try_out(line, now=self.now)

    def tried(self, line: Line, *, passed: bool = True) -> None:
        """A line was tried."""
        with transaction.atomic():
            Trial.objects.create(
                line=line.key, basis=line.basis, at=self.now, passed=passed, said="It answers."
            )

    def do_all(self) -> None:
        """Petra tries what is tried, and states what is asked."""
        self.try_all()
        for key, line in self.lines().items():
            if line.state is State.CONFIRM:
                records.confirm(line, person_id=self.petra.pk, note=f"{NOTE}, {key}", now=self.now)


@pytest.fixture
def desk(
    db: None, settings: Any, now: datetime, tmp_path: Path, petra: Person, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A desk of production under the laws of the US and the EU, that only has to be tried and stated."""
    monkeypatch.setattr(clock, "now", lambda: now)
    for module in (people, paging):
        monkeypatch.setattr(module, "config", lambda: settings.CONFIG)
    names = {"Ravi": True, "Rosa": True, "Rita": False, "Rolf": False}
    staff = [
        Person.objects.create(pseudonym=name, qualifications=QUALIFIED, on_call=called)
        for name, called in names.items()
    ]
    Person.objects.create(pseudonym="Lena", qualifications=QUALIFIED, lead=True)
    Person.objects.create(pseudonym="Paul", administrator=True)
    with transaction.atomic():
        store.activate(baseline(), now - timedelta(days=1))
    login, token = tmp_path / "ncmec.login", tmp_path / "dsa.token"
    login.write_text(ncmec.LOGIN)
    token.write_text(dsa.TOKEN)
    with ExitStack() as open_ones:
        tipline = open_ones.enter_context(ncmec.Server(lambda: now))
        database = open_ones.enter_context(dsa.Server(lambda: now))
        post = open_ones.enter_context(smtp.Server())
        pager = open_ones.enter_context(Pager())
        document = {
            "environment": "production",
            "desk": {
                "name": "Photos",
                "origin": "photos.example/log",
                "public_url": OFFICE,
                "staff_url": "https://10.1.2.3",
                "regimes": ["us", "eu.fr"],
                "emergency_contact": "112",
            },
            "platforms": [
                {
                    "name": "photos",
                    "base_url": "https://photos.example/answerable",
                    "secret_file": "photos.secret",
                    "hosts": ["photos.example"],
                }
            ],
            "alerts": {"urls": [pager.url]},
            "evidence": {"custodians": [{"name": "Ravi", "key": KEYS[0]}, {"name": "Rosa", "key": KEYS[1]}]},
            "authorities": {
                "ncmec": {
                    "base_url": tipline.base,
                    "environment": "production",
                    "login_file": str(login),
                    "reporter": {"email": "reports@photos.example"},
                },
                "dsa": {"base_url": database.base, "environment": "production", "token_file": str(token)},
                "email": {
                    "host": "127.0.0.1",
                    "port": post.port,
                    "security": "none",
                    "sender": "desk@photos.example",
                    "environment": "production",
                    "parties": {"eu_police": {"address": "police@authority.example", "key": KEYS[2]}},
                },
            },
        }
        made = Desk(document, settings, petra, now, pager, staff)
        made.configure()
        with transaction.atomic():
            audit.append("signed_in", actor=f"person:{petra.pk}", now=now, event={"person": petra.pk})
        sequence()
        yield made
