"""What granian serves. The thread that tells the desk lives in the same process."""

from django.core.wsgi import get_wsgi_application

from answerable.lineage import die_with_parent

die_with_parent()  # granian starts this process, and may be killed
application = get_wsgi_application()

from answerable.demo.sample import outbox  # noqa: E402  models are there only after the line above

outbox.start()
