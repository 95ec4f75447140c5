"""Settings that every process shares. `public` and `staff` add their door; the worker uses this alone."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from answerable.settings.config import config, data_directory
from answerable.settings.keys import read_key

CONFIG = config()
DATA = data_directory()
ROOT = Path(__file__).resolve().parent.parent

LANGUAGE_NAMES = {"en": "English", "fr": "Français"}

SECRET_KEY = read_key(DATA, "django.key").hex()
DEBUG = False
ALLOWED_HOSTS = sorted(
    {urlsplit(u).hostname or "" for u in (CONFIG.desk.public_url, CONFIG.desk.staff_url)} | {"127.0.0.1"}
)
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = CONFIG.desk.languages[0]
LANGUAGES = [(code, LANGUAGE_NAMES.get(code, code)) for code in CONFIG.desk.languages]
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
            "CONN_MAX_AGE": 60,  # Django's default opens the file anew for every request
        }
    parts = urlsplit(url)
    return {
        "ENGINE": "answerable.db.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or parse_qs(parts.query).get("host", [""])[0],
        "PORT": str(parts.port or ""),
        # PostgreSQL plans a statement once for each connection, and not each time: half of its work for a report
        # was planning. (Django's default suits poolers that share connections; the worker's LISTEN suits none.)
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 3},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(CONFIG.database.url)}
LOGGING_CONFIG: str | None = "answerable.settings.log.configure"
LOGGING = {"level": "INFO"}

# Both doors. What hangs on TLS is each door's own: see `of_door`.
SECURE_REFERRER_POLICY = "same-origin"  # `no-referrer` would make browsers send `Origin: null` with forms
X_FRAME_OPTIONS = "DENY"
CSRF_COOKIE_HTTPONLY = SESSION_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_AGE = None  # until the browser closes: nothing stays on a shared computer

# Nobody uploads a file, at neither door (rule 20). Django would write one to the disk before any view is asked.
FILE_UPLOAD_HANDLERS: list[str] = []
DATA_UPLOAD_MAX_NUMBER_FILES = 0

STATIC_URL = "/static/"
# Served from the packages themselves, listed once at start: an installation has no step to forget.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 300


def of_door(url: str) -> dict[str, Any]:
    """What follows for a door from its own address: which forms it takes, and whether TLS stands before it.

    With `https` the cookies, HSTS and the proxy's header count, also where the other door has no TLS (staff
    may come through a tunnel).
    """
    https = url.startswith("https://")
    return {
        "HTTPS": https,
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https") if https else None,
        "SECURE_HSTS_SECONDS": 365 * 24 * 3600 if https else 0,
        "CSRF_TRUSTED_ORIGINS": [url.rstrip("/")],
        "CSRF_COOKIE_SECURE": https,
        "SESSION_COOKIE_SECURE": https,
        "LANGUAGE_COOKIE_SECURE": https,
    }


def cookie_name(name: str, url: str) -> str:
    """A cookie's name: doors may share a host, so each has its own; TLS pins it to the host."""
    return f"__Host-{name}" if url.startswith("https://") else name


def templates(*context_processors: str) -> list[dict[str, Any]]:
    """Django templates out of the applications' own folders."""
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.template.context_processors.i18n",
                    *context_processors,
                ]
            },
        }
    ]
