"""Django settings of the sample site. Everything comes from the environment that `__main__` sets."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from answerable.settings.keys import read_key

DATA = Path(os.environ.get("LUMEN_DATA", "data/sample")).resolve()
MEDIA = DATA / "media"
PUBLIC_URL = os.environ.get("LUMEN_PUBLIC_URL", "http://localhost:8402").rstrip("/")
DESK_URL = os.environ.get("LUMEN_DESK_URL", "http://localhost:8400").rstrip("/")
SECRET_FILE = Path(os.environ.get("LUMEN_SECRET_FILE", DATA / "sample.secret"))
API_KEY_FILE = Path(os.environ.get("LUMEN_API_KEY_FILE", DATA / "sample.key"))
DEMO_DATA = os.environ.get("LUMEN_DEMO_DATA", "1") == "1"

DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
MEDIA.mkdir(mode=0o700, exist_ok=True)

SECRET_KEY = read_key(DATA, "django.key").hex()
DEBUG = False
ALLOWED_HOSTS = sorted({"localhost", "127.0.0.1", urlsplit(PUBLIC_URL).hostname or "localhost"})
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ROOT_URLCONF = "answerable.demo.sample.urls"
INSTALLED_APPS = ["django.contrib.messages", "answerable.demo.sample"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "answerable.demo.sample.views.people.SignedInMiddleware",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"  # who signed in, nothing else
SESSION_COOKIE_NAME = "lumen"
CSRF_COOKIE_NAME = "lumen_csrf"  # localhost is shared with the desk's own pages
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "answerable.demo.sample.views.people.context",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DATA / "lumen.sqlite3"),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 12_500_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 12_500_000
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}},  # what is hidden is "not found", all day long
}
STYLESHEET = Path(__file__).parent / "style.css"
