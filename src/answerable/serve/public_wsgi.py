"""The public door as a WSGI application, for `answerable serve` or any WSGI server."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "answerable.settings.public"

from django.core.wsgi import get_wsgi_application

from answerable.serve.health import database_answers, with_health

_django = get_wsgi_application()

from answerable.api.direct import with_screening  # noqa: E402  its models need the applications
from answerable.matching.known import known  # noqa: E402

application = with_health(
    with_screening(_django), {"database": database_answers, "index": lambda: known().catch_up()}
)
