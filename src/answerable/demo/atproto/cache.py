"""A cache of pictures that can be told to forget, as a CDN before an AppView can."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

TOKEN = "a token of the cache"  # noqa: S105  of a cache on this machine alone


class Cache:
    """What tells a cache to forget: the AppView's folder of pictures stands for a CDN. Runs until `close`."""

    def __init__(self, images: Path) -> None:
        """`images`: that folder."""
        self.images = images
        self.asked: list[str] = []
        cache = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                good = self.headers["authorization"] == f"Bearer {TOKEN}"
                if good:
                    cache.asked += body["files"]
                    for url in body["files"]:
                        cache.forget(url)
                self.send_response(200 if good else 403)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/purge"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def forget(self, url: str) -> None:
        """As its operator would."""
        parts = urlsplit(url).path.split("/")
        if parts[1] == "img":
            (self.images / "::".join([parts[4], parts[5], parts[2]])).unlink(missing_ok=True)

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
