"""Where the replay's people on call are paged: a listener on this machine that counts."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pager:
    """Takes pages over HTTP as apprise's `json://` sends them. A context manager."""

    def __init__(self) -> None:
        self.pages = 0
        pager = self

        class Take(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", "0")))
                pager.pages += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing: the number is what counts."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Take)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Its address, as apprise writes it."""
        return f"json://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> "Pager":
        polling = {"poll_interval": 0.02}  # else ending it takes half a second
        threading.Thread(target=self._server.serve_forever, kwargs=polling, name="pager", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
