"""Exact search within 31 bits beside the peer's default index, in one run, in turns, on one core.

The peer is `PdqSignal`'s default index of threatexchange (faiss's multi-hash, 16 chunks). Each side is a process of
its own on the same core; the parent asks them in turns. `python -m bench.search [--counts 100000 1000000 10000000]`.
"""

import argparse
import multiprocessing
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from bench import machine

Hashes = NDArray[np.uint8]
THRESHOLD = 31
ROUNDS = 8
EACH = 60
SECONDS_A_ROUND = 3.0
"""A side that takes longer answers fewer questions a round."""
BATCH = 2000


# ---- the data ----


def uniform(generator: np.random.Generator, count: int) -> Hashes:
    """Every bit by chance."""
    return generator.integers(0, 256, (count, 32), np.uint8)


def clustered(generator: np.random.Generator, count: int) -> Hashes:
    """As real hashes lie: a tenth in clusters of all sizes, whose members are up to 60 bits from their centre; and
    one hash in a hundred, at most 100,000, shares a quarter of its bits with all others of these."""
    hashes = uniform(generator, count)
    at, size = 0, min(count // 40, 100_000)
    while at < count // 10 and size > 1:
        centre = generator.integers(0, 256, (1, 32), np.uint8)
        hashes[at : at + size] = turned(generator, np.repeat(centre, size, axis=0), 60)
        at, size = at + size, max(2, int(size * 0.7))
    alike = min(count // 100, 100_000)
    hashes[count // 2 : count // 2 + alike, :8] = generator.integers(0, 256, 8, np.uint8)
    return hashes[generator.permutation(count)]


def turned(generator: np.random.Generator, hashes: Hashes, most: int) -> Hashes:
    """Each hash with about 0 to `most` of its bits turned, wherever chance has it."""
    shares = generator.random((len(hashes), 1)) * most / 256
    out = hashes.copy()
    for start in range(0, len(hashes), 100_000):
        part = slice(start, start + 100_000)
        mask = generator.random((len(out[part]), 256)) < shares[part]
        out[part] ^= np.packbits(mask, axis=1)
    return out


def questions(generator: np.random.Generator, hashes: Hashes, count: int, *, hit: bool) -> Hashes:
    """Hashes that something is near of, by up to 28 bits; or hashes by chance."""
    if not hit:
        return uniform(generator, count)
    out = hashes[generator.integers(0, len(hashes), count)].copy()
    for row in out:
        for bit in generator.choice(256, generator.integers(0, 29), replace=False):
            row[bit >> 3] ^= 1 << (bit & 7)
    return out


# ---- the two sides: each answers (word, argument) over a pipe ----


def resident_bytes() -> int:
    """What this process has in memory, mapped files included."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Ours:
    """`answerable.matching.Index`, in memory."""

    def __init__(self, folder: Path, hashes: Hashes) -> None:
        from answerable.matching import Index

        self.folder, self.hashes = folder, hashes
        before = resident_bytes()
        begun = time.perf_counter()
        self.index = Index()
        self.index.add(np.arange(len(hashes), dtype=np.uint64), hashes)
        self.built_seconds = time.perf_counter() - begun
        self.bytes = max(self.index.nbytes, resident_bytes() - before)

    def ask(self, query: Hashes) -> list[int]:
        return self.index.search(query[None], THRESHOLD).ids.tolist()

    def batch(self, queries: Hashes) -> int:
        return len(self.index.search(queries, THRESHOLD).ids)

    def add(self, number: int, query: Hashes) -> None:
        self.index.add(np.array([number], np.uint64), query[None])

    def opened_from_disk(self) -> dict[str, float]:
        from answerable.matching import Index

        path = self.folder / "index"
        with Index.open(path) as index:
            index.add(np.arange(len(self.hashes), dtype=np.uint64), self.hashes)
            index.checkpoint()
        begun = time.perf_counter()
        index = Index.open(path)
        opened = time.perf_counter() - begun
        begun = time.perf_counter()
        damaged = index.verify()
        verified = time.perf_counter() - begun
        taken = []
        for query in questions(np.random.default_rng(5), self.hashes, 300, hit=True):
            begun = time.perf_counter()
            index.search(query[None], THRESHOLD)
            taken.append(time.perf_counter() - begun)
        added = []
        for number in range(300):
            begun = time.perf_counter()
            index.add(np.array([10**12 + number], np.uint64), self.hashes[number : number + 1])
            added.append(time.perf_counter() - begun)
        index.close()
        shutil.rmtree(path)
        return {
            "open_ms": round(opened * 1000, 2),
            "verify_seconds": round(verified, 3),
            "damaged": len(damaged),
            "mapped_p50_us": round(machine.percentile(taken, 0.5) * 1e6, 1),
            "mapped_p99_us": round(machine.percentile(taken, 0.99) * 1e6, 1),
            "durable_add_p50_us": round(machine.percentile(added, 0.5) * 1e6, 1),
            "durable_add_p99_us": round(machine.percentile(added, 0.99) * 1e6, 1),
        }


class Peer:
    """threatexchange's default index for PDQ, through its own interface."""

    def __init__(self, _folder: Path, hashes: Hashes) -> None:
        from threatexchange.signal_type.pdq.signal import PdqSignal

        entries = [(row.tobytes().hex(), number) for number, row in enumerate(hashes)]
        before = resident_bytes()
        begun = time.perf_counter()
        self.index = PdqSignal.get_index_cls()(entries)
        self.built_seconds = time.perf_counter() - begun
        self.bytes = resident_bytes() - before

    def ask(self, query: Hashes) -> list[int]:
        return [match.metadata for match in self.index.query(query.tobytes().hex())]

    def batch(self, queries: Hashes) -> int:
        from threatexchange.signal_type.pdq.pdq_faiss_matcher import PDQHashIndex

        inner: PDQHashIndex = self.index.index
        limits, _distances, _ids = inner.faiss_index.range_search(queries, THRESHOLD + 1)
        return int(limits[-1])

    def add(self, number: int, query: Hashes) -> None:
        self.index.add(query.tobytes().hex(), number)


def serve(side: type[Ours] | type[Peer], folder: Path, pipe: Connection) -> None:
    """One side's process: build, then answer."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    served = side(folder, np.load(folder / "hashes.npy"))
    pipe.send((served.built_seconds, served.bytes))
    acts: dict[str, Callable[[Any], Any]] = {
        "ask": lambda queries: _timed_each(served.ask, queries),
        "batch": lambda queries: _timed(served.batch, queries),
        "add": lambda rows: _timed_each(lambda row: served.add(*row), rows),
        "disk": lambda _none: served.opened_from_disk(),  # type: ignore[union-attr]
    }
    while (asked := pipe.recv()) is not None:
        pipe.send(acts[asked[0]](asked[1]))


def _timed_each(act: Callable[[Any], Any], arguments: Any) -> tuple[list[float], list[Any]]:
    taken: list[float] = []
    answers = []
    until = time.perf_counter() + SECONDS_A_ROUND
    for argument in arguments:
        begun = time.perf_counter()
        answers.append(act(argument))
        taken.append(time.perf_counter() - begun)
        if time.perf_counter() > until:
            break
    return taken, answers


def _timed(act: Callable[[Any], Any], argument: Any) -> tuple[float, Any]:
    begun = time.perf_counter()
    answer = act(argument)
    return time.perf_counter() - begun, answer


# ---- the run ----


class Side:
    """A side's process, and what it took for its answers."""

    def __init__(self, side: type[Ours] | type[Peer], folder: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(side, folder, theirs))
        self.process.start()
        theirs.close()
        self.built_seconds, self.bytes = self.pipe.recv()
        self.taken: dict[str, list[float]] = {"hits": [], "misses": [], "batch": [], "add": []}

    def do(self, word: str, argument: Any) -> Any:
        self.pipe.send((word, argument))
        return self.pipe.recv()

    def end(self) -> None:
        self.pipe.send(None)
        self.process.join()

    def figures(self, count: int) -> dict[str, Any]:
        def microseconds(name: str, part: float) -> float:
            return round(machine.percentile(self.taken[name], part) * 1e6, 1)

        return {
            "build_seconds": round(self.built_seconds, 2),
            "bytes_per_hash": round(self.bytes / count, 1),
            "hit_p50_us": microseconds("hits", 0.5),
            "hit_p99_us": microseconds("hits", 0.99),
            "miss_p50_us": microseconds("misses", 0.5),
            "miss_p99_us": microseconds("misses", 0.99),
            "batch_per_second": round(1 / machine.percentile(self.taken["batch"], 0.5), 1),
            "add_p50_us": microseconds("add", 0.5),
            "add_longest_us": microseconds("add", 1.0),
            "asked": len(self.taken["hits"]) + len(self.taken["misses"]),
        }


def compare(count: int, data: Callable[[np.random.Generator, int], Hashes]) -> dict[str, Any]:
    """One size, one kind of data, both sides."""
    generator = np.random.default_rng(7)
    hashes = data(generator, count)
    with tempfile.TemporaryDirectory() as name, machine.watched() as around:
        np.save(Path(name) / "hashes.npy", hashes)
        ours = Side(Ours, Path(name))
        disk = ours.do("disk", None)
        peer = Side(Peer, Path(name))
        recalled = {id(ours): [0, 0], id(peer): [0, 0]}
        for number in range(ROUNDS):
            for kind in ("hits", "misses"):
                queries = questions(generator, hashes, EACH, hit=kind == "hits")
                truth = by_definition(hashes, queries[:5]) if number < 4 else []
                for side in (ours, peer) if number % 2 else (peer, ours):
                    taken, answers = side.do("ask", queries)
                    side.taken[kind] += taken
                    for wanted, found in zip(truth, answers, strict=False):
                        recalled[id(side)][0] += len(wanted & set(found))
                        recalled[id(side)][1] += len(wanted)
            for side, size in ((ours, BATCH), (peer, 50)):
                queries = questions(generator, hashes, size, hit=bool(number % 2))
                taken, _found = side.do("batch", queries)
                side.taken["batch"].append(taken / size)
        for side, times in ((ours, 1000), (peer, 3)):
            rows = [(count + n, row) for n, row in enumerate(uniform(generator, times))]
            side.taken["add"] += side.do("add", rows)[0]
        ours.end()
        peer.end()
    figures = {
        "hashes": count,
        "data": data.__name__,
        "ours": ours.figures(count) | {"recall": _share(recalled[id(ours)])} | disk,
        "peer": peer.figures(count) | {"recall": _share(recalled[id(peer)])},
    }
    return figures | _ratios(figures) | around


def _share(recalled: list[int]) -> float:
    return round(recalled[0] / max(1, recalled[1]), 6)


def _ratios(figures: dict[str, Any]) -> dict[str, float]:
    ours, peer = figures["ours"], figures["peer"]
    return {
        "times_faster_hits": round(peer["hit_p50_us"] / ours["hit_p50_us"], 1),
        "times_faster_misses": round(peer["miss_p50_us"] / ours["miss_p50_us"], 1),
        "share_of_memory": round(ours["bytes_per_hash"] / peer["bytes_per_hash"], 3),
    }


def by_definition(hashes: Hashes, queries: Hashes) -> list[set[int]]:
    """Every row within the threshold, by measuring all of them."""
    words = hashes.view(np.uint64)
    found = []
    for query in queries.view(np.uint64):
        near: list[int] = []
        for start in range(0, len(words), 1 << 18):
            distances = np.bitwise_count(words[start : start + (1 << 18)] ^ query).sum(axis=1)
            near += (np.flatnonzero(distances <= THRESHOLD) + start).tolist()
        found.append(set(near))
    return found


def main() -> None:
    """Every size, uniform and clustered."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument(
        "--data", nargs="+", default=["uniform", "clustered"], choices=["uniform", "clustered"]
    )
    asked = parser.parse_args()
    for count in asked.counts:
        for name in asked.data:
            machine.write("search", compare(count, {"uniform": uniform, "clustered": clustered}[name]))


if __name__ == "__main__":
    main()
