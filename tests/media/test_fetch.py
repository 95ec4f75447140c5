"""Fetching media from a real server that does everything a server shouldn't."""

import contextlib
import http.server
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from answerable.media import (
    FetchError,
    HostNotConfigured,
    MediaGone,
    MediaUnreachable,
    TooLarge,
    TooSlow,
    fetch,
)

BODY = b"pixels " * 1000
QUICK = 0.4


@dataclass
class Site:
    """A running server: its host and port, and the paths that were asked of it."""

    host: str
    asked: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One method per bad habit; `site` is set per server."""

    site: Site
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        self.site.headers.update(self.headers)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # the client had enough, as it should
            getattr(self, self.path.strip("/").replace("-", "_"))()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def head(self, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self) -> None:
        self.head(Content_Type="image/png; charset=binary", Content_Length=str(len(BODY)))
        self.wfile.write(BODY)

    def away(self) -> None:
        self.head(302, Location=self.site.elsewhere, Content_Length="0")

    def near_by(self) -> None:
        self.head(302, Location="/whole", Content_Length="0")

    def round_and_round(self) -> None:
        self.head(307, Location="/round-and-round", Content_Length="0")

    def to_a_file(self) -> None:
        self.head(302, Location="file:///etc/passwd", Content_Length="0")

    def nowhere(self) -> None:
        self.head(302, Content_Length="0")

    def endless(self) -> None:
        self.head(Transfer_Encoding="chunked")
        while not self.site.closing.is_set():
            self.wfile.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    def declared(self) -> None:
        self.head(Content_Length="99999999999")

    def drip(self) -> None:
        self.head(Content_Length="100000")
        while not self.site.closing.wait(0.02):
            self.wfile.write(b".")

    def drip_head(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not self.site.closing.wait(0.02):
            self.wfile.write(b"X-More: more\r\n")

    def silence(self) -> None:
        self.site.closing.wait(20)

    def short(self) -> None:
        self.head(Content_Length=str(len(BODY) + 10))
        self.wfile.write(BODY)

    def squeezed(self) -> None:
        self.head(Content_Encoding="gzip", Content_Length="4")
        self.wfile.write(b"\x1f\x8b\x08\x00")

    def gone(self) -> None:
        self.head(410, Content_Length="0")

    def missing(self) -> None:
        self.head(404, Content_Length="0")

    def broken(self) -> None:
        self.head(500, Content_Length="0")

    def garbage(self) -> None:
        self.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")


def _serve() -> Iterator[Site]:
    handler = type("SiteHandler", (Handler,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    site = Site(f"127.0.0.1:{server.server_address[1]}")
    handler.site = site  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield site
    site.closing.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def site() -> Iterator[Site]:
    """The platform's media host."""
    yield from _serve()


@pytest.fixture
def stranger() -> Iterator[Site]:
    """Max's own server, which is on no list."""
    yield from _serve()


def test_media_come_whole_with_their_declared_type(site: Site) -> None:
    fetched = fetch(site.url("/whole"), [site.host])
    assert (fetched.data, fetched.media_type) == (BODY, "image/png")


def test_a_host_that_is_not_configured_is_never_asked(site: Site, stranger: Site) -> None:
    with pytest.raises(HostNotConfigured, match=stranger.host):
        fetch(stranger.url("/whole"), [site.host])
    assert stranger.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/whole",
        "http://127.0.0.1/whole",
        "http://10.0.0.1/whole",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/whole",
        "file:///etc/passwd",
        "ftp://media.example/whole",
        "http://media.example@evil.example/whole",
        "http://media.example.evil.example/whole",
        "http://evil.example#media.example",
        "http://evil.example\\@media.example/whole",
        "https://media.example:8443/whole",
        "//media.example/whole",
        "media.example/whole",
        "http://media.example\n.evil.example/",
        "http://media.example:99999999/",
        "",
        "http://",
    ],
)
def test_no_spelling_leads_to_another_host(url: str) -> None:
    with pytest.raises(HostNotConfigured):
        fetch(url, ["media.example", "127.0.0.1:8402"])


def test_a_user_name_in_the_address_is_refused(site: Site) -> None:
    with pytest.raises(HostNotConfigured, match="user name"):
        fetch(f"http://petra:secret@{site.host}/whole", [site.host])


def test_a_host_without_port_means_the_default_ports() -> None:
    from answerable.media.fetch import _allowed, _parsed

    for url in ("http://media.example/a", "https://media.example/a", "https://MEDIA.example:443/a"):
        assert _allowed(_parsed(url), frozenset({"Media.example"}))
    for url in ("http://media.example:443/a", "https://media.example:80/a"):
        with pytest.raises(HostNotConfigured):
            _allowed(_parsed(url), frozenset({"media.example"}))


def test_a_redirect_to_another_host_is_not_followed(site: Site, stranger: Site) -> None:
    site.elsewhere = stranger.url("/whole")
    with pytest.raises(HostNotConfigured):
        fetch(site.url("/away"), [site.host])
    assert stranger.asked == []


def test_a_redirect_between_configured_hosts_is_followed(site: Site, stranger: Site) -> None:
    site.elsewhere = stranger.url("/near-by")
    assert fetch(site.url("/away"), [site.host, stranger.host]).data == BODY
    assert stranger.asked == ["/near-by", "/whole"]


def test_redirects_end(site: Site) -> None:
    with pytest.raises(MediaUnreachable, match="redirects"):
        fetch(site.url("/round-and-round"), [site.host])
    assert len(site.asked) == 4


def test_a_redirect_to_a_file_is_refused(site: Site) -> None:
    with pytest.raises(HostNotConfigured):
        fetch(site.url("/to-a-file"), [site.host])


def test_a_redirect_without_a_target_is_named(site: Site) -> None:
    with pytest.raises(MediaUnreachable, match="without a target"):
        fetch(site.url("/nowhere"), [site.host])


def test_an_endless_body_is_cut_at_the_limit(site: Site) -> None:
    with pytest.raises(TooLarge, match="more than 1000000"):
        fetch(site.url("/endless"), [site.host], max_bytes=1_000_000)


def test_a_declared_length_beyond_the_limit_is_refused_unread(site: Site) -> None:
    with pytest.raises(TooLarge, match="declared"):
        fetch(site.url("/declared"), [site.host], max_bytes=1_000_000)


def test_a_body_of_exactly_the_limit_is_fetched(site: Site) -> None:
    assert fetch(site.url("/whole"), [site.host], max_bytes=len(BODY)).data == BODY
    with pytest.raises(TooLarge):
        fetch(site.url("/whole"), [site.host], max_bytes=len(BODY) - 1)


@pytest.mark.parametrize("path", ["/drip", "/drip-head", "/silence"])
def test_a_slow_host_ends_at_the_deadline_however_it_is_slow(site: Site, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(TooSlow):
        fetch(site.url(path), [site.host], timeout_seconds=QUICK)
    assert time.monotonic() - began < QUICK + 5


def test_a_body_shorter_than_declared_is_not_taken_for_whole(site: Site) -> None:
    with pytest.raises(MediaUnreachable):
        fetch(site.url("/short"), [site.host])


def test_an_answer_compressed_unasked_is_refused(site: Site) -> None:
    with pytest.raises(MediaUnreachable, match="compressed"):
        fetch(site.url("/squeezed"), [site.host])


@pytest.mark.parametrize("path", ["/gone", "/missing"])
def test_media_that_are_gone_are_gone_by_name(site: Site, path: str) -> None:
    with pytest.raises(MediaGone):
        fetch(site.url(path), [site.host])


@pytest.mark.parametrize("path", ["/broken", "/garbage"])
def test_a_broken_host_is_unreachable_by_name(site: Site, path: str) -> None:
    with pytest.raises(MediaUnreachable):
        fetch(site.url(path), [site.host])


def test_nobody_listening_is_unreachable_by_name(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(MediaUnreachable, match="ConnectError"):
            fetch(f"http://{host}/whole", [host])


def test_a_proxy_of_the_environment_is_not_used(
    site: Site, stranger: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", stranger.url(""))
    monkeypatch.setenv("ALL_PROXY", stranger.url(""))
    assert fetch(site.url("/whole"), [site.host]).data == BODY
    assert stranger.asked == []


def test_an_error_says_what_it_is() -> None:
    with pytest.raises(FetchError, match=r"configured media hosts only.*\(evil\.example:443\)"):
        fetch("https://evil.example/", ["media.example"])
