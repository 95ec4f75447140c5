"""What an operator types, and what a configuration may say."""

import subprocess
import sys

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from answerable.authorities import cli
from answerable.settings.config import Authorities, Config, ConfigError, Desk, Dsa
from tests.fakes.dsa import Trouble

pytestmark = pytest.mark.django_db
ADDRESS = "https://database.example"


def run(*arguments: str):
    return CliRunner().invoke(cli.app, ["dsa", *arguments])


def test_the_check_says_that_it_takes_the_token_and_stores_nothing(database, configure):
    configure(environment="test")
    ran = run()
    assert ran.exit_code == 0, ran.output
    assert "test: it is there, and takes the token." in ran.output
    assert "Waiting: 0" in ran.output
    assert database.asked[0] == "GET /api/ping"
    assert database.puids == set()


def test_the_check_says_what_to_do_about_a_wrong_token(database, configure, tmp_path):
    configure()
    (tmp_path / "dsa.token").write_text("2|other")
    ran = run()
    assert ran.exit_code == 1
    assert "token" in ran.output


def test_the_check_says_that_it_does_not_answer(database, configure):
    configure()
    database.troubles.append(Trouble("/api/ping", cut=0))
    assert run().exit_code == 1


def test_without_a_section_the_check_says_where_to_read(configure):
    configure(dsa=None)
    assert isinstance(run().exception, ConfigError)


def test_testing_is_the_default():
    assert Dsa(base_url=ADDRESS).environment == "test"


@pytest.mark.parametrize("address", ["http://database.example", "https://me:x@database.example", "database"])
def test_an_address_that_would_give_the_token_away_is_refused(address):
    with pytest.raises(ValidationError, match=r"https|address"):
        Dsa(base_url=address)


@pytest.mark.parametrize(
    ("regimes", "good"), [(("eu",), True), (("us", "eu.fr"), True), (("us", "uk"), False)]
)
def test_only_a_desk_under_the_law_of_the_eu_has_one(regimes, good):
    def made():
        return Config(desk=Desk(regimes=regimes), authorities=Authorities(dsa=Dsa(base_url=ADDRESS)))

    if good:
        assert made().authorities.dsa
    else:
        with pytest.raises(ValidationError, match="eu"):
            made()


def test_the_drills_database_runs_alone_for_a_desk_of_ones_own():
    served = subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", "drill", "dsa", "--serve"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout.readline().startswith("base_url = http://127.0.0.1:")
    finally:
        served.kill()
        served.wait()
