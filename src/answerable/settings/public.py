"""The public door: report pages and the machine API. No accounts, no database session."""

from answerable.settings.base import *  # noqa: F403
from answerable.settings.base import INSTALLED_APPS as _BASE_APPS

INSTALLED_APPS = [*_BASE_APPS, "django.contrib.staticfiles", "ninja", "answerable.intake"]
ROOT_URLCONF = "answerable.intake.site"
WSGI_APPLICATION = None
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
