"""A cache of pictures that can be told to forget, and waiting for what the network does by itself."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit


class Cache:
    """What tells a cache to forget: the AppView's folder of pictures stands for a CDN."""

    def __init__(self, images: Path) -> None:
        self.images = images
        self.asked: list[str] = []
        cache = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                good = self.headers["authorization"] == "Bearer a token of the cache"
                if good:
                    cache.asked += body["files"]
                    for url in body["files"]:
                        cache.forget(url)
                self.send_response(200 if good else 403)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/purge"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def forget(self, url: str) -> None:
        """As its operator would."""
        parts = urlsplit(url).path.split("/")
        if parts[1] == "img":
            (self.images / "::".join([parts[4], parts[5], parts[2]])).unlink(missing_ok=True)


def until(true: Callable[[], bool], seconds: float = 15.0, what: str = "it") -> float:
    """Seconds until something is so: the network works by itself, and has no other sign."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"{what} did not become so in {seconds:.0f} s"
        time.sleep(0.02)
    return time.monotonic() - began
