"""The parts of Meta's Graph API that ThreatExchange uses, over real HTTP: links carry the token, limits are 400s."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from tests.fakes.web import Party, Reply, Request

APP, TOKEN = "12345678", "12345678|a-secret-of-the-tests-0123"
GROUP = "700"
FIELDS = {"access_token", "start_time", "stop_time", "limit", "types", "fields"}
REACTIONS = {"HELPFUL", "NOT_HELPFUL", "SAW_THIS_TOO", "DISAGREE_WITH_TAGS", "OUTDATED"}


def error(code: int, status: int = 400) -> Reply:
    """An error as the Graph API writes it."""
    body = {"error": {"message": f"(#{code}) something", "type": "OAuthException", "code": code}}
    return Reply(status, json.dumps(body).encode())


def opinion(number: int, status: str = "MALICIOUS", owner: str = "999", **more: Any) -> dict[str, Any]:
    """One member's descriptor."""
    return {"id": str(number), "owner": {"id": owner}, "status": status, "added_on": "2026-01-01", **more}


def update(number: int, kind: str, value: str, at: Any = 1000, *opinions: Any, **more: Any) -> dict[str, Any]:
    """An update of an indicator; without opinions, with one."""
    return {
        "id": str(number),
        "indicator": value,
        "type": kind,
        "last_updated": at,
        "should_delete": False,
        "descriptors": {"data": list(opinions) or [opinion(number * 10)]},
        **more,
    }


class Graph(Party):
    """The service. `updates` in their order; `size` is the most that it gives at once."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.updates: list[Any] = []
        self.size = size
        self.cursors: dict[str, list[Any]] = {}
        self.groups: Any = [{"id": GROUP, "name": "A group", "threat_updates_enabled": True}]
        self.reactions: list[tuple[str, str]] = []
        self.spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer

    @property
    def base(self) -> str:
        return f"{self.url}/v21.0"

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/v21.0")
        if request.method == "POST":
            return self._react(path, request)
        if request.query.get("access_token") != TOKEN:
            return error(190)
        if path == f"/{APP}/threat_privacy_groups_member":
            return Reply(200, json.dumps({"data": self.groups}).encode())
        if path == f"/{GROUP}/threat_updates/":
            return self._updates(request)
        return error(100)

    def _updates(self, request: Request) -> Reply:
        query = request.query
        if not FIELDS <= set(query) <= FIELDS | {"after"} or not 1 <= int(query["limit"]) <= 500:
            return error(100)
        first, last = int(query["start_time"]), int(query["stop_time"])
        if "after" in query:
            if query["after"] not in self.cursors:
                return error(100)
            found = self.cursors[query["after"]]
        else:
            found = [each for each in self.updates if first <= self._at(each) < last]
        answer: dict[str, Any] = {"data": found[: self.size]}
        if len(found) > self.size:
            cursor = f"c{len(self.cursors)}"
            self.cursors[cursor] = found[self.size :]
            answer["paging"] = {
                "cursors": {"after": cursor},
                "next": f"{self.base}/{GROUP}/threat_updates/?" + urlencode({**query, "after": cursor}),
            }
        return Reply(200, json.dumps(self.spoil(answer)).encode())

    @staticmethod
    def _at(each: Any) -> int:
        at = each.get("last_updated") if isinstance(each, dict) else None
        return int(at) if isinstance(at, int) or (isinstance(at, str) and at.isdigit()) else 1000

    def _react(self, path: str, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if form.pop("access_token", "") != TOKEN or request.query:
            return error(190)
        if set(form) != {"reactions"} or form["reactions"] not in REACTIONS or not path[1:].isdigit():
            return error(100)
        self.reactions.append((path[1:], form["reactions"]))
        return Reply(200, b'{"success": true}')
