"""The desk's machine API as a platform meets it: takes events, screens uploads, can be away."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

API_KEY = "a key of the tests"


class Desk:
    """What came in, and what is answered. `wait_for` gives what a condition waits for, or fails."""

    def __init__(self) -> None:
        self.verdict = "clear"
        self.status = 202
        self.events: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.screened: list[dict[str, Any]] = []
        self.port = 0
        self.came = threading.Condition()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        handler = type("Handler", (_Handler,), {"desk": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait_for(self, type_: str, ref: str = "", seconds: float = 15) -> dict[str, Any]:
        """The first event of that type about that item."""

        def find() -> dict[str, Any] | None:
            for event in self.events:
                data = event["data"]
                refs = {data.get("ref"), *(item["ref"] for item in data.get("items", []))}
                if event["type"] == type_ and (not ref or ref in refs):
                    return event
            return None

        with self.came:
            assert self.came.wait_for(lambda: find() is not None, seconds), f"no {type_} of {ref} came"
        found = find()
        assert found is not None
        return found


class _Handler(BaseHTTPRequestHandler):
    desk: Desk
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.headers["authorization"] != f"Bearer {API_KEY}":
            self._send(401, {})
        elif self.path == "/api/v1/screen":
            self.desk.screened.append(body)
            self._send(200, {"verdict": self.desk.verdict})
        elif self.path == "/api/v1/events":
            with self.desk.came:
                self.desk.keys.append(self.headers["idempotency-key"])
                if self.desk.status < 300:
                    self.desk.events.append(body)
                self.desk.came.notify_all()
            self._send(self.desk.status, {})
        else:
            self._send(404, {})

    def _send(self, status: int, body: dict[str, Any]) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json" if status < 400 else "application/problem+json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
