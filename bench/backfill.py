"""Files per second through `answerable backfill`, and how long its batches keep the other writers waiting.

A folder of generated JPEGs (`--side` pixels wide) is hashed by the real command; then again, when all is known; and
the same files by the decoders alone, which is the most that a backfill could reach. Meanwhile another process takes
the writers' lock 50 times a second and notes how long it waited for it.
"""

import argparse
import contextlib
import os
import re
import resource
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from bench import machine
from bench.desk import Desk, prepared

PLATFORM = "generic"


def draw(folder: Path, count: int, side: int) -> int:
    """Write that many different JPEGs; how many bytes they have in all."""
    random = np.random.default_rng(11)
    size = 0
    for number in range(count):
        small = random.integers(0, 256, (9, 12, 3), dtype=np.uint8)
        picture = Image.fromarray(small).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
        path = folder / f"{number % 50:02}" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        picture.save(path, "JPEG", quality=85)
        size += path.stat().st_size
    return size


def command(desk: Desk, folder: Path) -> float:
    """Run the command to its end; the seconds that it took, its start included."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "backfill", str(folder), "--platform", PLATFORM],
        env=desk.environment, cwd=machine.REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    seconds = time.perf_counter() - begun
    print(re.sub(r"\s+", " ", done.stdout), file=sys.stderr)
    return seconds


def decoders_alone(folder: Path) -> float:
    """The seconds that the decoders take for the same files, as far behind others, with nothing else around them."""
    from answerable.matching.backfill.cli import NICENESS
    from answerable.media import fingerprint, pool

    def step_back() -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)

    cores = os.cpu_count() or 1
    pool.use(cores)
    files = sorted(folder.rglob("*.jpg"))
    begun = time.perf_counter()
    with ThreadPoolExecutor(cores + 2, initializer=step_back) as threads:
        list(threads.map(lambda path: fingerprint(path.read_bytes(), within_seconds=60.0), files))
    pool.pool().close()
    return time.perf_counter() - begun


@contextlib.contextmanager
def another_writer(desk: Desk) -> Iterator[list[float]]:
    """How long somebody else waits for the writers' lock, in seconds."""
    from answerable.db.sqlite.base import WriterLock

    lock, waits, stop = WriterLock(f"{desk.data / 'answerable.sqlite3'}.lock"), [], threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            begun = time.perf_counter()
            lock.acquire()
            waits.append(time.perf_counter() - begun)
            lock.release()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        stop.set()
        thread.join()
        lock.close()


def processor_seconds() -> float:
    """What this process and those that it has ended used."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def measure(count: int, side: int) -> dict[str, Any]:
    """One folder."""
    with tempfile.TemporaryDirectory() as root, prepared(database="sqlite") as desk:
        folder = Path(root)
        size = draw(folder, count, side)
        with machine.watched() as around:
            used = [processor_seconds()]
            alone = decoders_alone(folder)
            used.append(processor_seconds())
            with another_writer(desk) as waits:
                first = command(desk, folder)
            used.append(processor_seconds())
            second = command(desk, folder)
            used.append(processor_seconds())
        with sqlite3.connect(desk.data / "answerable.sqlite3") as database:
            [registered] = database.execute("SELECT count(*) FROM cases_itemcontent").fetchone()
        spent = [(after - before) * 1000 / count for before, after in pairwise(used)]
        return {
            "files": count,
            "pixels": side * (side * 3 // 4),
            "mean_bytes": size // count,
            "registered": registered,
            "files_per_second": round(count / first, 1),
            "decoders_alone_per_second": round(count / alone, 1),
            "when_all_is_known_per_second": round(count / second, 1),
            "cpu_ms_per_file": {
                name: round(one, 2)
                for name, one in zip(("decoders_alone", "backfill", "known"), spent, strict=True)
            },
            "another_writer_waited": machine.spread(waits),
            "fsync_ms": machine.fsync_milliseconds(desk.data),
            **around,
        }


def main() -> None:
    """Small pictures and photos."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--side", type=int, action="append")
    asked = parser.parse_args()
    for side in asked.side or [640, 1600]:
        machine.write("backfill", measure(asked.files, side))


if __name__ == "__main__":
    main()
