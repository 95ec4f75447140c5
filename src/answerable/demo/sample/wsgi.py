"""What granian calls: the site, and in the same process the thread that tells the desk."""

import os

from answerable.lineage import die_with_parent

PARENT_VARIABLE = "LUMEN_PARENT"


def application() -> object:
    """The site, inside a granian process."""
    die_with_parent(int(os.environ[PARENT_VARIABLE]))
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    site = get_wsgi_application()
    from answerable.demo.sample import outbox  # noqa: PLC0415  models are there only after the line above

    outbox.start()
    return site
