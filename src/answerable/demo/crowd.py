"""Many reporters at once, over the public form: plain HTTP, connections kept open, as fast as the desk takes it."""

import http.client
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

_NONCE = re.compile(r'name="nonce" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Filling:
    """What one reporter writes into the form."""

    what: str
    link: str
    statement: str


@dataclass
class Flood:
    """What came of a flood: how many were accepted, what was refused, how long it took."""

    accepted: int = 0
    refused: list[int] = field(default_factory=list)
    seconds: float = 0.0


def flood(
    public_url: str,
    fillings: Sequence[Filling],
    at_once: int = 4,
    between: Callable[[int], None] | None = None,
) -> Flood:
    """File all of these reports, `at_once` at a time. `between` hears after each how many were accepted."""
    found, lock = Flood(), threading.Lock()
    waiting = iter(fillings)
    began = time.monotonic()

    def one_after_the_other() -> None:
        browser = _Form(public_url)
        while True:
            with lock:
                filling = next(waiting, None)
            if filling is None:
                return
            status = browser.send(filling)
            with lock:
                if status == http.client.OK:
                    found.accepted += 1
                else:
                    found.refused.append(status)
                number = found.accepted
            if between is not None:
                between(number)

    reporters = [threading.Thread(target=one_after_the_other) for _ in range(at_once)]
    for reporter in reporters:
        reporter.start()
    for reporter in reporters:
        reporter.join()
    found.seconds = time.monotonic() - began
    return found


class _Form:
    """The form, opened once and sent again and again, each time with other words: each is a report of its own."""

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(public_url)
        self._host = parts.netloc
        self._connection = http.client.HTTPConnection("127.0.0.1", parts.port, timeout=60)
        page = self._ask("GET", "/en/report")[1]
        found = _NONCE.search(page)
        if found is None:
            raise ConnectionError("The public form could not be opened.")
        self._nonce = found.group(1)

    def send(self, filling: Filling) -> int:
        """File one report; the status of the answer: 200 where it was accepted."""
        typed = {
            "nonce": self._nonce,
            "what": filling.what,
            "links": filling.link,
            "statement": filling.statement,
            "danger": "none",
        }
        return self._ask("POST", "/en/report", urlencode(typed))[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        headers = {"Host": self._host}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
