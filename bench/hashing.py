"""Hashing a photo from its bytes, one core: `fingerprint` (decoder's process, SHA-256 and MD5 included) and the peer.

The peer is threatexchange's `PdqSignal`, in this process, asked in turn with ours about the same files. Photos are
drawn (enlarged landscapes with grain) or the reference vectors enlarged, where they lie beside the checkout.
"""

import argparse
import importlib.metadata
import io
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from answerable.demo.pictures import busy
from answerable.media.pool import pool
from bench import machine

SIZES = ((512, 512), (1600, 1004), (4000, 3000))
QUALITIES = (75, 85, 92)
VECTORS = machine.REPOSITORY.parent / "shared" / "vectors" / "pdq"


def photos() -> dict[str, Image.Image]:
    """What is hashed, by name: small, to be enlarged."""
    found = {f"drawn {number}": busy(number) for number in (1, 2, 3)}
    for name in ("bridge-5-flipx.jpg", "aaa-orig.jpg") if VECTORS.is_dir() else ():
        found[Path(name).stem] = Image.open(VECTORS / name).convert("RGB")
    return found


def file_of(photo: Image.Image, size: tuple[int, int], quality: int, **options: Any) -> bytes:
    """A JPEG of that size, with the grain of a camera."""
    pixels = np.asarray(photo.resize(size, Image.Resampling.BICUBIC), np.float32)
    grain = np.random.default_rng(1).normal(0, 3, (*pixels.shape[:2], 1))
    file = io.BytesIO()
    Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8)).save(
        file, "JPEG", quality=quality, **options
    )
    return file.getvalue()


def measure(files: dict[str, bytes], times: int) -> dict[str, Any]:
    """Each file in turn by ours, by the peer, and by a bare decode of its luma; medians over all.

    By the clock, and by the processor time of this process and its decoder, which a busy machine moves less.
    """
    from threatexchange.signal_type.pdq.signal import PdqSignal

    from answerable.media import fingerprint

    sides: dict[str, Callable[[bytes], object]] = {
        "ours": fingerprint,
        "peer": PdqSignal.hash_from_bytes,
        "luma_decode": _luma,
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    used: dict[str, list[float]] = {name: [] for name in sides}
    apart = [_bits(fingerprint(data).pdq, PdqSignal.hash_from_bytes(data)) for data in files.values()]
    with machine.watched() as around:
        for _ in range(times):
            for data in files.values():
                for name, side in sides.items():
                    before, begun = _processor_seconds(), time.perf_counter()
                    side(data)
                    taken[name].append(time.perf_counter() - begun)
                    used[name].append(_processor_seconds() - before)
    medians = {f"{name}_ms": round(statistics.median(all_) * 1000, 2) for name, all_ in taken.items()}
    processor = {
        f"{name}_processor_ms": round(statistics.median(all_) * 1000, 2) for name, all_ in used.items()
    }
    return {
        "files": len(files),
        "bytes": round(statistics.median(len(data) for data in files.values())),
        **medians,
        **processor,
        "times_the_peer": round(medians["peer_ms"] / medians["ours_ms"], 1),
        "times_the_peer_by_processor": round(
            processor["peer_processor_ms"] / processor["ours_processor_ms"], 1
        ),
        "bits_apart": max(apart),
        **around,
    }


def _processor_seconds() -> float:
    """What this process and its resting decoders used so far (theirs to the nanosecond, from /proc/PID/schedstat)."""
    decoders = [Path(f"/proc/{decoder.pid}/schedstat").read_text() for decoder in pool()._idle]
    return time.process_time() + sum(int(stat.split()[0]) for stat in decoders) / 1e9


def _luma(data: bytes) -> None:
    image = Image.open(io.BytesIO(data))
    image.draft("L", image.size)
    image.load()


def _bits(ours: bytes | None, peers: str) -> int:
    return (int.from_bytes(ours or b"", "big") ^ int(peers, 16)).bit_count()


def main() -> None:
    """All sizes and qualities, baseline, and one size progressive."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    os.sched_setaffinity(
        0, {max(os.sched_getaffinity(0))}
    )  # our decoders inherit it: one core for everything
    peer = f"threatexchange {importlib.metadata.version('threatexchange')}"
    kinds: list[tuple[tuple[int, int], int, dict[str, Any]]] = [
        (size, quality, {}) for size in SIZES for quality in QUALITIES
    ]
    for size, quality, options in [*kinds, (SIZES[1], 85, {"progressive": True})]:
        files = {name: file_of(photo, size, quality, **options) for name, photo in photos().items()}
        figures = measure(files, times if size != SIZES[-1] else max(3, times // 2))
        what = {"width": size[0], "height": size[1], "jpeg_quality": quality, **options, "peer": peer}
        machine.write("hashing", what | figures)


if __name__ == "__main__":
    main()
