"""What stands between two real servers and misbehaves when told to: a proxy over real HTTP."""

import http.client
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PASSED_ON = ("authorization", "content-type", "answerable-account", "idempotency-key")


class Front:
    """Passes requests on to `host:port`, but for those that match `fault`'s paths."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        self.fault = ""
        self.applies: Callable[[str], bool] = lambda _path: True
        self.answer: tuple[int, str, bytes] = (200, "application/json", b"{}")
        """What is answered while the fault is `answers`."""
        self.seen: list[tuple[str, str]] = []
        self._release = threading.Event()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                front.handle(self)

            do_GET = do_POST = do_PUT = do_DELETE = handle_any

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def breaks(self, fault: str, *, at: str = "", answer: tuple[int, str, bytes] | None = None) -> None:
        """From now on: `hangs`, `drops`, `answers`; only where the path holds `at`."""
        self.fault, self.applies = fault, lambda path: at in path
        self.answer = answer or self.answer
        self._release.clear()

    def heals(self) -> None:
        """Pass everything on again, and let go of what hangs."""
        self.fault = ""
        self._release.set()

    def stop(self) -> None:
        """End it."""
        self.heals()
        self.server.shutdown()
        self.server.server_close()

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        """One request."""
        body = request.rfile.read(int(request.headers.get("content-length") or 0))
        self.seen.append((request.command, request.path))
        fault = self.fault if self.applies(request.path) else ""
        if fault == "hangs":
            self._release.wait(30)
        if fault in ("hangs", "drops"):
            request.close_connection = True
            request.connection.close()
            return
        status, media_type, text = self.answer
        if fault != "answers":
            status, media_type, text = self._passed_on(request, body)
        request.send_response(status)
        request.send_header("content-type", media_type)
        request.send_header("content-length", str(len(text)))
        if 300 <= status < 400:
            request.send_header("location", f"{self.url}/elsewhere")
        request.end_headers()
        request.wfile.write(text)

    def _passed_on(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, str, bytes]:
        headers = {name: request.headers[name] for name in PASSED_ON if request.headers[name]}
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(request.command, request.path, body or None, {"Host": "localhost", **headers})
            answer = connection.getresponse()
            return answer.status, answer.getheader("content-type") or "text/plain", answer.read()
        except OSError:
            return 502, "text/html", b"<h1>Bad Gateway</h1>"
        finally:
            connection.close()
