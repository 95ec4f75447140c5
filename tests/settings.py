"""Django settings of the tests: every application of both doors, on a desk of the tests' own.

Loaded before any conftest, so the temporary desk is made here. `ANSWERABLE_TEST_DATABASE=postgresql` starts
a PostgreSQL that ends with the tests; otherwise the database is SQLite, in a file as in production.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from answerable.demo import postgres
from answerable.settings.config import DATA_VARIABLE
from answerable.settings.create import create

POSTGRESQL = os.environ.get("ANSWERABLE_TEST_DATABASE", "sqlite") == "postgresql"
CLUSTER = postgres.start() if POSTGRESQL else None
TEST_DATA = Path(tempfile.mkdtemp(prefix="answerable-tests-"))
if CLUSTER:
    atexit.register(CLUSTER.stop)
atexit.register(shutil.rmtree, TEST_DATA, ignore_errors=True)
os.environ[DATA_VARIABLE] = str(TEST_DATA)
create(
    TEST_DATA,
    sample=True,
    environment="test",
    name="Test desk",
    database=CLUSTER.url("answerable") if CLUSTER else "sqlite",
)

from answerable.settings.desk import *  # noqa: E402, F403
from answerable.settings.desk import DATABASES  # noqa: E402

DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["TEST"] = {"NAME": "answerable_test" if CLUSTER else str(TEST_DATA / "migrated.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # speed: no password here is a secret
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
LOGGING_CONFIG = None  # pytest shows the log itself
