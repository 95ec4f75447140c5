"""Everything that must be true before a desk opens its doors. Each refusal says what to do."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from answerable import clock
from answerable.cases import commands
from answerable.db import triggers
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy import PolicyError, check, load_named
from answerable.settings.keys import read_key
from answerable.worker import parties

KEYS = ("django.key", "audit.key", "personal.key", "codes.key", "matches.key", "second_factor.key")
MIGRATION_LOCK = 0x416E7377  # any constant: PostgreSQL's advisory locks are numbers


class CannotServe(Exception):
    """The desk must not open: something that it promises would not hold."""


def refuse_a_moved_clock() -> None:
    """Only a demo may run on another time than the machine's (mechanisms: the clock)."""
    if os.environ.get(clock.CLOCK_FILE_VARIABLE) and settings.CONFIG.environment != "demo":
        raise CannotServe(
            f"{clock.CLOCK_FILE_VARIABLE} is set, which moves the clock that deadlines are measured by. "
            'Unset it; only a configuration with environment = "demo" may have it.'
        )


def make_keys(data: Path) -> None:
    """Make every key file that is missing, mode 0600; an existing one that others can read is refused."""
    for name in KEYS:
        read_key(data, name)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One process migrates at a time: on this machine by a file, across machines by the database."""
    with (data / "migrate.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def migrate(data: Path) -> bool:
    """Bring the database to this version's shape. Gives whether anything had to change.

    Raises TriggersMissing.
    """
    with _alone(data):
        executor = MigrationExecutor(connection)
        pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if pending:
            call_command("migrate", interactive=False, verbosity=0)
    triggers.refuse_without(connection)
    return pending


def refuse_unknown_kinds() -> None:
    """Raise CannotServe when an open obligation is of a kind that this version can't keep."""
    parties.register()
    owed = set(Obligation.objects.filter(state="owed").values_list("kind", flat=True).distinct())
    unknown = sorted(owed - set(registry.kinds()))
    if unknown:
        raise CannotServe(
            f"Obligations are owed that this version can't keep: {', '.join(unknown)}. "
            "Install the version that could, or one that can again."
        )


def activate_policy() -> str:
    """Load the configured pack, check it whole, and record it. Gives its name and version."""
    parties.register()
    pack = load_named(settings.CONFIG.desk.policy)
    if holes := check(pack, registry.kinds(), settings.CONFIG.desk.regimes):
        raise PolicyError(holes)
    commands.activate_policy(pack, now=clock.now())
    return f"{pack.pack} {pack.version}"


def prepare_desk(data: Path) -> None:
    """All of it, in order. Raises CannotServe, TriggersMissing, PolicyError, PermissionError."""
    refuse_a_moved_clock()
    make_keys(data)
    migrate(data)
    refuse_unknown_kinds()
    activate_policy()
    connection.close()
