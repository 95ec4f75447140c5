"""A real S3 server (moto, a process of its own), and before it a gate that checks every signature and makes faults."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.fakes.s3 import ACCESS_KEY, REGION, SECRET_KEY, Problem, _Handler


class Moto:
    """The server: `client` speaks to it past the gate."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        import boto3

        self.client: Any = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


class Gate:
    """What the desk reaches.

    faults: `down` (hangs up), `denies`, `busy_once`, `flips` (a bit of what is read), `cuts` (what is read ends early),
    `spoils` (a bit of what is written, and forgets its checksum), `says_no_checksum`, `no_versions`, `locked` (deletes
    nothing), `forgets` (says that it wrote, and didn't), `answers_too_late` (does it, and hangs up).
    on: asked before each request with its method and query; may change the faults.
    """

    def __init__(self, moto: Moto) -> None:
        self.faults: set[str] = set()
        self.asked: list[tuple[str, str]] = []
        self.problems: list[str] = []
        self.on: Callable[[str, str], None] = lambda method, query: None
        handler = type("Handler", (_GateHandler,), {"gate": self, "moto": moto})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.endpoint = f"http://{self.host}"
        run = {"poll_interval": 0.02}
        threading.Thread(target=self._server.serve_forever, kwargs=run, daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _GateHandler(_Handler):
    gate: Gate
    moto: Moto

    def do_POST(self) -> None:
        self.do_PUT()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.gate.asked.append((self.command, parts.query))
        self.gate.on(self.command, parts.query)
        if "down" in self.gate.faults:
            self.close_connection = True
            return
        try:
            self._check_signature(parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
            self._fault(parts.query)
            self._pass_on()
        except Problem as problem:
            self.gate.problems.append(problem.code)
            text = f"<Error><Code>{problem.code}</Code><Message>no</Message></Error>"
            self._send(problem.status, text.encode())
        finally:
            self.sent = b""

    def _fault(self, query: str) -> None:
        faults = self.gate.faults
        if "denies" in faults:
            raise Problem(403, "InvalidAccessKeyId")
        if "busy_once" in faults:
            faults.discard("busy_once")
            raise Problem(503, "SlowDown")
        if "no_versions" in faults and query.endswith("versions="):
            raise Problem(501, "NotImplemented")
        if "locked" in faults and self.command == "DELETE" and "versionId" in query:
            raise Problem(403, "AccessDenied")

    def _pass_on(self) -> None:
        faults, body = self.gate.faults, self.sent
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        headers["host"] = f"127.0.0.1:{self.moto.port}"
        if {"says_no_checksum", "spoils"} & faults:
            headers = {name: value for name, value in headers.items() if "checksum" not in name.lower()}
        if "spoils" in faults and body and self.command == "PUT":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if "forgets" in faults and self.command == "PUT":
            self._send(200, b"", etag='"0"')
            return
        connection = HTTPConnection("127.0.0.1", self.moto.port, timeout=30)
        connection.request(self.command, self.path, body if body else None, headers)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        if "answers_too_late" in faults and self.command in ("PUT", "POST"):
            faults.discard("answers_too_late")
            self.close_connection = True
            return
        if "flips" in faults and answer.status == 206:
            read = read[:-1] + bytes([read[-1] ^ 1])
        given = {
            name.lower(): value
            for name, value in answer.getheaders()
            if name.lower() in ("etag", "last-modified", "content-range", "content-type")
            or (name.lower().startswith("x-amz") and "says_no_checksum" not in faults)
        }
        if self.command == "HEAD":
            self._head(answer.status, answer.getheader("content-length") or "0", given)
        else:
            self._send(answer.status, read, cut="cuts" in faults and answer.status == 206, **given)

    def _head(self, status: int, length: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", length)
        self.end_headers()
