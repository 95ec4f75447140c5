"""The door itself: which address is answered by what, for whom, and how errors look there."""

import json
import re
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from answerable.api import problems
from answerable.api.hma import contents, curation, hashing, matching
from answerable.api.hma.asked import Asked, Missing, asked
from answerable.api.keys import READS_MATCHES, WRITES_BANKS
from answerable.api.problems import Problem
from answerable.api.wsgi import (
    Application,
    Environ,
    StartResponse,
    refuse_other_hosts,
    renew_connection,
    send,
)
from answerable.db.mark import one_mark
from answerable.matching.known import IndexStale, known

PREFIX = "/hma"
LOOKS = ("screen", READS_MATCHES)
READS = (READS_MATCHES, WRITES_BANKS)
WRITES = (WRITES_BANKS,)
Answer = Callable[[Asked], Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One address: who may ask there, and what answers: a value as JSON, or a status and a value."""

    method: str
    pattern: str
    answer: Answer
    scopes: tuple[str, ...]


ROUTES = (
    Route("GET", "/h/hash", hashing.hash_get, LOOKS),
    Route("POST", "/h/hash", hashing.hash_post, LOOKS),
    Route("GET", "/m/lookup", matching.lookup_get, LOOKS),
    Route("POST", "/m/lookup", matching.lookup_post, LOOKS),
    Route("GET", "/m/raw_lookup", matching.raw_lookup, (READS_MATCHES,)),
    Route("POST", "/m/compare", matching.compare, LOOKS),
    Route("GET", "/m/index/status", matching.index_status, (*LOOKS, *WRITES)),
    Route("GET", "/c/banks", curation.list_banks, READS),
    Route("POST", "/c/banks", curation.make_bank, WRITES),
    Route("GET", "/c/bank/{bank}", curation.show_bank, READS),
    Route("PUT", "/c/bank/{bank}", curation.change_bank, WRITES),
    Route("DELETE", "/c/bank/{bank}", curation.delete_bank, WRITES),
    Route("POST", "/c/bank/{bank}/content", contents.add_content, WRITES),
    Route("POST", "/c/bank/{bank}/signal", contents.add_signals, WRITES),
    Route("GET", "/c/bank/{bank}/content/{content}", contents.show_content, READS),
    Route("PUT", "/c/bank/{bank}/content/{content}", contents.change_content, WRITES),
    Route("DELETE", "/c/bank/{bank}/content/{content}", contents.delete_content, WRITES),
    Route("GET", "/c/signal_type", curation.list_signal_types, (*LOOKS, *WRITES)),
    Route("PUT", "/c/signal_type/{name}", curation.not_here, WRITES),
    Route("GET", "/c/signal_type/index", curation.signal_type_index, (*LOOKS, *WRITES)),
    Route("GET", "/c/content_type", curation.list_content_types, (*LOOKS, *WRITES)),
    Route("GET", "/c/exchanges", curation.list_nothing, READS),
    Route("GET", "/c/exchanges/apis", curation.list_nothing, READS),
    Route("POST", "/c/exchanges", curation.not_here, WRITES),
)
_PARTS = {"{bank}": r"(?P<bank>[^/]+)", "{content}": r"(?P<content>\d{1,18})", "{name}": r"(?P<name>[^/]+)"}


def _compiled(route: Route) -> tuple[re.Pattern[str], Route]:
    pattern = route.pattern
    for part, expression in _PARTS.items():
        pattern = pattern.replace(part, expression)
    return re.compile(pattern), route


_COMPILED = [_compiled(route) for route in ROUTES]


def with_hma(application: Application) -> Application:
    """Wrap the public door: what lies under `/hma` is answered here, all else by `application`."""

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if not path.startswith(f"{PREFIX}/"):
            return application(environ, start_response)
        try:
            return _send(start_response, *_answered(environ, path.removeprefix(PREFIX)))
        except IndexStale:
            return _send(start_response, 503, {"message": "index not yet ready"}, {"Retry-After": "1"})
        except Exception as error:  # noqa: BLE001  `of` logs what it doesn't know, and answers 500
            problem = problems.of(error)
            headers = {"WWW-Authenticate": 'Basic realm="hma"'} if problem.status == 401 else {}
            said = problem.said if isinstance(problem, Missing) else {"message": problem.detail}
            return _send(start_response, problem.status, said, headers)

    return answer


def _answered(environ: Environ, path: str) -> tuple[int, Any]:
    """Status, and a value for JSON or a text. Raises Problem, IndexStale."""
    refuse_other_hosts(environ)
    renew_connection()
    if path == "/status":
        return _status()
    if path == "/status/live":
        return 200, "I-AM-ALIVE"
    route, parts = _route(environ["REQUEST_METHOD"], path)
    # Without a body and without an address to fetch first, all that is asked has come.
    at_once = route.method == "GET" and "url=" not in environ.get("QUERY_STRING", "")
    with one_mark() if at_once else nullcontext():
        ours = asked(environ, *route.scopes)
        ours.path = parts
        said = route.answer(ours)
    return said if isinstance(said, tuple) else (200, said)


def _status() -> tuple[int, str]:
    """For a load balancer, without a key, as there."""
    try:
        known().catch_up()
    except IndexStale:
        return 503, "INDEX-NOT-LOADED"
    return 200, "I-AM-ALIVE"


def _route(method: str, path: str) -> tuple[Route, dict[str, str]]:
    methods = set()
    for pattern, route in _COMPILED:
        match = pattern.fullmatch(path)
        if match is not None and route.method == method:
            return route, match.groupdict()
        if match is not None:
            methods.add(route.method)
    if methods:
        raise Problem(405, "The method is not allowed for the requested URL.")
    raise Problem(404, "The requested URL was not found on the server.")


def _send(
    start_response: StartResponse, status: int, said: Any, headers: dict[str, str] | None = None
) -> Iterable[bytes]:
    text = isinstance(said, str)
    body = (said if text else json.dumps(said, separators=(",", ":")) + "\n").encode()
    kind = "text/html; charset=utf-8" if text else "application/json"
    return send(start_response, status, {"Content-Type": kind, **(headers or {})}, body)
