"""Where and under what a figure was measured: the machine, its load, and the time its host took away."""

import datetime
import importlib.metadata
import json
import os
import platform
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
REPOSITORY = RESULTS.parent.parent
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
LIBRARIES = ("django", "django-ninja", "granian", "pydantic", "numpy", "psycopg", "cryptography")


def processor_seconds() -> dict[str, float]:
    """What all cores of this machine did since it started, in seconds (/proc/stat, first line)."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    names = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    return {name: int(value) / TICKS_PER_SECOND for name, value in zip(names, fields, strict=True)}


def processes_under(root: int) -> dict[int, str]:
    """The process `root` and all its descendants, by number, each with its command line."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found = {root}
    grew = True
    while grew:
        new = {child for child, parent in parents.items() if parent in found} - found
        found |= new
        grew = bool(new)
    lines = {}
    for number in found:
        try:
            lines[number] = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
    return lines


def seconds_used(process: int) -> float:
    """Processor time that a process used so far: user and system, its threads included; 0 once it ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_SECOND


def described() -> dict[str, Any]:
    """The machine and the software."""
    model = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    memory = Path("/proc/meminfo").read_text().split()[1]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        "commit": commit,
    }


def fsync_milliseconds(folder: Path, times: int = 40) -> float:
    """The median time that the disk under `folder` takes to make 16 KiB durable."""
    path = folder / "fsync-probe"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    taken = []
    try:
        for _ in range(times):
            os.write(descriptor, bytes(16384))
            begun = time.perf_counter()
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - begun) * 1000)
    finally:
        os.close(descriptor)
        path.unlink()
    return round(statistics.median(taken), 2)


@contextmanager
def watched(own: int | None = None) -> Iterator[dict[str, Any]]:
    """Measure what the machine did meanwhile; filled in at the end.

    `own` is the process whose descendants (and this process) are ours: what everybody else used meanwhile is
    `others_cores`, in cores; `stolen_cores` is what the host took away.
    """
    before, begun, ours = processor_seconds(), time.monotonic(), _ours(own)
    filled: dict[str, Any] = {"load_before": os.getloadavg()[0]}
    yield filled
    after, seconds = processor_seconds(), time.monotonic() - begun
    busy = sum(after[name] - before[name] for name in ("user", "nice", "system", "irq", "softirq"))
    filled["seconds"] = round(seconds, 2)
    filled["stolen_cores"] = round((after["steal"] - before["steal"]) / seconds, 3)
    filled["own_cores"] = round((_ours(own) - ours) / seconds, 2)
    filled["others_cores"] = round(max(0.0, busy / seconds - filled["own_cores"]), 2)


def _ours(own: int | None) -> float:
    numbers = set(processes_under(own)) if own else set()
    return sum(seconds_used(number) for number in numbers | set(processes_under(os.getpid())))


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie; nan without values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and the longest, in milliseconds."""
    return {
        "p50_ms": round(percentile(seconds, 0.5) * 1000, 1),
        "p99_ms": round(percentile(seconds, 0.99) * 1000, 1),
        "longest_ms": round(max(seconds, default=float("nan")) * 1000, 1),
    }


def write(name: str, figures: dict[str, Any]) -> None:
    """Append one measurement to `bench/results/NAME.jsonl`, and print it."""
    RESULTS.mkdir(exist_ok=True)
    at = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    line = {"bench": name, "at": at, **figures, "machine": described()}
    with (RESULTS / f"{name}.jsonl").open("a") as file:
        file.write(json.dumps(line, sort_keys=False) + "\n")
    print(name, json.dumps(figures), flush=True)
