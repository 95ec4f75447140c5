"""Lookups by hash per second over HTTP, and photos: ours, and the peer's service where it can be started.

Both know the same hashes. All processes of both sides, databases included, are kept on one core, the load generator on
another; the sides take turns in the same run, several times over, and the medians count. `python -m bench.lookups
--peer FOLDER --peer-python PYTHON` measures the peer too (see `bench.peer`); without these only ours.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import machine, peer
from bench.desk import Desk, prepared, start
from bench.hammer import Answered, hammer, request
from bench.known import hashes

SERVERS_CORE, GENERATORS_CORE = 0, 1
PHOTO_PIXELS = (1600, 1004)
BATCH = 10_000


@dataclass
class Load:
    """One kind of request to one side. `each`: lookups (or photos) that one request asks for."""

    side: str
    what: str
    port: int
    requests: Sequence[bytes]
    each: int = 1
    at_once: int = 4
    roots: Sequence[int] = ()


@dataclass
class Run:
    """One load, once: what came back, and the processor time that its side's processes used for it."""

    answered: Answered
    processor_seconds: float


def pinned(roots: Iterable[int], core: int) -> None:
    """Keep these processes, their descendants and all their threads on one core."""
    for root in roots:
        for process in machine.processes_under(root):
            for thread in Path(f"/proc/{process}/task").iterdir():
                with contextlib.suppress(ProcessLookupError):
                    os.sched_setaffinity(int(thread.name), {core})


def ours(desk: Desk, reader: str, known: Sequence[bytes], photo: bytes) -> list[Load]:
    """Unknown and known PDQ hashes one by one, what a real upload sends, 10,000 unknown at a time, photos as bytes."""
    port, roots = desk.public_port, desk.pids
    headers = {"Authorization": f"Bearer {desk.api_key}", "Content_Type": "application/json"}

    def post(body: dict[str, Any]) -> bytes:
        return request(port, "POST", "/api/v1/screen", json.dumps(body).encode(), **headers)

    def asked(values: Iterable[bytes]) -> list[bytes]:
        return [post({"hashes": {"pdq": one.hex(), "pdq_quality": 100}}) for one in values]

    whole = [
        post({"account": "uri", "hashes": {**_exact(one), "pdq": one.hex(), "pdq_quality": 100}})
        for one in _unknown()
    ]
    batch = [{"pdq": os.urandom(32).hex(), "pdq_quality": 100} for _ in range(BATCH)]
    told = {"Authorization": f"Bearer {reader}"}
    through_hma = [
        request(port, "GET", f"/hma/m/lookup?signal_type=pdq&signal={one.hex()}", **told)
        for one in _unknown()
    ]
    bytes_ = {**headers, "Content_Type": "image/jpeg"}
    photos = [request(port, "POST", "/api/v1/screen", photo, **bytes_)]
    return [
        Load("ours", "unknown", port, asked(_unknown()), roots=roots),
        Load("ours", "all hashes, account", port, whole, roots=roots),
        Load("ours", "known", port, asked(known[:500]), roots=roots),
        Load("ours", "unknown, by HMA's address", port, through_hma, roots=roots),
        Load("ours", "batch", port, [post({"batch": batch})], BATCH, 1, roots),
        Load("ours", "photo", port, photos, roots=roots),
    ]


def theirs(other: peer.Peer, known: Sequence[bytes], photo: bytes) -> list[Load]:
    """The same to the peer: `/m/lookup`, which respects banks as we do, and `/m/raw_lookup`, its fastest."""

    port, roots = other.port, other.pids

    def get(path: str, values: Iterable[bytes]) -> list[bytes]:
        return [request(port, "GET", f"{path}?signal_type=pdq&signal={one.hex()}") for one in values]

    form = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p.jpg"\r\n'
    form += b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--x--\r\n"
    upload = request(port, "POST", "/m/lookup", form, Content_Type="multipart/form-data; boundary=x")
    return [
        Load("peer", "unknown", port, get("/m/lookup", _unknown()), roots=roots),
        Load("peer", "known", port, get("/m/lookup", known[:500]), roots=roots),
        Load("peer", "unknown, raw", port, get("/m/raw_lookup", _unknown()), roots=roots),
        Load("peer", "photo", port, [upload], roots=roots),
    ]


def _exact(value: bytes) -> dict[str, str]:
    return {"sha256": hashlib.sha256(value).hexdigest(), "md5": hashlib.md5(value).hexdigest()}


def _unknown() -> list[bytes]:
    return [os.urandom(32) for _ in range(500)]


def picture() -> bytes:
    """A photo of 1600 x 1004: smooth hills with noise over them, as a camera's file has."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(3)
    hills = Image.fromarray(random.integers(0, 255, (9, 12, 3), dtype=np.uint8))
    pixels = np.asarray(hills.resize(PHOTO_PIXELS, Image.Resampling.BICUBIC)).astype(np.int16)
    noisy = np.clip(pixels + random.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=85)
    return out.getvalue()


def measure(loads: Sequence[Load], *, seconds: float, repeat: int) -> dict[str, Any]:
    """Each load in turn, over and over; before each, whatever its side started since is kept on the core."""
    runs: dict[tuple[str, str], list[Run]] = {}
    for _ in range(repeat):
        for load in loads:
            pinned(load.roots, SERVERS_CORE)
            hammer(load.port, load.requests, seconds=0.3, at_once=load.at_once)
            used = _used(load.roots)
            answered = hammer(load.port, load.requests, seconds=seconds, at_once=load.at_once)
            if set(answered.statuses) != {200}:
                raise RuntimeError(
                    f"{load.side}, {load.what}: {answered.statuses} {answered.last_body[:300]!r}"
                )
            runs.setdefault((load.side, load.what), []).append(Run(answered, _used(load.roots) - used))
    each = {(load.side, load.what): load.each for load in loads}
    return {f"{side}, {what}": _figures(found, each[side, what]) for (side, what), found in runs.items()}


def _used(roots: Iterable[int]) -> float:
    return sum(machine.seconds_used(process) for root in roots for process in machine.processes_under(root))


def _figures(runs: Sequence[Run], each: int) -> dict[str, Any]:
    """Per second as it was, and per second of processor time: what a core that nobody else used would have done."""
    rates = [run.answered.per_second() * each for run in runs]
    counts = [run.answered.statuses[200] * each for run in runs]
    of_a_core = [count / max(run.processor_seconds, 1e-9) for count, run in zip(counts, runs, strict=True)]
    return {
        "per_second": round(statistics.median(rates), 1),
        "of": [round(one, 1) for one in rates],
        "per_processor_second": round(statistics.median(of_a_core), 1),
        **machine.spread([one for run in runs for one in run.answered.seconds]),
    }


def main() -> None:
    """One run on each database asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--hashes", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--peer", type=Path)
    parser.add_argument("--peer-python", type=Path)
    parser.add_argument("--peer-worker", choices=list(peer.WORKERS), default="threads")
    parser.add_argument("--only", action="append", help="such as unknown, known, batch, photo")
    asked = parser.parse_args()
    known, photo = hashes(asked.hashes), picture()
    for database in asked.database or ["sqlite"]:
        with contextlib.ExitStack() as ended:
            desk = ended.enter_context(prepared(database=database, options="[hma]\nenabled = true\n"))
            desk.command("bench.known", str(asked.hashes))
            reader = desk.command("answerable.cli", "key", "add", "reader", "--scope", "matches:read")
            start(desk)
            desk.gather_statistics()
            loads = ours(desk, reader, known, photo)
            built = None
            if asked.peer and asked.peer_python:
                other = ended.enter_context(
                    peer.running(
                        asked.peer.resolve(), asked.peer_python.absolute(), known, worker=asked.peer_worker
                    )
                )
                loads, built = loads + theirs(other, known, photo), other.built_seconds
            if asked.only:
                loads = [one for one in loads if one.what.split(",")[0] in asked.only]
            os.sched_setaffinity(0, {GENERATORS_CORE})
            with machine.watched(desk.serve.pid if desk.serve else None) as around:
                found = measure(loads, seconds=asked.seconds, repeat=asked.repeat)
            about = {"database": database, "hashes": asked.hashes, "photo_bytes": len(photo)}
            machine.write("lookups", {**about, "peer_built_seconds": built, **found, **around})


if __name__ == "__main__":
    main()
