"""The server: its calls with the scopes and permissions that they take, its pages, its webhooks, its moderators."""

import email.parser
import email.policy
import hashlib
import hmac
import itertools
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tests.fakes.mastodon.entities import File, Flag, Person, Post, Writer, stamp
from tests.fakes.web import Party, Reply, Request

SECRET = "a-webhook-secret-of-forty-hex-digits"
MODERATOR = frozenset({"manage_reports", "manage_users"})
ALL_SCOPES = frozenset(
    {
        "read:accounts",
        "read:statuses",
        "write:statuses",
        "write:media",
        "write:reports",
        "admin:read:reports",
        "admin:write:reports",
        "admin:read:accounts",
        "admin:write:accounts",
    }
)
SIGNED_IN = frozenset({"read:accounts", "read:statuses", "write:statuses", "write:media", "write:reports"})
REPORTS_A_DAY = 400


class Wrong(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


class Call:
    """One request, with who asks."""

    def __init__(self, request: Request, asker: Person | None, parts: tuple[str, ...]) -> None:
        self.request, self.asker, self.parts = request, asker, parts
        self.form: list[tuple[str, str]] = []
        self.files: dict[str, bytes] = {}
        kind = request.headers.get("content-type", "")
        if kind.startswith("multipart/form-data"):
            parser = email.parser.BytesParser(policy=email.policy.HTTP)
            whole = parser.parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + request.body)
            for part in whole.iter_parts():
                name = str(part.get_param("name", header="content-disposition"))
                if part.get_filename():
                    self.files[name] = part.get_payload(decode=True)
                else:
                    self.form.append((name, part.get_content()))
        elif kind.startswith("application/json"):
            self.form = [(name, str(value)) for name, value in json.loads(request.body or b"{}").items()]
        elif request.body:
            self.form = parse_qsl(request.body.decode(), keep_blank_values=True, strict_parsing=True)

    def only(self, *known: str) -> None:
        """Refuse what the reference doesn't name. (The real one ignores it; a typo of ours must show.)"""
        given = {name for name, _ in self.form} | set(self.files) | set(self.request.query)
        if given - set(known):
            raise Wrong(400, f"unknown parameters: {sorted(given - set(known))}")

    def one(self, name: str, otherwise: str = "") -> str:
        values = [value for key, value in self.form if key == name]
        return values[-1] if values else self.request.query.get(name, otherwise)

    def many(self, name: str) -> list[str]:
        return [value for key, value in self.form if key == name]

    def flag(self, name: str, otherwise: bool) -> bool:
        value = self.one(name, str(otherwise)).lower()
        if value not in ("true", "false", "1", "0"):
            raise Wrong(422, f"{name} is no boolean")
        return value in ("true", "1")


Answer = tuple[int, Any] | Reply


class Mastodon(Party):
    """`uri` and `dana` are people, `desk` the desk's own account with a moderator's role."""

    def __init__(self) -> None:
        super().__init__()
        self.people: dict[str, Person] = {}
        self.posts: dict[str, Post] = {}
        self.files: dict[str, File] = {}
        self.flags: dict[str, Flag] = {}
        self.entities = Writer(self.people, self.posts)
        self.hooks: list[tuple[str, str]] = []
        self.unsent: list[tuple[str, bytes, str]] = []
        self.given_up: list[bytes] = []
        self.left: dict[str, int] = {}
        self.limited = False
        self.public_api = True
        self.circles = False
        self._numbers = itertools.count(1001)
        self._reports = itertools.count(1)
        self._seconds = itertools.count(100)
        self.uri, self.dana = self.join("uri"), self.join("dana")
        self.desk = self.join("desk", ALL_SCOPES, MODERATOR)

    # ── its people, as the web pages let them act ──

    def join(
        self, name: str, scopes: frozenset[str] = SIGNED_IN, permissions: frozenset[str] = frozenset()
    ) -> Person:
        person = Person(str(next(self._numbers)), name, f"token-{name}", scopes, permissions)
        self.people[person.id] = person
        return person

    def upload(self, owner: Person, data: bytes) -> File:
        file = File(str(next(self._numbers)), owner.id, data)
        self.files[file.id] = file
        return file

    def post(
        self, owner: Person, *pictures: bytes, visibility: str = "public", text: str = "A lake."
    ) -> Post:
        files = [self.upload(owner, one) for one in pictures]
        made = Post(str(next(self._numbers)), owner.id, text, files, visibility)
        self.posts[made.id] = made
        self.announce("status.created", self.entities.status(made))
        return made

    def edit(self, post: Post, *pictures: bytes) -> None:
        post.files = [self.upload(self.people[post.owner], one) for one in pictures]
        post.edited = next(self._seconds)
        self.announce("status.updated", self.entities.status(post))

    def flag(
        self, by: Person, about: Person, *posts: Post, comment: str = "", category: str = "other"
    ) -> Flag:
        return self._flagged(by, about, [one.id for one in posts], comment, category)

    def moderator_deletes(self, flag: Flag) -> None:
        """The button on a report's page: its posts are discarded; their files stay on disk for thirty days."""
        for number in flag.posts:
            self.posts[number].discarded = True
        self._close(flag, self.desk)

    def thirty_days_pass(self) -> None:
        """What was discarded is cleaned away."""
        for post in self.posts.values():
            if post.discarded:
                for file in post.files:
                    file.kept = False

    # ── webhooks ──

    def announce(self, event: str, entity: dict[str, Any]) -> None:
        body = json.dumps(
            {"event": event, "created_at": stamp(next(self._seconds)), "object": entity}
        ).encode()
        self.unsent += [(url, body, secret) for url, secret in self.hooks]

    def deliver(self) -> list[int]:
        """Send what waits. What is answered 2xx is done, 501 or another 4xx than 401, 408, 429 is given up."""
        statuses = []
        for waiting in list(self.unsent):
            url, body, secret = waiting
            status = send(url, body, secret)
            statuses.append(status)
            if status // 100 == 2:
                self.unsent.remove(waiting)
            elif status == 501 or (status // 100 == 4 and status not in (401, 408, 429)):
                self.unsent.remove(waiting)
                self.given_up.append(body)
        return statuses

    # ── calls ──

    def answer(self, request: Request) -> Reply:
        self.entities.url = self.url
        try:
            answered = self._routed(request)
        except Wrong as wrong:
            answered = wrong.status, {"error": str(wrong)}
        if isinstance(answered, Reply):
            return answered
        status, said = answered
        limits = {
            "X-RateLimit-Limit": "300",
            "X-RateLimit-Remaining": "299",
            "X-RateLimit-Reset": "2026-11-01T08:05:00.000000Z",
        }
        return Reply(status, json.dumps(said).encode(), "application/json; charset=utf-8", headers=limits)

    def _routed(self, request: Request) -> Answer:
        if self.limited and request.path.startswith("/api/"):
            return Reply(
                429, b'{"error":"Throttled"}', headers={"Retry-After": "2", "X-RateLimit-Remaining": "0"}
            )
        asker = self._asker(request)
        for method, pattern, scope, permissions, do in self._calls():
            found = re.fullmatch(pattern, request.path.rstrip("/"))  # as Rails does
            if found is None or method != request.method:
                continue
            if scope and asker is None:
                if scope.startswith("read:") and "credentials" not in pattern and self.public_api:
                    return do(Call(request, None, found.groups()))
                raise Wrong(401, "This method requires an authenticated user")
            if scope and asker is not None and scope not in asker.scopes:
                raise Wrong(403, "This action is outside the authorized scopes")
            if asker is not None and not permissions <= asker.permissions:
                raise Wrong(403, "This action is not allowed")
            return do(Call(request, asker, found.groups()))
        if request.path.startswith("/api/"):
            raise Wrong(404, "Record not found")
        return Reply(404, b"<html><title>404</title></html>", "text/html")

    def _calls(self) -> list[tuple[str, str, str, frozenset[str], Callable[[Call], Answer]]]:
        one, reports, accounts = r"/(\d+)", "/api/v1/admin/reports", "/api/v1/admin/accounts"
        turns = "/(resolve|reopen|assign_to_self|unassign)"
        none, flags, people = frozenset[str](), frozenset({"manage_reports"}), frozenset({"manage_users"})
        return [
            (
                "GET",
                r"/system/media_attachments/files/(\d+)/(original|small)/[0-9a-f]+\.png",
                "",
                none,
                self._file,
            ),
            ("GET", "/api/v[12]/instance", "", none, self._instance),
            ("GET", "/api/v1/accounts/verify_credentials", "read:accounts", none, self._myself),
            ("GET", "/api/v1/accounts/lookup", "read:accounts", none, self._lookup),
            ("GET", f"/api/v1/accounts{one}", "read:accounts", none, self._account),
            ("GET", f"/api/v1/statuses{one}", "read:statuses", none, self._status),
            ("POST", "/api/v1/statuses", "write:statuses", none, self._post),
            ("DELETE", f"/api/v1/statuses{one}", "write:statuses", none, self._delete),
            ("POST", "/api/v2/media", "write:media", none, self._upload),
            ("POST", "/api/v1/reports", "write:reports", none, self._report),
            ("GET", reports, "admin:read:reports", flags, self._list),
            ("GET", reports + one, "admin:read:reports", flags, self._show),
            (
                "POST",
                reports + one + turns,
                "admin:write:reports",
                flags,
                self._turn,
            ),
            ("GET", accounts + one, "admin:read:accounts", people, self._admin_account),
            ("POST", accounts + one + "/action", "admin:write:accounts", flags | people, self._act),
            ("POST", accounts + one + "/unsuspend", "admin:write:accounts", people, self._unsuspend),
        ]

    def _asker(self, request: Request) -> Person | None:
        given = request.headers.get("authorization", "")
        if not given:
            return None
        for person in self.people.values():
            if person.token and given == f"Bearer {person.token}" and not person.suspended:
                return person
        raise Wrong(401, "The access token is invalid")

    def _file(self, call: Call) -> Answer:
        file = self.files.get(call.parts[0])
        size = call.request.path.split("/")[-2]
        if file is None or not file.kept or self.people[file.owner].suspended:
            return Reply(404, b"", "text/html")
        if call.request.path != file.path.replace("original", size):
            return Reply(404, b"", "text/html")
        return Reply(200, file.data, "image/png")

    def _instance(self, call: Call) -> Answer:
        said = {
            "title": "Birds",
            "version": "4.4.2",
            "api_versions": {"mastodon": 6},
            "domain": "birds.example",
        }
        return 200, {**said, "uri": "birds.example", "configuration": {}, "rules": [], "languages": ["en"]}

    def _myself(self, call: Call) -> Answer:
        assert call.asker is not None
        return 200, self.entities.account(call.asker)

    def _lookup(self, call: Call) -> Answer:
        call.only("acct")
        for person in self.people.values():
            if call.one("acct") in (person.username, f"{person.username}@{person.domain}"):
                return 200, self.entities.account(person)
        raise Wrong(404, "Record not found")

    def _account(self, call: Call) -> Answer:
        return 200, self.entities.account(self._person(call.parts[0]))

    def _status(self, call: Call) -> Answer:
        post = self.posts.get(call.parts[0])
        if post is None or post.discarded or self.people[post.owner].suspended:
            raise Wrong(404, "Record not found")
        mine = call.asker is not None and call.asker.id == post.owner
        if post.visibility not in ("public", "unlisted") and not mine:
            raise Wrong(404, "Record not found")
        return 200, self.entities.status(post)

    def _post(self, call: Call) -> Answer:
        call.only("status", "media_ids[]", "visibility", "sensitive", "spoiler_text", "language")
        assert call.asker is not None
        files = [self.files[one] for one in call.many("media_ids[]")]
        made = Post(
            str(next(self._numbers)),
            call.asker.id,
            call.one("status"),
            files,
            call.one("visibility", "public"),
        )
        self.posts[made.id] = made
        self.announce("status.created", self.entities.status(made))
        return 200, self.entities.status(made)

    def _delete(self, call: Call) -> Answer:
        post = self.posts.get(call.parts[0])
        if post is None or call.asker is None or post.owner != call.asker.id:
            raise Wrong(404, "Record not found")
        said = self.entities.status(post)
        del self.posts[post.id]
        for file in post.files:
            file.kept = False
        return 200, said

    def _upload(self, call: Call) -> Answer:
        call.only("file", "description", "focus")
        assert call.asker is not None
        return 200, self.entities.file(self.upload(call.asker, call.files["file"]))

    def _report(self, call: Call) -> Answer:
        call.only("account_id", "status_ids[]", "comment", "forward", "category", "rule_ids[]")
        assert call.asker is not None
        if sum(one.by == call.asker.id for one in self.flags.values()) >= REPORTS_A_DAY:
            raise Wrong(429, "Too many reports today")
        about = self._person(call.one("account_id"))
        category, rules = call.one("category", "other"), call.many("rule_ids[]")
        if category not in ("spam", "legal", "violation", "other"):
            raise Wrong(422, "Validation failed: Category is not included in the list")
        if (category == "violation") is not bool(rules):
            raise Wrong(422, "Validation failed: Rule ids does not reference valid rules")
        if len(call.one("comment")) > 1000:
            raise Wrong(422, "Validation failed: Comment is too long")
        posts = call.many("status_ids[]")
        for number in posts:
            if number not in self.posts or self.posts[number].owner != about.id:
                raise Wrong(404, "Record not found")
        forward = call.flag("forward", False)
        made = self._flagged(call.asker, about, posts, call.one("comment"), category, rules, forward)
        return 200, self.entities.report(made)

    def _list(self, call: Call) -> Answer:
        known = ("resolved", "account_id", "target_account_id", "limit", "max_id", "since_id", "min_id")
        call.only(*known)
        limit = min(int(call.one("limit", "100")), 200)
        closed = call.flag("resolved", False)
        fitting = [
            one
            for one in self.flags.values()
            if (one.closed_by is not None) is closed
            and call.one("account_id") in ("", one.by)
            and call.one("target_account_id") in ("", one.about)
            and int(one.id) < int(call.one("max_id", str(1 << 62)))
            and int(one.id) > max(int(call.one("since_id", "0")), int(call.one("min_id", "0")))
        ]
        fitting.sort(key=lambda one: int(one.id), reverse=True)
        page = fitting[-limit:] if call.one("min_id") else fitting[:limit]
        reply = Reply(200, json.dumps([self.entities.admin_report(one) for one in page]).encode())
        if page:
            kept = {name: call.one(name) for name in known[:4] if call.one(name)}
            older = urlencode({**kept, "max_id": page[-1].id})
            newer = urlencode({**kept, "min_id": "0" if self.circles else page[0].id})
            links = [f'<{self.url}{call.request.path}?{newer}>; rel="prev"']
            if len(page) == limit:
                links.insert(0, f'<{self.url}{call.request.path}?{older}>; rel="next"')
            reply.headers["Link"] = ", ".join(links)
        return reply

    def _show(self, call: Call) -> Answer:
        return 200, self.entities.admin_report(self._flag(call))

    def _turn(self, call: Call) -> Answer:
        call.only()
        flag, verb = self._flag(call), call.parts[1]
        assert call.asker is not None
        if verb == "resolve":
            self._close(flag, call.asker)
        elif verb == "reopen":
            flag.closed_by = None
            self._changed(flag)
        else:
            flag.assigned = call.asker.id if verb == "assign_to_self" else None
            self._changed(flag)
        return 200, self.entities.admin_report(flag)

    def _admin_account(self, call: Call) -> Answer:
        return 200, self.entities.admin_account(self._person(call.parts[0]))

    def _act(self, call: Call) -> Answer:
        call.only("type", "report_id", "warning_preset_id", "text", "send_email_notification")
        person, kind = self._person(call.parts[0]), call.one("type")
        if kind not in ("none", "sensitive", "disable", "silence", "suspend"):
            raise Wrong(422, "Validation failed: Type is not included in the list")
        if kind == "suspend":
            person.suspended = True
        if call.flag("send_email_notification", True):
            person.letters.append(call.one("text"))
        assert call.asker is not None
        for flag in self.flags.values():
            if flag.about == person.id and flag.closed_by is None:
                self._close(flag, call.asker)
        return 200, {}

    def _unsuspend(self, call: Call) -> Answer:
        person = self._person(call.parts[0])
        if not person.suspended:
            raise Wrong(403, "This action is not allowed")
        person.suspended = False
        return 200, self.entities.admin_account(person)

    def _person(self, number: str) -> Person:
        if number not in self.people:
            raise Wrong(404, "Record not found")
        return self.people[number]

    def _flag(self, call: Call) -> Flag:
        if call.parts[0] not in self.flags:
            raise Wrong(404, "Record not found")
        return self.flags[call.parts[0]]

    def _flagged(
        self,
        by: Person,
        about: Person,
        posts: list[str],
        comment: str,
        category: str,
        rules: list[str] | None = None,
        forward: bool = False,
    ) -> Flag:
        number = str(next(self._reports))
        flag = Flag(number, by.id, about.id, posts, comment, category, rules or [], forward)
        self.flags[flag.id] = flag
        self.entities.url = self.url
        self.announce("report.created", self.entities.admin_report(flag))
        return flag

    def _close(self, flag: Flag, by: Person) -> None:
        flag.closed_by = by.id
        self._changed(flag)

    def _changed(self, flag: Flag) -> None:
        flag.changed = next(self._seconds)
        self.announce("report.updated", self.entities.admin_report(flag))


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers of a webhook."""
    proof = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Hub-Signature": f"sha256={proof}"}


def send(url: str, body: bytes, secret: str) -> int:
    """Send one webhook over HTTP; the status."""
    request = urllib.request.Request(url, body, signed(body, secret), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 503
