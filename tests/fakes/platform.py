"""A site that follows the http contract over real HTTP, and breaks it in exactly the ways it is told to."""

import base64
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of a platform in tests!").decode()
VISIBILITIES = ("visible", "limited", "hidden", "gone")


@dataclass
class Thing:
    """One item of the site."""

    ref: str
    data: bytes
    kind: str = "image"
    account: str = "uri"
    wanted: str = "visible"
    serial: int = 0
    frozen: bool = False


@dataclass
class Site:
    """The site's state; `faults` names what it does wrong from now on."""

    things: dict[str, Thing] = field(default_factory=dict)
    faults: set[str] = field(default_factory=set)
    freezes_what_it_hides: bool = False
    requests: list[dict[str, Any]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it tells of an account besides its name."""
    notices: dict[str, str] = field(default_factory=dict)
    suspended: set[str] = field(default_factory=set)
    remembered: dict[str, dict[str, Any]] = field(default_factory=dict)
    first_answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    cursors: set[str] = field(default_factory=set)
    cached: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)
    """What a cache in front keeps while the fault `caches` lasts: a test ends it as its seconds would."""
    elsewhere: str = "http://127.0.0.1:9"
    retry_after: str = ""
    cache_control: str = ""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Platform:
    """The site as a running server. `stop()` takes it down, `start()` brings it back on the same port."""

    def __init__(self) -> None:
        self.site = Site()
        self._release = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def add(self, ref: str, data: bytes, **facts: Any) -> Thing:
        thing = Thing(ref, data, **facts)
        self.site.things[ref] = thing
        return thing

    def start(self) -> None:
        self._release.clear()
        handler = type("Handler", (_Handler,), {"site": self.site, "release": self._release})
        server = ThreadingHTTPServer(("127.0.0.1", self.site.port), handler)
        server.daemon_threads = True
        self.site.port = server.server_address[1]
        self._server = server
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def stop(self) -> None:
        self._release.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class Problem(Exception):
    def __init__(self, status: int, error: str) -> None:
        self.status, self.error = status, error


class _Handler(BaseHTTPRequestHandler):
    site: Site
    release: threading.Event
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes: without it each answer waits 40 ms

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.site.gets.append(self.path)
        if "caches" in self.site.faults and self.path in self.site.cached:
            self._send(*self.site.cached[self.path])
            return
        _, place, ref = (self.path.split("?")[0] + "//").split("/")[:3]
        thing = self.site.things.get(ref)
        hidden = thing is not None and thing.wanted in ("hidden", "gone") and "lies" not in self.site.faults
        if thing is not None and place == "media" and "media_redirects" in self.site.faults:
            self.send_response(302)
            self.send_header("location", f"{self.site.elsewhere}/media/{ref}")
            self.send_header("content-length", "0")
            self.end_headers()
        elif thing is None or hidden or (place == "media" and "no_file" in self.site.faults):
            self._send(404, b"nothing here")
        elif place == "media":
            self._send(200, thing.data, "image/png")
        else:
            self._send(200, b"<title>a page</title>", "text/html")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self._breaks_transport():
            return
        request_id = self.headers.get("webhook-id", "")
        try:
            body = self._checked(raw)
            self.site.requests.append(body | {"id": request_id})
            answer = self._once(request_id, body)
        except Problem as problem:
            self._send_json(problem.status, {"re": request_id, "error": problem.error})
            return
        self._send_json(200, self._spoiled(body, {"re": request_id, **answer}))

    def _checked(self, raw: bytes) -> dict[str, Any]:
        if "takes_any_signature" in self.site.faults:
            return dict(json.loads(raw))
        headers = dict(self.headers)
        if "takes_old_requests" in self.site.faults:
            signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + raw
            import hashlib
            import hmac

            key = base64.b64decode(SECRET.removeprefix("whsec_"))
            proof = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
            if proof != self.headers["webhook-signature"]:
                raise Problem(401, "bad_signature")
            return dict(json.loads(raw))
        try:
            return dict(Webhook(SECRET).verify(raw, headers))
        except Exception as error:
            raise Problem(401, "bad_signature") from error

    def _once(self, request_id: str, body: dict[str, Any]) -> dict[str, Any]:
        if request_id in self.site.remembered and "forgets_requests" not in self.site.faults:
            return self.site.remembered[request_id]
        answer = self._answer(body)
        if answer.get("done"):
            if "forgets_requests" in self.site.faults:
                answer = answer | {"time": len(self.site.requests)}
            self.site.remembered[request_id] = answer
        return answer

    def _answer(self, body: dict[str, Any]) -> dict[str, Any]:
        verb = body.get("verb", "")
        act = getattr(self, "_" + verb.replace(".", "_"), None)
        if act is None or f"no {verb}" in self.site.faults:
            raise Problem(200 if "takes_any_verb" in self.site.faults else 400, "unknown_verb")
        return dict(act(body))

    def _thing(self, body: dict[str, Any]) -> Thing:
        thing = self.site.things.get(body["ref"])
        if thing is None:
            raise Problem(404, "not_found")
        return thing

    def _item_resolve(self, body: dict[str, Any]) -> dict[str, Any]:
        ref = body["url"].rsplit("/", 1)[-1].lstrip("@")
        thing = self.site.things.get(ref)
        return {"ref": ref, "kind": thing.kind} if thing else {"ref": None}

    def _item_get(self, body: dict[str, Any]) -> dict[str, Any]:
        thing = self._thing(body)
        media: dict[str, Any] = {"inline": base64.b64encode(thing.data).decode(), "media_type": "image/png"}
        if thing.wanted == "visible" or "media_redirects" in self.site.faults:
            media = {"url": f"{self.site.url}/media/{thing.ref}", "media_type": "image/png"}
            if "hides_meanwhile" in self.site.faults:
                thing.wanted = "hidden"
        if "media_elsewhere" in self.site.faults:
            media = {"url": f"{self.site.elsewhere}/media/{thing.ref}", "media_type": "image/png"}
        return {
            "ref": thing.ref,
            "kind": thing.kind,
            "url": f"{self.site.url}/p/{thing.ref}",
            "account": thing.account,
            "posted_at": "2026-11-01T08:00:00+00:00",
            "views": 12,
            "media": media,
        }

    def _item_visibility(self, body: dict[str, Any]) -> dict[str, Any]:
        thing = self._thing(body)
        host = self.site.elsewhere if "look_elsewhere" in self.site.faults else self.site.url
        look = {"page": f"{host}/p/{thing.ref}", "media": [f"{host}/media/{thing.ref}"]}
        look = {} if "names_no_place" in self.site.faults else look
        return {"ref": thing.ref, "visibility": thing.wanted, "serial": thing.serial, "look": look}

    def _item_set_visibility(self, body: dict[str, Any]) -> dict[str, Any]:
        thing = self._thing(body)
        if body["wanted"] not in VISIBILITIES:
            raise Problem(400, "bad_request")
        if body["serial"] >= thing.serial or "ignores_serials" in self.site.faults:
            if "does_nothing" not in self.site.faults:
                thing.wanted = body["wanted"]
                thing.frozen = thing.frozen or self.site.freezes_what_it_hides
            thing.serial = body["serial"]
            if thing.wanted == "gone" and "destroys_bytes" in self.site.faults:
                thing.data = b"nothing is left"
        more = {"frozen": thing.frozen} if self.site.freezes_what_it_hides else {}
        return {"done": True, "serial": thing.serial, **more}

    def _item_freeze(self, body: dict[str, Any]) -> dict[str, Any]:
        self._thing(body).frozen = True
        return {"done": True}

    def _account_suspend(self, body: dict[str, Any]) -> dict[str, Any]:
        change = self.site.suspended.add if body["suspended"] else self.site.suspended.discard
        if "does_nothing" not in self.site.faults:
            change(body["account"])
        return {"done": True}

    def _account_get(self, body: dict[str, Any]) -> dict[str, Any]:
        return {"account": body["account"], "suspended": body["account"] in self.site.suspended}

    def _account_facts(self, body: dict[str, Any]) -> dict[str, Any]:
        if "facts_fail" in self.site.faults:
            raise Problem(503, "busy")
        if "knows_nothing" in self.site.faults:
            raise Problem(400, "unknown_verb")
        known = {"account": body["account"], **self.site.facts.get(body["account"], {})}
        if "facts_of_asked_alone" in self.site.faults:
            known["items"] = [one for one in known.get("items", []) if one["ref"] in body["refs"]]
        return known

    def _account_notify(self, body: dict[str, Any]) -> dict[str, Any]:
        self.site.notices.setdefault(body["key"], body["text"])
        return {"done": True}

    def _upload_release(self, body: dict[str, Any]) -> dict[str, Any]:
        self._thing(body)
        return {"done": True}

    def _items_list(self, body: dict[str, Any]) -> dict[str, Any]:
        refs = sorted(self.site.things)
        start = int(body["cursor"] or 0)
        if "forgets_cursors" in self.site.faults and body["cursor"] in self.site.cursors:
            return {"items": [], "cursor": ""}  # good for one time only
        self.site.cursors.add(body["cursor"])
        items = [self._item_get({"ref": ref}) for ref in refs[start : start + 2]]
        more = start + 2 < len(refs)
        if "endless_list" in self.site.faults:
            return {"items": items if start == 0 else [], "cursor": "7"}
        return {"items": items, "cursor": str(start + 2) if more else ""}

    def _spoiled(self, body: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        faults = self.site.faults
        if "replays" in faults:
            return self.site.first_answers.setdefault(body["verb"], answer)
        self.site.first_answers.setdefault(body["verb"], answer)
        if "wrong_item" in faults and "ref" in answer:
            return answer | {"ref": "another"}
        if "wrong_types" in faults:
            return {key: [value] if key != "re" else value for key, value in answer.items()}
        if "no_echo" in faults:
            return {key: value for key, value in answer.items() if key != "re"}
        return answer

    def _breaks_transport(self) -> bool:
        """The faults below the contract. Whether the request was dealt with."""
        faults = self.site.faults
        if "hangs" in faults:
            self.release.wait(30)
            self.close_connection = True
            return True
        if "fails" in faults:
            self._send(500, b"<h1>Server Error</h1>", "text/html")
        elif "is_busy" in faults:
            self._send(429, b"")
        elif "malformed" in faults:
            self._send(200, b'{"re": "', "application/json")
        elif "not_the_endpoint" in faults:
            self._send(404, b"<h1>Not Found</h1>", "text/html")
        elif "redirects" in faults:
            self.send_response(302)
            self.send_header("location", f"{self.site.elsewhere}/answerable")
            self.send_header("content-length", "0")
            self.end_headers()
        elif faults & {"endless", "drips"}:
            self._never_ends(slowly="drips" in faults)
        else:
            return False
        return True

    def _never_ends(self, slowly: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.close_connection = True
        try:
            while not self.release.wait(0.02 if slowly else 0):
                self.wfile.write(b" " if slowly else b" " * 1_000_000)
        except OSError:
            return

    def _send_json(self, status: int, body: dict[str, Any]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, media_type: str = "text/plain") -> None:
        if self.command == "GET":
            self.site.cached[self.path] = (status, body, media_type)
        self.send_response(status)
        if "is_busy" in self.site.faults and self.site.retry_after:
            self.send_header("retry-after", self.site.retry_after)
        if self.command == "GET" and self.site.cache_control:
            self.send_header("cache-control", self.site.cache_control)
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
