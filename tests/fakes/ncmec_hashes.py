"""NCMEC's hash sharing v2 over real HTTP: strict about what it is asked, awkward in what it answers."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.fakes.web import Party, Reply, Request

NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
LOGIN = "desk:a password of the tests"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
TYPES = ("MD5", "SHA1", "PDNA", "PDQ", "NETCLEAN", "VIDENTIFIER", "TMK_PDQF", "SSVH_PDNA", "SSVH_SAFER_HASH")
REASONS = {"MD5": {"guid-1": "Not a child"}, "PDQ": {"guid-2": "Collision", "guid-3": "Not a child"}}
PATH = re.compile(r"/hashsharing/v2/entries/(\d+)/([^/]+)/([A-Z0-9_]+)/feedback")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Entry:
    """What a member shares at a time. `raw` replaces the whole element."""

    member: int
    id: str
    at: int
    fingerprints: dict[str, str] = field(default_factory=dict)
    classification: str = "A1"
    kind: str = "image"
    is_deleted: bool = False
    votes: str = ""
    raw: str = ""

    def xml(self) -> str:
        if self.raw:
            return self.raw
        owner = f'<member id="{self.member}">Member {self.member}</member><timestamp>{moment(self.at)}</timestamp>'
        named = f"{owner}<id>{escape(self.id)}</id>"
        if self.is_deleted:
            tag = "deleted" + self.kind.capitalize()
            return f"<{tag}>{named}</{tag}>"
        hashes = "".join(f"<{kind}>{value}</{kind}>" for kind, value in self.fingerprints.items())
        label = f"<classification>{self.classification}</classification>" if self.classification else ""
        return f"<{self.kind}>{named}{label}<fingerprints>{hashes}</fingerprints>{self.votes}</{self.kind}>"


class Ncmec(Party):
    """The service. `entries` are in the order in which it gives them: no order of time.

    A link goes on in what its range held when it was first asked for, until `forget_links`.
    `extra`: how many more entries that it claims of ranges longer than 400 days.
    """

    def __init__(self, size: int = 1000) -> None:
        super().__init__()
        self.entries: list[Entry] = []
        self.size = size
        self.extra = 0
        self.links: dict[str, list[Entry]] = {}
        self.feedback: list[tuple[int, str, str, str]] = []
        self.spoil: Callable[[bytes], bytes] = lambda body: body
        self.refuse_links = False

    @property
    def base(self) -> str:
        return f"{self.url}/hashsharing"

    def forget_links(self) -> None:
        """As after twelve hours."""
        self.links.clear()

    def answer(self, request: Request) -> Reply:
        wanted = "Basic " + base64.b64encode(LOGIN.encode()).decode()
        if request.headers.get("authorization") != wanted:
            return Reply(401, b"", "text/html")
        if request.method == "PUT":
            return self._feedback(request)
        if request.method != "GET":
            return Reply(405)
        path = request.path.removeprefix("/hashsharing/v2")
        if path == "/status":
            return self._xml(
                '<status xmlns="{}"><ipAddress>127.0.0.1</ipAddress><username>desk</username>'
                '<member id="42">Example Forum</member></status>'
            )
        if path == "/entries":
            return self._entries(request)
        reasons = re.fullmatch(r"/feedback/([A-Z0-9_]+)/reasons", path)
        if reasons and reasons[1] in TYPES:
            listed = "".join(
                f'<reason guid="{guid}" name="{name}" type="{reasons[1]}"/>'
                for guid, name in REASONS.get(reasons[1], {}).items()
            )
            return self._xml(
                f'<feedbackReasons xmlns="{{}}"><availableFeedbackReasons>{listed}'
                "</availableFeedbackReasons></feedbackReasons>"
            )
        return Reply(404)

    def _entries(self, request: Request) -> Reply:
        query = request.query
        if set(query) not in ({"from", "to"}, {"from", "to", "start", "size", "max"}):
            return Reply(400)
        if not all(TIME.fullmatch(query[name]) for name in ("from", "to")):
            return Reply(400)
        link = "/v2/entries?" + "&".join(f"{name}={value}" for name, value in query.items())
        if "start" in query and (link not in self.links or self.refuse_links):
            return Reply(410)
        first, last = seconds(query["from"]), seconds(query["to"])
        found = self.links.get(link) or [entry for entry in self.entries if first <= entry.at <= last]
        start = int(query.get("start", "1")) - 1
        shown, more = found[start : start + self.size], start + self.size < len(found)
        following = ""
        if more or (self.extra and "start" not in query and last - first > 400 * 86_400):
            following = (
                f"/v2/entries?from={query['from']}&to={query['to']}&start={start + self.size + 1}"
                f"&size={self.size}&max={len(found) + self.extra}"
            )
            self.links[following] = found
        groups = "".join(self._group(kind, shown) for kind in ("image", "video"))
        paging = f"<paging><next>{escape(following)}</next></paging>" if following else ""
        return self._xml(f'<queryResult xmlns="{{}}">{groups}{paging}</queryResult>')

    @staticmethod
    def _group(kind: str, shown: list[Entry]) -> str:
        mine = [entry for entry in shown if entry.kind == kind]
        latest = f' maxTimestamp="{moment(max(entry.at for entry in mine))}"' if mine else ""
        inside = "".join(entry.xml() for entry in mine)
        return f'<{kind}s count="{len(mine)}"{latest}>{inside}</{kind}s>'

    def _feedback(self, request: Request) -> Reply:
        place = PATH.fullmatch(request.path)
        if place is None or place[3] not in TYPES:
            return Reply(404)
        if request.headers.get("content-type") != "application/xml; charset=utf-8":
            return Reply(415)
        root = ElementTree.fromstring(request.body)
        name = f"{{{NAMESPACE}}}"
        given = [child.tag.removeprefix(name) for child in root]
        if root.tag != f"{name}feedbackSubmission" or given not in (["affirmative"], ["negative"]):
            return Reply(400)
        guid = root.findtext(f"{name}negative/{name}reasonIds/{name}guid") or ""
        if given == ["negative"] and guid not in REASONS.get(place[3], {}):
            return Reply(400)
        self.feedback.append((int(place[1]), place[2], place[3], guid or "affirmative"))
        return self._xml('<queryResult xmlns="{}"/>')

    def _xml(self, text: str) -> Reply:
        body = ('<?xml version="1.0" encoding="UTF-8"?>' + text.replace("{}", NAMESPACE)).encode()
        return Reply(200, self.spoil(body), "application/xml")
