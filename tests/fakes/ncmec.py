"""NCMEC's CyberTipline over real HTTP: the product's own drill, with what tests need around it."""

from datetime import UTC, datetime, timedelta

from answerable.authorities.ncmec.client import CyberTipline
from answerable.authorities.ncmec.drill.reports import State
from answerable.authorities.ncmec.drill.server import LOGIN, Server
from answerable.authorities.ncmec.drill.trouble import Trouble, When
from answerable.authorities.ncmec.people import Email, Person
from answerable.authorities.ncmec.report import IncidentSummary, Report, Reporter
from answerable.authorities.ncmec.wire import Door
from answerable.authorities.ncmec.words import IncidentType

__all__ = ["LOGIN", "Clock", "Server", "State", "Trouble", "When", "client", "small_report"]


class Clock:
    """A time that passes when a test says so."""

    def __init__(self, at: datetime | None = None) -> None:
        self.at = at or datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


def client(server: Server, login: str = LOGIN, seconds: float = 5) -> CyberTipline:
    name, _, password = login.partition(":")
    return CyberTipline(Door(server.base, (name, password), seconds))


def small_report(**facts: object) -> Report:
    return Report(
        incident_summary=IncidentSummary(
            incident_type=IncidentType.CSAM, incident_date_time=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        ),
        reporter=Reporter(reporting_person=Person(email=(Email(text="reports@platform.example"),))),
        **facts,
    )
