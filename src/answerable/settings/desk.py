"""The whole desk without a door: every application, for migrations, the command line and the tests."""

from answerable.settings import public as _public
from answerable.settings.staff import *  # noqa: F403
from answerable.settings.staff import INSTALLED_APPS as _STAFF_APPS

INSTALLED_APPS = list(dict.fromkeys([*_STAFF_APPS, *_public.INSTALLED_APPS]))
