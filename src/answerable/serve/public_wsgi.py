"""The public door as a WSGI application, for `answerable serve` or any WSGI server."""

import os
import threading

os.environ["DJANGO_SETTINGS_MODULE"] = "answerable.settings.public"

from django.core.wsgi import get_wsgi_application

from answerable.serve.health import database_answers, with_health

_django = get_wsgi_application()

import structlog  # noqa: E402  what follows needs the applications
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from answerable.api.direct import with_screening  # noqa: E402
from answerable.matching.known import IndexStale, known  # noqa: E402


def _load() -> None:
    """Load what is known while the door opens: each process holds its own, and `/ready` reaches only one of them."""
    try:
        known().catch_up()
    except IndexStale as error:
        structlog.get_logger(__name__).warning("what is known is not loaded yet", exc_info=error)
    finally:
        connection.close()


threading.Thread(target=_load, name="load-known", daemon=True).start()
_door = with_screening(_django)
if settings.CONFIG.hma.enabled:
    from answerable.api.hma.door import with_hma

    _door = with_hma(_door)
application = with_health(_door, {"database": database_answers, "index": lambda: known().catch_up()})
