"""The desk itself: its environment, its addresses, its clock, its name in the log."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

from answerable import clock
from answerable.checklist.kernel import TIME_ERROR, clock_state
from answerable.checklist.lines import A_YEAR, Line, ask, attempt, check
from answerable.settings.config import Config, Desk

SECONDS = 10.0
EXAMPLE_ORIGIN = Desk.model_fields["origin"].default


def lines(config: Config) -> Iterator[Line]:
    """The lines about the desk itself."""
    desk = config.desk
    yield check(
        "environment",
        "The desk is a real one",
        good=config.environment == "production" and not clock.offset(),
        done='environment = "production", and the clock is the machine\'s own',
        missing='Write environment = "production" into answerable.toml, and start without a moved clock.',
    )
    for name, url, where, good in (
        ("public_url", desk.public_url, "on the internet", is_public(desk.public_url)),
        ("staff_url", desk.staff_url, "beyond this machine", is_safe(desk.staff_url)),
    ):
        yield check(
            f"address.{name}",
            f"desk.{name} is an address {where}, with TLS",
            good=good,
            done=url,
            missing=f"Put a proxy with TLS before that door, and write its address: desk.{name} is {url}.",
        )
    yield attempt(
        "tls",
        "The public pages answer under their address, with a certificate that browsers trust",
        lambda: answers(desk.public_url),
        desk.public_url,
    )
    yield check(
        "origin",
        "The log has a name of its own",
        good=desk.origin != EXAMPLE_ORIGIN,
        done=desk.origin,
        missing="Write desk.origin: your domain and a path. Receipts carry it, so do it before the first report.",
    )
    yield clock_line(clock_state())


def clock_line(state: int | None) -> Line:
    """The line about the clock, by what the kernel says of it."""
    title = "The clock is kept right"
    if state is not None and state != TIME_ERROR:
        return check("clock", title, good=True, done="The kernel says that something keeps it.", missing="")
    said = "The kernel says that nothing does" if state == TIME_ERROR else "This machine doesn't say"
    says = (
        f"{said}: start chrony or systemd-timesyncd, or state what keeps it (a virtual machine's host may)."
    )
    return ask("clock", title, says, state, again_after=A_YEAR)


def is_safe(url: str) -> bool:
    """Whether an address is one that a browser on another machine can open, over TLS."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    at_home = host.rpartition(".")[2] in ("localhost", "") or host == "::1" or host.startswith("127.")
    return urlsplit(url).scheme == "https" and not at_home


def is_public(url: str) -> bool:
    """Whether an address is one that a browser elsewhere can open, over TLS. Nothing is looked up."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or host.rpartition(".")[2] in ("localhost", "local", "test", "internal", ""):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host


def answers(url: str, **options: object) -> str:
    """Ask the door under its own address whether it is ready. Raises httpx.HTTPError."""
    with httpx.Client(timeout=SECONDS, **options) as client:  # type: ignore[arg-type]
        got = client.get(f"{url.rstrip('/')}/ready")
    got.raise_for_status()
    return f"{url} answers, and its certificate is good."
