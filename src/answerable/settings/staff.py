"""The staff door: the console, signed in with a second factor."""

from answerable.settings.base import *  # noqa: F403
from answerable.settings.base import INSTALLED_APPS as _BASE_APPS

INSTALLED_APPS = [
    *_BASE_APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "answerable.console",
]
ROOT_URLCONF = "answerable.console.site"
