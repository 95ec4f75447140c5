"""The decoder's process: limits that are really set, and hostile files that can only fail."""

import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from answerable.media import DecoderUnavailable, Fault, Undecodable, fingerprint, limits, preview
from answerable.media.child import ENVIRONMENT, Decoder
from answerable.media.pool import Pool
from tests.media.pictures import encoded, landscape

FUZZ = int(os.environ.get("ANSWERABLE_FUZZ", "300"))
SEEDS = [
    encoded(landscape(48, 32), format, **options)
    for format, options in (
        ("JPEG", {}),
        ("JPEG", {"progressive": True, "exif": b"Exif\x00\x00II*\x00\x08\x00\x00\x00\x00\x00"}),
        ("PNG", {}),
        ("GIF", {}),
        ("WEBP", {}),
        ("BMP", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("AVIF", {}),
    )
]


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    """A decoder of this test's own."""
    one = Decoder()
    yield one
    one.kill()


def soon() -> float:
    """A deadline that is far enough for every honest file here."""
    return time.monotonic() + 30


def test_its_limits_are_set_in_the_kernel(decoder: Decoder) -> None:
    def of(kind: int) -> tuple[int, int]:
        return resource.prlimit(decoder.pid, kind)

    assert of(resource.RLIMIT_AS) == (limits.MEMORY_BYTES, limits.MEMORY_BYTES)
    assert of(resource.RLIMIT_FSIZE) == (0, 0)
    assert of(resource.RLIMIT_CORE) == (0, 0)
    assert of(resource.RLIMIT_NOFILE) == (0, 0)
    assert 0 < of(resource.RLIMIT_CPU)[0] <= limits.CPU_SECONDS + 10


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something in our environment that no decoder should see."""
    monkeypatch.setenv("SECRET_OF_THE_DESK", "hidden")


def test_it_holds_nothing_of_ours(secret: None, decoder: Decoder) -> None:
    with open(f"/proc/{decoder.pid}/environ", "rb") as environment:
        names = {entry.split(b"=")[0] for entry in environment.read().split(b"\0") if entry}
    assert names == {name.encode() for name in ENVIRONMENT}
    with open(f"/proc/{decoder.pid}/maps") as maps:
        loaded = maps.read()
    assert "_ssl" not in loaded
    assert "sqlite" not in loaded


@pytest.fixture
def soon_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a file be called slow soon."""
    monkeypatch.setattr(limits, "FAIR_SECONDS", 0.01)


def test_a_file_that_had_too_little_time_is_not_called_slow(decoder: Decoder) -> None:
    """What is stored of a file must not follow from how busy we were."""
    os.kill(decoder.pid, signal.SIGSTOP)
    with pytest.raises(DecoderUnavailable, match="were left for this file"):
        decoder.ask({"do": "fingerprint"}, SEEDS[0], time.monotonic() + 0.2)
    assert not decoder.is_alive()


def test_a_decoder_that_hangs_ends_at_the_deadline(decoder: Decoder, soon_slow: None) -> None:
    os.kill(decoder.pid, signal.SIGSTOP)
    with pytest.raises(Undecodable) as caught:
        decoder.ask({"do": "fingerprint"}, SEEDS[0], time.monotonic() + 0.2)
    assert caught.value.fault is Fault.TOO_SLOW
    assert not decoder.is_alive()


def test_a_file_bigger_than_the_pipe_meets_the_deadline_too(decoder: Decoder, soon_slow: None) -> None:
    os.kill(decoder.pid, signal.SIGSTOP)
    with pytest.raises(Undecodable) as caught:
        decoder.ask({"do": "fingerprint"}, bytes(1 << 22), time.monotonic() + 0.2)
    assert caught.value.fault is Fault.TOO_SLOW


def test_a_decoder_that_dies_is_a_named_fault(decoder: Decoder) -> None:
    os.kill(decoder.pid, signal.SIGKILL)
    with pytest.raises(Undecodable) as caught:
        decoder.ask({"do": "fingerprint"}, SEEDS[0], soon())
    assert caught.value.fault is Fault.CRASHED


def test_running_out_of_processor_time_is_named_too_slow(decoder: Decoder) -> None:
    os.kill(decoder.pid, signal.SIGSTOP)
    os.kill(decoder.pid, signal.SIGXCPU)
    os.kill(decoder.pid, signal.SIGCONT)
    with pytest.raises(Undecodable) as caught:
        decoder.ask({"do": "fingerprint"}, SEEDS[0], soon())
    assert caught.value.fault is Fault.TOO_SLOW


def test_an_image_that_takes_too_much_memory_is_refused_by_name(decoder: Decoder) -> None:
    small = 400 * 1024 * 1024
    resource.prlimit(decoder.pid, resource.RLIMIT_AS, (small, small))
    wide = encoded(Image.fromarray(np.zeros((5000, 6000, 4), np.uint8)), compress_level=1)
    facts, _payload = decoder.ask({"do": "fingerprint"}, wide, soon())
    assert facts["fault"] == Fault.OUT_OF_MEMORY
    assert decoder.is_spent


def test_a_real_image_that_is_slow_ends_at_the_deadline(soon_slow: None) -> None:
    wide = encoded(Image.fromarray(np.zeros((5000, 6000), np.uint8)), compress_level=1)
    fingerprint(SEEDS[2])  # a decoder is up
    prints = fingerprint(wide, within_seconds=0.05)
    assert (prints.fault, prints.pdq) == (Fault.TOO_SLOW, None)
    assert prints.sha256
    assert fingerprint(SEEDS[2]).fault is None, "the next file is read as if nothing had been"


def test_a_decoder_is_replaced_after_its_share_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILES_PER_DECODER", 3)
    pool = Pool(1)
    try:
        pids = []
        for _ in range(7):
            pool.ask({"do": "fingerprint"}, SEEDS[2])
            pids.append(pool._idle[0].pid if pool._idle else None)
        assert pids[0] == pids[1]
        assert pids[2] is None, "spent"
        assert pids[3] not in (None, pids[0])
        assert pids[5] is None
    finally:
        pool.close()


def test_a_decoder_that_died_idle_costs_no_file_its_answer() -> None:
    pool = Pool(1)
    try:
        pool.ask({"do": "fingerprint"}, SEEDS[2])
        os.kill(pool._idle[0].pid, signal.SIGKILL)
        facts, _payload = pool.ask({"do": "fingerprint"}, SEEDS[2])
        assert facts["pdq"]
    finally:
        pool.close()


def test_when_all_are_busy_nothing_is_said_about_the_file() -> None:
    pool = Pool(1)
    try:
        with pool._decoder(soon()), pytest.raises(DecoderUnavailable, match="busy"):
            pool.ask({"do": "fingerprint"}, SEEDS[2], within_seconds=0.05)
    finally:
        pool.close()


def test_a_warm_pool_has_a_decoder_waiting() -> None:
    pool = Pool(1)
    try:
        pool.warm()
        pid = pool._idle[0].pid
        pool.ask({"do": "fingerprint"}, SEEDS[2])
        assert pool._idle[0].pid == pid
    finally:
        pool.close()


def test_threads_get_their_own_answers() -> None:
    files = [encoded(landscape(64, 48, seed)) for seed in range(12)]
    expected = [fingerprint(data) for data in files]
    answers: dict[int, object] = {}
    threads = [
        threading.Thread(target=lambda place=place: answers.update({place: fingerprint(files[place])}))
        for place in range(len(files))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answers[place] for place in range(len(files))] == expected


def _in_a_fork(queue: "multiprocessing.Queue[object]") -> None:
    queue.put(fingerprint(SEEDS[2]).pdq)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_server_has_decoders_of_its_own() -> None:
    expected = fingerprint(SEEDS[2]).pdq
    context = multiprocessing.get_context("fork")
    queue: multiprocessing.Queue[object] = context.Queue()
    child = context.Process(target=_in_a_fork, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == expected
    child.join(60)
    assert child.exitcode == 0
    assert fingerprint(SEEDS[2]).pdq == expected


@settings(max_examples=FUZZ, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    cut=st.floats(0, 1),
    tail=st.binary(max_size=40),
)
def test_whatever_a_file_holds_the_answer_is_a_picture_or_a_named_fault(
    seed: bytes, changes: list[tuple[float, int]], cut: float, tail: bytes
) -> None:
    data = bytearray(seed)
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    hostile = bytes(data[: int(len(data) * cut)] if cut < 0.5 else data) + tail
    prints = fingerprint(hostile)
    assert len(prints.sha256) == 64
    assert (prints.pdq is not None) or (prints.fault is not None)
    assert prints.fault not in (Fault.CRASHED, Fault.TOO_SLOW), "the decoder itself must hold"
    if prints.pdq is None:
        with pytest.raises(Undecodable):
            preview(hostile, True)
    else:
        assert preview(hostile, True).startswith(b"\xff\xd8\xff")
