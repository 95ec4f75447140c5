"""The public door: report pages and the machine API. No accounts, no database session."""

from answerable.settings.base import *  # noqa: F403
from answerable.settings.base import CONFIG, cookie_name, of_door, templates
from answerable.settings.base import INSTALLED_APPS as _BASE_APPS

_URL = CONFIG.desk.public_url
globals().update(of_door(_URL))

INSTALLED_APPS = [*_BASE_APPS, "django.contrib.staticfiles", "ninja", "answerable.intake"]
ROOT_URLCONF = "answerable.serve.public_site"
TEMPLATES = templates()
CSRF_FAILURE_VIEW = "answerable.intake.views.public.csrf_failure"
CSRF_COOKIE_NAME = cookie_name("public_csrf", _URL)
LANGUAGE_COOKIE_NAME = cookie_name("language", _URL)
# Platforms register uploads with their bytes, base64 in JSON. People's forms: see `small_forms` below.
DATA_UPLOAD_MAX_MEMORY_SIZE = 40 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
MIDDLEWARE = [
    "answerable.settings.headers.privacy_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "answerable.intake.sizes.small_forms",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
