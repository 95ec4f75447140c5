"""What Django needs to know of this site: nothing here is particular to the report desk but the last lines."""

import os
from pathlib import Path

DATA = Path(os.environ.get("SITE_DATA", "data")).resolve()
DATA.mkdir(parents=True, exist_ok=True)
SECRET_KEY = os.environ.get("SITE_SECRET_KEY", "only for trying it out on this machine")
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ROOT_URLCONF = "urls"
INSTALLED_APPS = ["pictures"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(DATA / "site.sqlite3"),
        "OPTIONS": {"timeout": 20, "transaction_mode": "IMMEDIATE"},
    }
}
MEDIA_ROOT = DATA / "media"  # and no MEDIA_URL: a view gives the bytes, to those who may see the page
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SITE_URL = os.environ.get("SITE_URL", "http://localhost:8501")  # where people reach this site
DESK_URL = os.environ.get("DESK_URL", "http://localhost:8400")
DESK_SECRET_FILE = DATA / "desk.secret"  # shared with the desk: whsec_…
DESK_KEY_FILE = DATA / "desk.key"  # the desk's API key: ak_…
WHEN_DESK_AWAY = os.environ.get("SITE_WHEN_DESK_AWAY", "hold")  # or "refuse"
