"""Webhooks as the server sends them, over HTTP, to a door that may be down."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from answerable.cases.models import Report
from tests.conftest import use_door
from tests.fakes.mastodon import SECRET, Mastodon
from tests.support.desks import Desk
from tests.support.turns import Turns


class Quiet(WSGIRequestHandler):
    """No line for each request."""

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def listening(port: int = 0) -> Iterator[int]:
    """The public door on a port of its own."""
    application = get_wsgi_application()

    def closing(environ: Any, start: Any) -> Any:
        answer = list(application(environ, start))
        connections.close_all()
        return answer

    with make_server("127.0.0.1", port, closing, handler_class=Quiet) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield httpd.server_port
        httpd.shutdown()
        thread.join(5)


def test_a_webhook_waits_while_the_door_is_down_and_is_taken_once(
    fresh_database: Desk, worker: Turns, server: Mastodon, settings: Any, picture: bytes
) -> None:
    configuration = settings.CONFIG
    use_door("public", settings)
    settings.CONFIG, settings.ALLOWED_HOSTS = configuration, ["127.0.0.1"]
    with listening() as port:
        pass
    server.hooks.append((f"http://127.0.0.1:{port}/api/v1/platforms/birds/webhook", SECRET))
    server.flag(server.dana, server.uri, server.post(server.uri, picture), category="legal")
    assert server.deliver() == [503, 503], "nobody answers"
    with listening(port):
        assert server.deliver() == [200, 200]
        server.hooks = [(server.hooks[0][0], "a secret of somebody else")]
        server.announce("report.created", {})
        assert server.deliver() == [401]
    assert Report.objects.count() == 1
    assert len(server.unsent) == 1, "a 401 is tried again: an operator may be putting the secret right"
