"""The staff door as a WSGI application, for `answerable serve` or any WSGI server."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "answerable.settings.staff"

from django.core.wsgi import get_wsgi_application

from answerable.serve.health import database_answers, with_health

application = with_health(get_wsgi_application(), {"database": database_answers})
