"""What an operator types, and what a configuration may say."""

import subprocess
import sys

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from answerable.authorities import cli
from answerable.authorities.filing import Doors
from answerable.demo.pager import Pager
from answerable.obligations import paging
from answerable.settings.config import Alerts, Ncmec, NcmecReporter
from tests.fakes.ncmec import LOGIN, Trouble

ADDRESSES = {
    "test": "https://exttest.authority.example/ispws",
    "production": "https://report.authority.example/ispws",
}


def configured(**changes):
    values = {"base_url": ADDRESSES["test"], "reporter": NcmecReporter(email="reports@photos.example")}
    return Ncmec(**{**values, **changes})


def test_the_check_says_who_it_is_and_whether_the_schema_fits(ncmec, configure):
    configure(environment="test")
    ran = CliRunner().invoke(cli.app, ["ncmec"])
    assert ran.exit_code == 0, ran.output
    assert "test: Remote User : drill" in ran.output
    assert "It has the elements and attributes that this desk knows." in ran.output
    assert ncmec.asked == ["/status", "/xsd"]


def test_the_check_says_what_changed(ncmec, configure):
    configure()
    ncmec.troubles.append(Trouble("/xsd", raw=b"<schema><element name='informational'/></schema>"))
    ran = CliRunner().invoke(cli.app, ["ncmec"])
    assert ran.exit_code == 1
    assert "does not have what this desk may write" in ran.output
    assert "informational" in ran.output


def test_the_check_says_what_to_do_about_wrong_credentials(ncmec, configure, tmp_path):
    configure()
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    ran = CliRunner().invoke(cli.app, ["ncmec"])
    assert ran.exit_code == 1
    assert "name and password" in ran.output


@pytest.fixture
def pager(configure, settings, monkeypatch):
    with Pager() as made:
        settings.CONFIG = configure().model_copy(update={"alerts": Alerts(urls=(made.url,))})
        monkeypatch.setattr(paging, "config", lambda: settings.CONFIG)
        yield made


def test_production_is_looked_at_and_people_are_paged_once_about_credentials(ncmec, pager, tmp_path):
    doors = Doors()
    assert doors.look() == ""
    (tmp_path / "ncmec.login").write_text("drill:wrong")
    assert "name and password" in doors.look()
    doors.look()
    assert pager.pages == 1
    (tmp_path / "ncmec.login").write_text(LOGIN)
    assert doors.look() == ""
    ncmec.troubles.append(Trouble("/xsd", raw=b"<schema/>"))
    assert "schema" in doors.look()
    assert pager.pages == 2


def test_an_authority_that_does_not_answer_for_a_while_is_no_alarm(ncmec, pager):
    ncmec.troubles.append(Trouble("/status", cut=0))
    assert Doors().look() == ""
    assert pager.pages == 0


def test_nothing_is_asked_where_only_tests_are_filed(ncmec, configure):
    configure(environment="test")
    assert Doors().look() == ""
    assert ncmec.asked == []


def test_testing_is_the_default_and_waits_for_a_person():
    assert (configured().environment, configured().send) == ("test", "after_a_person")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"base_url": ADDRESSES["production"]}, "address of production"),
        ({"environment": "production"}, "address for tests"),
        ({"base_url": "http://exttest.authority.example/ispws"}, "https only"),
        ({"base_url": "authority.example"}, "whole address"),
        ({"base_url": "https://me:secret@authority.example/ispws"}, "whole address"),
        ({"send": "never"}, "after_a_person"),
    ],
)
def test_a_configuration_that_would_file_in_the_wrong_place_is_refused(changes, why):
    with pytest.raises(ValidationError, match=why):
        configured(**changes)


def test_production_is_a_deliberate_word():
    assert configured(environment="production", base_url=ADDRESSES["production"]).environment == "production"


def test_the_drills_service_runs_alone_for_a_desk_of_ones_own():
    served = subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", "drill", "ncmec", "--serve"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout.readline().startswith("base_url = http://127.0.0.1:")
    finally:
        served.kill()
        served.wait()
