"""Addresses, certificates and clocks, as the checklist looks at them."""

import datetime as dates
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from answerable.checklist.desk import answers, clock_line, is_public, is_safe
from answerable.checklist.kernel import TIME_ERROR, clock_state
from answerable.checklist.lines import State


@pytest.mark.parametrize(
    ("url", "public", "safe"),
    [
        ("https://desk.photos.example", True, True),
        ("https://93.184.216.34", True, True),
        ("https://10.1.2.3", False, True),
        ("https://desk.internal", False, True),
        ("http://desk.photos.example", False, False),
        ("https://localhost:8400", False, False),
        ("https://desk.localhost", False, False),
        ("https://127.0.0.1", False, False),
        ("https://[::1]:8400", False, False),
        ("https://photos", False, True),
        ("ftp://desk.photos.example", False, False),
        ("", False, False),
    ],
)
def test_which_addresses_others_can_open(url: str, public: bool, safe: bool) -> None:
    assert (is_public(url), is_safe(url)) == (public, safe)


class Ready(BaseHTTPRequestHandler):
    """A door that is ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[str, ssl.SSLContext]]:
    """A door over TLS with a certificate of its own, and what trusts that one alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = dates.datetime.now(dates.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - dates.timedelta(days=1))
        .not_valid_after(today + dates.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "door.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Ready)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}", ssl.create_default_context(cafile=str(pem))
    server.shutdown()
    server.server_close()


def test_a_door_answers_with_a_certificate_that_is_trusted(door: tuple[str, ssl.SSLContext]) -> None:
    url, trusts = door
    assert "its certificate is good" in answers(url, verify=trusts)


def test_a_certificate_that_browsers_do_not_trust_is_no_answer(door: tuple[str, ssl.SSLContext]) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        answers(door[0])


def test_a_door_that_is_not_ready_is_no_answer(door: tuple[str, ssl.SSLContext]) -> None:
    with pytest.raises(httpx.HTTPStatusError):
        answers(f"{door[0]}/elsewhere", verify=door[1])


def test_the_kernel_is_asked_and_its_clock_left_alone() -> None:
    assert clock_state() in (None, *range(TIME_ERROR + 1))


@pytest.mark.parametrize(
    ("state", "stands"),
    [(0, State.DONE), (1, State.DONE), (TIME_ERROR, State.CONFIRM), (None, State.CONFIRM)],
)
def test_a_clock_that_nobody_keeps_is_asked_about(state: int | None, stands: State) -> None:
    assert clock_line(state).state is stands
