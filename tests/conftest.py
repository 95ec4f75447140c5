"""Fixtures for everybody: a fixed time, the cast, a database that commits, reference vectors, the guards.

A test that only reads and writes asks for `db` (rolled back at its end). A test whose code must really
commit (threads, processes, kills) asks for `fresh_database`, a copy of the migrated database. Django's
transactional tests empty the tables afterwards, which the audit log's triggers forbid: they are refused.

What asks for neither meets no database of the tests (Django's is blocked for it) and is the same on any: it
runs with SQLite, and the run on PostgreSQL leaves it out.
"""

import itertools
import os
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction
from django.test.utils import setup_databases, teardown_databases
from django.utils import translation

from answerable.cases.models import Person
from tests.support import network
from tests.support.desks import Desk, fresh_desk

REPOSITORY = Path(__file__).resolve().parent.parent
DOORS = {"intake": "public", "api": "public", "console": "staff"}
NOT_OF_A_DOOR = {
    "INSTALLED_APPS",
    "DATABASES",
    "LOGGING",
    "LOGGING_CONFIG",
    "PASSWORD_HASHERS",
    "EMAIL_BACKEND",
}
OF_THE_DATABASE = {"db", "fresh_database", "database", "django_db_setup"}
_serials = itertools.count(1)
network.install()


def meets_the_database(item: pytest.Item) -> bool:
    """Whether a test names, or names what names, a database. All others have Django's blocked."""
    marked = item.get_closest_marker("django_db") is not None
    return marked or not OF_THE_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse what would empty the database; on PostgreSQL, leave out what meets no database."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        transactional = marker is not None and marker.kwargs.get("transaction")
        if transactional or {"transactional_db", "live_server"} & set(getattr(item, "fixturenames", ())):
            raise pytest.UsageError(f"{item.nodeid}: the log's triggers forbid flushing; use fresh_database.")
    if django_settings.POSTGRESQL:
        config.hook.pytest_deselected(items=[item for item in items if not meets_the_database(item)])
        items[:] = [item for item in items if meets_the_database(item)]


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Refuse a database that a test gets without naming it: on PostgreSQL the test would be left out.

    Afterwards, because only a fixture that was set up is taken down: refused before, it would fail every later test.
    """
    result = yield
    item = request.node
    if (
        fixturedef.argname in OF_THE_DATABASE
        and isinstance(item, pytest.Item)
        and not meets_the_database(item)
    ):
        pytest.fail(
            f"{item.nodeid} gets `{fixturedef.argname}` unseen: name it as an argument", pytrace=False
        )
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests were skipped: the number is known."""
    database = "PostgreSQL" if django_settings.POSTGRESQL else "SQLite"
    skipped = terminalreporter.stats.get("skipped", [])
    terminalreporter.write_line(f"database: {database}, skipped tests: {len(skipped)}")


@pytest.fixture(autouse=True)
def no_outside_network() -> Iterator[list[str]]:
    """Reaching any host but this machine fails the test, even when its code swallows the error."""
    network.attempts.clear()
    yield network.attempts
    attempts, network.attempts[:] = list(network.attempts), []
    if attempts:
        pytest.fail(f"reached outside this machine: {', '.join(attempts)}", pytrace=False)


@pytest.fixture(autouse=True)
def _plain_language() -> Iterator[None]:
    """A language that one test activated doesn't reach the next."""
    with translation.override(django_settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def _door(request: pytest.FixtureRequest) -> None:
    """Tests under `tests/intake`, `api` and `console` meet that door's own settings, whole."""
    folder = request.path.relative_to(REPOSITORY / "tests").parts[0]
    if folder in DOORS:
        use_door(DOORS[folder], request.getfixturevalue("settings"))


def use_door(name: str, settings: Any) -> None:
    """Apply the settings of `public` or `staff` to pytest-django's `settings` fixture."""
    module = __import__(f"answerable.settings.{name}", fromlist=["settings"])
    for key in dir(module):
        if key.isupper() and key not in NOT_OF_A_DOOR:
            value = getattr(module, key)
            if getattr(settings, key, None) != value:
                setattr(settings, key, value)


@pytest.fixture
def now() -> datetime:
    """The time at which a test plays: a Tuesday morning, UTC."""
    return datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """Migrate one database for all tests. (pytest-django's own makes none for `fresh_database` alone.)"""
    with django_db_blocker.unblock():
        configuration = setup_databases(
            verbosity=0, interactive=False, aliases=["default"], serialized_aliases=[]
        )
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        teardown_databases(configuration, verbosity=0)


@pytest.fixture
def fresh_database(
    tmp_path: Path, django_db_setup: None, django_db_blocker: Any, request: pytest.FixtureRequest
) -> Iterator[Desk]:
    """An empty, migrated database where commits are real; gives the desk, for processes to start on.

    `subprocess.Popen(..., env=fresh_database.environment)` runs a process on the same desk.
    """
    if "db" in request.fixturenames or request.node.get_closest_marker("django_db"):
        pytest.fail("ask for `db` or for `fresh_database`, not for both", pytrace=False)
    with django_db_blocker.unblock():
        migrated = connection.settings_dict["NAME"]
        postgresql = connection.vendor == "postgresql"
        with fresh_desk(tmp_path, migrated=migrated, postgresql=postgresql, serial=next(_serials)) as desk:
            yield desk


@pytest.fixture
def committing(fresh_database: Desk) -> Callable[[Sequence[Callable[[], Any]]], list[Any]]:
    """Run functions at once, a thread and a connection each; gives results or raised errors, in order."""

    def run(functions: Sequence[Callable[[], Any]]) -> list[Any]:
        results: list[Any] = [None] * len(functions)
        start = threading.Barrier(len(functions))

        def call(place: int) -> None:
            start.wait(10)
            try:
                results[place] = functions[place]()
            except Exception as error:  # noqa: BLE001  handed to the test, which judges it
                results[place] = error
            finally:
                connections.close_all()

        threads = [threading.Thread(target=call, args=(place,)) for place in range(len(functions))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a thread hangs"
        return results

    return run


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """Whichever database the test asked for: `fresh_database` where it stands, otherwise `db`."""
    request.getfixturevalue("fresh_database" if "fresh_database" in request.fixturenames else "db")


def _person(pseudonym: str, **facts: Any) -> Person:
    with transaction.atomic():
        return Person.objects.get_or_create(pseudonym=pseudonym, defaults=facts)[0]


QUALIFIED = ["child_safety", "intimate_images"]


@pytest.fixture
def ravi(database: None) -> Person:
    """A reviewer, qualified for everything."""
    return _person("Ravi", qualifications=QUALIFIED, on_call=True)


@pytest.fixture
def rosa(database: None) -> Person:
    """Another reviewer, qualified for everything."""
    return _person("Rosa", qualifications=QUALIFIED, on_call=True)


@pytest.fixture
def lena(database: None) -> Person:
    """The lead: decides when two reviewers differ."""
    return _person("Lena", qualifications=QUALIFIED, lead=True)


@pytest.fixture
def petra(database: None) -> Person:
    """Runs the platform; judges nothing."""
    return _person("Petra", administrator=True)


@pytest.fixture
def vectors() -> Path:
    """The folder of reference vectors: `ANSWERABLE_VECTORS`, or `shared/vectors` beside the repository."""
    folder = Path(os.environ.get("ANSWERABLE_VECTORS") or REPOSITORY.parent / "shared" / "vectors")
    if not folder.is_dir():
        pytest.skip("no reference vectors: set ANSWERABLE_VECTORS to their folder")
    return folder
