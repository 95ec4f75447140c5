"""Mutations of every format through the real decoder: a picture or a named fault, no crash, no hang, no growth.

Seeded: the same files in every run. `make fuzz-decoder` runs a million (or FUZZ=…), with a seed of its own.
"""

import os
import random
import struct
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from answerable.media import limits
from answerable.media.errors import Undecodable
from answerable.media.pool import Pool
from tests.media.pictures import encoded, landscape

MUTATIONS = int(os.environ.get("ANSWERABLE_FUZZ_DECODER", "1500"))
SEED = int(os.environ.get("ANSWERABLE_SEED", "3"))
PATIENCE_SECONDS = 120.0
"""By the clock; the processor time is what is limited, so that a busy machine makes no file slow."""
FEW = 100_000
"""Up to so many, a crash is a failure. In a million it is counted, and named: parsers written in C have bugs."""


def moving(format: str) -> bytes:
    frames = [landscape(40, 30, seed) for seed in (2, 3)]
    return encoded(landscape(40, 30), format, save_all=True, append_images=frames, duration=80)


def seeds() -> dict[str, bytes]:
    """One small file of each kind that is read."""
    picture = landscape(48, 32)
    deep = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    return {
        "jpeg": encoded(picture, "JPEG", exif=exif.tobytes()),
        "jpeg progressive": encoded(picture, "JPEG", progressive=True),
        "jpeg cmyk": encoded(picture.convert("CMYK"), "JPEG"),
        "jpeg decoded by half": encoded(landscape(900, 900), "JPEG", quality=20),
        "multi-picture jpeg": encoded(picture, "MPO", save_all=True, append_images=[landscape(48, 32, 2)]),
        "png": encoded(picture),
        "png palette": encoded(picture.quantize(16), transparency=2),
        "png one bit": encoded(picture.convert("1")),
        "png 16 bit": encoded(deep),
        "bmp": encoded(picture, "BMP"),
        "tiff lzw": encoded(picture, "TIFF", compression="tiff_lzw"),
        "tiff group 4": encoded(picture.convert("1"), "TIFF", compression="group4"),
        "tiff jpeg": encoded(picture, "TIFF", compression="jpeg"),
        "webp": encoded(picture, "WEBP"),
        "webp lossless": encoded(picture.convert("RGBA"), "WEBP", lossless=True),
        "avif": encoded(picture, "AVIF"),
        "heic": Path(__file__).with_name("landscape.heic").read_bytes(),
        "gif": moving("GIF"),
        "animated webp": moving("WEBP"),
        "animated png": moving("PNG"),
        "animated avif": moving("AVIF"),
    }


def bits(chance: random.Random, data: bytearray) -> None:
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def header(chance: random.Random, data: bytearray) -> None:
    """Where sizes, counts and offsets stand."""
    for _ in range(chance.randint(1, 6)):
        data[chance.randrange(min(len(data), 200))] = chance.randrange(256)


def numbers(chance: random.Random, data: bytearray) -> None:
    """The numbers at which parsers overflow."""
    value = chance.choice([0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
    packed = struct.pack(chance.choice("<>") + ("I" if value > 0xFFFF else chance.choice("IH")), value)
    place = chance.randrange(max(1, len(data) - len(packed)))
    data[place : place + len(packed)] = packed


def cut(chance: random.Random, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


def repeat(chance: random.Random, data: bytearray) -> None:
    """A piece once more, somewhere: chunks, frames and tables that nest or come twice."""
    begin = chance.randrange(len(data))
    piece = data[begin : begin + chance.randint(1, 400)]
    place = chance.randrange(len(data))
    data[place:place] = piece * chance.randint(1, 20)


def remove(chance: random.Random, data: bytearray) -> None:
    begin = chance.randrange(len(data))
    del data[begin : begin + chance.randint(1, 60)]


def splice(chance: random.Random, data: bytearray) -> None:
    """The beginning of one file and the end of another, of any format."""
    other = chance.choice(list(SEEDS.values()))
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


MUTATORS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    bits,
    header,
    numbers,
    cut,
    repeat,
    remove,
    splice,
)
SEEDS = seeds()


def mutated(chance: random.Random) -> tuple[str, bytes]:
    """A kind, and a file of it that somebody meddled with."""
    kind = chance.choice(list(SEEDS))
    data = bytearray(SEEDS[kind])
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        if data:
            chance.choice(MUTATORS)(chance, data)
    return kind, bytes(data)


def used_seconds(pid: int) -> float:
    """Processor time that a process used so far: what a busy machine does not stretch."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def resident_bytes(pid: int) -> int:
    """What a process holds in memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_no_mutation_crashes_hangs_or_grows_the_decoder() -> None:
    chance = random.Random(SEED)
    pool = Pool(1)
    outcomes: Counter[str] = Counter()
    ended: list[str] = []
    slowest, most, first, pid, used = 0.0, 0, 0, 0, 0.0
    try:
        for number in range(MUTATIONS):
            kind, data = mutated(chance)
            try:
                facts, _payload = pool.ask({"do": "fingerprint"}, data, PATIENCE_SECONDS)
                assert facts.get("pdq") or facts.get("fault"), kind
                outcomes[str(facts.get("fault", "a picture"))] += 1
            except Undecodable as error:
                outcomes[error.fault] += 1
                ended.append(f"{error.fault} {kind} number {number}: {data.hex()}")
                if MUTATIONS <= FEW:
                    raise
            if pool._idle:
                now = pool._idle[0].pid
                if now != pid:
                    pid, used, first = now, used_seconds(now), resident_bytes(now)
                before, used = used, used_seconds(pid)
                slowest = max(slowest, used - before)
                most = max(most, resident_bytes(pid) - first)
            if MUTATIONS > FEW and number % 20_000 == 19_999:
                print(
                    number + 1, dict(outcomes), f"slowest {slowest:.1f} s, grown {most >> 20} MiB", flush=True
                )
    finally:
        pool.close()
    print(dict(outcomes), f"slowest {slowest:.2f} s, grown {most >> 20} MiB", *ended, sep="\n")
    assert outcomes["a picture"] > MUTATIONS // 20, "mutations that nothing survives test nothing"
    assert slowest < limits.ANIMATION_CPU_SECONDS + 2
    assert most < 200 * 1024 * 1024
    assert len(ended) <= MUTATIONS // 10_000
