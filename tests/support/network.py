"""Nothing leaves unless configured (rule 4): in tests, nothing leaves at all."""

import ipaddress
import sys
from typing import Any

LOOKING_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
attempts: list[str] = []
_installed: list[bool] = []


class OutsideNetworkError(Exception):
    """A test tried to reach a host other than this machine."""


def is_loopback(host: object) -> bool:
    """Whether an address (a name, an IP address, or none: bind to any) stays on this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost") or str(host).endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(str(host).split("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if isinstance(address, tuple) and not is_loopback(address[0]):
            _refuse(f"{event} {address[0]}")
    elif event in LOOKING_UP and not is_loopback(arguments[0]):
        _refuse(f"{event} {arguments[0]}")


def _refuse(what: str) -> None:
    attempts.append(what)
    raise OutsideNetworkError(what)


def install() -> None:
    """Watch every Python socket of this process, once. An audit hook can't be taken away again."""
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_watch)
