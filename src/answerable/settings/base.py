"""Settings that every process shares. `public` and `staff` add their door; the worker uses this alone."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from answerable.settings.config import config, data_directory
from answerable.settings.keys import read_key

CONFIG = config()
DATA = data_directory()
ROOT = Path(__file__).resolve().parent.parent

SECRET_KEY = read_key(DATA, "django.key").hex()
DEBUG = False
ALLOWED_HOSTS = sorted(
    {urlsplit(u).hostname or "" for u in (CONFIG.desk.public_url, CONFIG.desk.staff_url)} | {"127.0.0.1"}
)
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = CONFIG.desk.languages[0]
LANGUAGES = [(code, code) for code in CONFIG.desk.languages]
LOCALE_PATHS = [ROOT / "intake" / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "answerable.db",
    "answerable.policy",
    "answerable.audit",
    "answerable.obligations",
    "answerable.cases",
    "answerable.matching",
    "answerable.api",
]


def _database(url: str) -> dict[str, Any]:
    if url == "sqlite":
        return {
            "ENGINE": "answerable.db.sqlite",
            "NAME": str(DATA / "answerable.sqlite3"),
            "OPTIONS": {"timeout": 30},
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(CONFIG.database.url)}
# Messages come out of the log as JSON without request lines, bodies or addresses (rule 20).
LOGGING_CONFIG = None
