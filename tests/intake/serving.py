"""A real public door on a desk of its own, in its own process, for tests with a browser."""

import contextlib
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from tests.support.desks import Desk

_SERVE = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from answerable.serve.public_wsgi import application

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments):
        pass

server = make_server("127.0.0.1", 0, application, Server, Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextlib.contextmanager
def public_door(desk: Desk) -> Iterator[str]:
    """Start the door; its address, once it is ready."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE], env=desk.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the door did not start"
            address = f"http://127.0.0.1:{port}"
            with urllib.request.urlopen(f"{address}/ready", timeout=20) as answer:
                assert answer.status == 200
            yield address
        finally:
            process.terminate()
            process.wait(10)
