"""The door for HMA's users beside the original: the same requests to both, and where status or shape differ.

`python -m bench.hma --peer FOLDER --peer-python PYTHON`. Both start empty; the requests fill them.
"""

import argparse
import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench import peer
from bench.desk import prepared, start
from bench.lookups import picture

PDQ = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
NEAR = "f8f8f0cee0f4a84f06370a2a038f63f0b36e26d596621e1d33e6b39c4e9c9b22"
FAR = "0" * 63 + "1"
MD5 = "cab08b36195edb1a1231d2d09fa450e0"
INDEXED_WITHIN_SECONDS = 40.0


@dataclass(frozen=True)
class Request:
    """One request. `waits`: the original answers from its index, which it builds every few seconds."""

    method: str
    path: str
    more: Any = None
    waits: bool = False


def requests(photo: bytes) -> list[Request]:
    """What its own tests send, and what it refuses."""
    look = f"signal_type=pdq&signal={NEAR}"
    return [
        Request("GET", "/status"),
        Request("GET", "/status/live"),
        Request("GET", "/c/banks"),
        Request("POST", "/c/banks", {"json": {"name": "MY_BANK"}}),
        Request("POST", "/c/banks", {"json": {"name": "MY_BANK"}}),
        Request("POST", "/c/banks", {"json": {"name": "lower"}}),
        Request("POST", "/c/banks", {"json": {"name": "OTHER", "enabled_ratio": 0.5}}),
        Request("POST", "/c/banks", {"json": {"name": "OFF", "enabled": False}}),
        Request("POST", "/c/banks", {"json": {}}),
        Request("GET", "/c/banks"),
        Request("GET", "/c/bank/MY_BANK"),
        Request("GET", "/c/bank/NONE"),
        Request("PUT", "/c/bank/OTHER", {"json": {"enabled_ratio": 0.25}}),
        Request("PUT", "/c/bank/OTHER", {"json": {"name": "RENAMED"}}),
        Request("PUT", "/c/bank/RENAMED", {"json": {"name": "MY_BANK"}}),
        Request("PUT", "/c/bank/NONE", {"json": {"enabled": True}}),
        Request("DELETE", "/c/bank/RENAMED"),
        Request("DELETE", "/c/bank/RENAMED"),
        Request("POST", "/c/bank/MY_BANK/signal", {"json": {"pdq": PDQ, "note": "one"}}),
        Request("POST", "/c/bank/MY_BANK/signal", {"json": {"video_md5": MD5}}),
        Request("POST", "/c/bank/MY_BANK/signal", {"json": {"pdq": "short"}}),
        Request("POST", "/c/bank/MY_BANK/signal", {"json": {"tmk": "x"}}),
        Request("POST", "/c/bank/MY_BANK/signal", {"json": {}}),
        Request("POST", "/c/bank/NONE/signal", {"json": {"pdq": PDQ}}),
        Request("POST", "/c/bank/MY_BANK/content", {"files": {"photo": ("p.jpg", photo, "image/jpeg")}}),
        Request("POST", "/c/bank/MY_BANK/content"),
        Request("GET", "/c/bank/MY_BANK/content/1"),
        Request("GET", "/c/bank/MY_BANK/content/1?include_signals=true"),
        Request("GET", "/c/bank/MY_BANK/content/999"),
        Request("PUT", "/c/bank/MY_BANK/content/1", {"json": {"note": "two"}}),
        Request("PUT", "/c/bank/MY_BANK/content/1", {"json": {"note": "x" * 256}}),
        Request("PUT", "/c/bank/MY_BANK/content/1", {"json": {"disable_until_ts": 1}}),
        Request("POST", "/h/hash", {"files": {"photo": ("p.jpg", photo, "image/jpeg")}}),
        Request("POST", "/h/hash", {"files": {"video": ("p.mp4", b"\0\0\0\x18ftypmp42", "video/mp4")}}),
        Request("POST", "/h/hash", {"files": {"file": ("p.jpg", photo, "image/jpeg")}}),
        Request("POST", "/h/hash", {"files": {"photo": ("p.jpg", b"not an image", "image/jpeg")}}),
        Request("POST", "/h/hash"),
        Request("POST", "/h/hash?types=pdq", {"files": {"photo": ("p.jpg", photo, "image/jpeg")}}),
        Request("POST", "/h/hash?types=vpdq", {"files": {"photo": ("p.jpg", photo, "image/jpeg")}}),
        Request("GET", "/h/hash"),
        Request("GET", "/h/hash?url=ftp://127.0.0.1/x.jpg"),
        Request("GET", f"/m/lookup?{look}", waits=True),
        Request("GET", f"/m/lookup?{look}&banks=MY_BANK"),
        Request("GET", f"/m/lookup?{look}&banks=NONE"),
        Request("GET", f"/m/lookup?signal_type=video_md5&signal={MD5}"),
        Request("GET", f"/m/lookup?signal_type=pdq&signal={FAR}"),
        Request("GET", "/m/lookup?signal_type=pdq&signal=short"),
        Request("GET", f"/m/lookup?signal_type=vpdq&signal={PDQ}"),
        Request("GET", "/m/lookup?signal_type=pdq"),
        Request("POST", "/m/lookup", {"files": {"photo": ("p.jpg", photo, "image/jpeg")}}),
        Request("GET", f"/m/raw_lookup?{look}"),
        Request("GET", f"/m/raw_lookup?{look}&include_distance=true"),
        Request("GET", f"/m/raw_lookup?{look}&banks=NONE"),
        Request("GET", "/m/raw_lookup?signal_type=pdq"),
        Request("POST", "/m/compare", {"json": {"pdq": [PDQ, NEAR]}}),
        Request("POST", "/m/compare", {"json": {"pdq": [PDQ, FAR]}}),
        Request("POST", "/m/compare", {"json": {"video_md5": [MD5, MD5]}}),
        Request("POST", "/m/compare", {"json": {"video_md5": [MD5, "0" * 32]}}),
        Request("POST", "/m/compare", {"json": ["banana"]}),
        Request("POST", "/m/compare", {"json": {"pdq": "banana"}}),
        Request("POST", "/m/compare", {"json": {"pdq": []}}),
        Request("POST", "/m/compare", {"json": {"pdq": ["banana", "banana"]}}),
        Request("POST", "/m/compare", {"json": {"vpdq": ["a", "b"]}}),
        Request("GET", "/m/index/status"),
        Request("GET", "/m/index/status?signal_type=none"),
        Request("GET", "/c/signal_type"),
        Request("GET", "/c/signal_type/index"),
        Request("GET", "/c/content_type"),
        Request("GET", "/c/exchanges"),
        Request("DELETE", "/c/bank/MY_BANK/content/1"),
        Request("DELETE", "/c/bank/MY_BANK/content/1"),
        Request("GET", "/nowhere"),
        Request("PATCH", "/c/banks"),
    ]


def asked(client: httpx.Client, base: str, request: Request, *, patient: bool) -> tuple[int, Any]:
    """Status and body. `patient`: where it waits, ask until something is found."""
    limit = time.monotonic() + INDEXED_WITHIN_SECONDS
    while True:
        answer = client.request(request.method, f"{base}{request.path}", **(request.more or {}))
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = answer.json() if is_json else answer.text[:60]
        if body != {} or not (patient and request.waits) or time.monotonic() > limit:
            return answer.status_code, body
        time.sleep(1)


def main() -> None:
    """All requests, in order, to both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", type=Path, required=True)
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--differences", action="store_true")
    given = parser.parse_args()
    with contextlib.ExitStack() as ended:
        desk = ended.enter_context(prepared(options="[hma]\nenabled = true\n"))
        start(desk)
        scopes = ("--scope", "matches:read", "--scope", "banks:write")
        key = desk.command("answerable.cli", "key", "add", "hma", *scopes)
        theirs = ended.enter_context(
            peer.running(given.peer.resolve(), given.peer_python.absolute(), [], index=True)
        )
        client = ended.enter_context(httpx.Client(trust_env=False, timeout=30))
        ours = f"http://hma:{key}@localhost:{desk.public_port}/hma"
        same = 0
        for request in requests(picture()):
            there = asked(client, f"http://127.0.0.1:{theirs.port}", request, patient=True)
            here = asked(client, ours, request, patient=False)
            if there == here:
                same += 1
            if there != here or not given.differences:
                sent = "" if request.more is None else json.dumps(request.more, default=lambda _: "…")[:90]
                print(f"{'=' if there == here else '!'} {request.method} {request.path} {sent}")
                print(f"    original {there[0]} {json.dumps(there[1])[:230]}")
                if there != here:
                    print(f"    ours     {here[0]} {json.dumps(here[1])[:230]}")
        print(f"{same} of {len(requests(b''))} are the same to the letter")


if __name__ == "__main__":
    main()
