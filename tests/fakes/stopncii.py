"""StopNCII's API over real HTTP: a key for each call, pages by token, a new start only with the last page."""

import json
from collections.abc import Callable
from typing import Any

from tests.fakes.web import Party, Reply, Request

SUBSCRIPTION, FETCHING, TELLING = "subscription of tests", "fetch key of tests", "feedback key of tests"
NEXT_SET = 1_795_700_000
"""A day before the tests play."""
VALUES = (
    "None",
    "QualityUnknown",
    "PendingReview",
    "Blocked",
    "NotBlocked",
    "Withdrawn",
    "Deleted",
    "Unknown",
)


def record(signal: str, value: str, at: int = 1000, status: Any = "Active", **more: Any) -> dict[str, Any]:
    """A record as the service gives it; an empty set of cases is an empty list, as it happens there."""
    return {
        "lastModtimestamp": at,
        "signalType": signal,
        "hashValue": value,
        "hashStatus": status,
        "caseNumbers": [],
        "CSPFeedbacks": [],
        **more,
    }


class StopNcii(Party):
    """The service. `records` in the order in which they are given; `size` is the most that it gives at once."""

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.records: list[Any] = []
        self.size = size
        self.next_set = NEXT_SET
        self.tokens: dict[str, int] = {}
        self.feedback: list[dict[str, Any]] = []
        self.spoil: Callable[[dict[str, Any]], Any] = lambda answer: answer

    @property
    def base(self) -> str:
        return f"{self.url}/v1"

    def answer(self, request: Request) -> Reply:
        if request.headers.get("ocp-apim-subscription-key") != SUBSCRIPTION:
            return Reply(401, b'{"statusCode": 401}')
        key = request.headers.get("x-functions-key")
        if (request.method, request.path) == ("GET", "/v1/FetchHashes"):
            return self._fetch(request) if key == FETCHING else Reply(401)
        if (request.method, request.path) == ("POST", "/v1/SubmitFeedback"):
            return self._feedback(request) if key == TELLING else Reply(401)
        return Reply(404)

    def _fetch(self, request: Request) -> Reply:
        query = request.query
        if (
            not {"startTimestamp", "pageSize"}
            <= set(query)
            <= {"startTimestamp", "pageSize", "nextPageToken"}
        ):
            return Reply(400)
        since, asked = int(query["startTimestamp"]), int(query["pageSize"])
        if since < 10 or not 1 <= asked <= 800:
            return Reply(400)
        start = 0
        if "nextPageToken" in query:
            if query["nextPageToken"] not in self.tokens:
                return Reply(400)
            start = self.tokens[query["nextPageToken"]]
        found = [each for each in self.records if not isinstance(each, dict) or self._at(each) >= since]
        end = start + min(asked, self.size)
        more = end < len(found)
        token = f"{since}+{end}/=" if more else None
        if token:
            self.tokens[token] = end
        answer = {
            "count": len(found[start:end]),
            "nextPageToken": token,
            "nextSetTimestamp": self.next_set if not more else since,
            "hasMoreRecords": more,
            "hashRecords": found[start:end],
        }
        return Reply(200, json.dumps(self.spoil(answer)).encode())

    @staticmethod
    def _at(each: dict[str, Any]) -> int:
        at = each.get("lastModtimestamp")
        return at if isinstance(at, int) else 10**9

    def _feedback(self, request: Request) -> Reply:
        body = json.loads(request.body)
        if set(body) != {"count", "hashFeedbacks"} or body["count"] != len(body["hashFeedbacks"]):
            return Reply(400)
        for each in body["hashFeedbacks"]:
            if set(each) != {"hashValue", "feedbackValue", "tags"} or each["feedbackValue"] not in VALUES:
                return Reply(400)
        self.feedback += body["hashFeedbacks"]
        return Reply(200, b"{}")
