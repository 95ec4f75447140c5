"""One decoder, seen from outside: start it, send it a file, wait no longer than allowed, kill it."""

import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answerable.media import limits
from answerable.media.decoder import FRAME
from answerable.media.errors import DecoderUnavailable, Fault, Undecodable

ROOT = Path(__file__).resolve().parents[2]
START = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from answerable.media.decoder import main; main"
ENVIRONMENT = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    # Keep the memory of ordinary pictures between files: asking the kernel anew for their pages cost a third of the
    # time. Bigger pieces go back at once, or the holes that they leave would pile up (200 MiB in 5,000 files).
    "MALLOC_MMAP_THRESHOLD_": str(4 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
    "LC_ALL": "C.UTF-8",
}
CHUNK_BYTES = 1 << 20
"""As much as an unprivileged process may have in a pipe: a photo goes over in one or two turns instead of dozens."""


class _Ended(Exception):
    """The decoder closed its pipe."""


class _Slow(Exception):
    """The decoder did not answer before the deadline."""


class Decoder:
    """One child process. Not for two threads at a time: the pool lends it."""

    def __init__(self, kind: str = "images") -> None:
        self._kind = kind
        # Isolated (-I), without our environment: a broken parser finds no secret and no way to import others.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
            [sys.executable, "-I", "-c", f"{START}({kind!r})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=ENVIRONMENT,
            cwd="/",
            bufsize=0,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise DecoderUnavailable("no pipe")
        self._to = self._process.stdin.fileno()
        self._from = self._process.stdout.fileno()
        _widen(self._to)
        self.asked = 0
        self._is_spent = False
        os.set_blocking(self._to, False)
        os.set_blocking(self._from, False)
        try:
            self._receive(time.monotonic() + limits.START_SECONDS)
        except (_Ended, _Slow) as error:
            self.kill()
            code = self._process.returncode
            raise DecoderUnavailable(
                f"it did not start, exit code {code}: run `python -m answerable.media.decoder {kind}` to see why"
            ) from error
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        """The child's process number."""
        return self._process.pid

    def ask(
        self,
        facts: dict[str, Any],
        data: bytes,
        deadline: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Send one file and wait for the answer, until `deadline` on the monotonic clock.

        `meanwhile` is called once the file is sent, before waiting.
        Raises Undecodable when the file kills the decoder or takes too long, DecoderUnavailable when there
        was not enough time to say that of it. The child is dead then.
        """
        began = time.monotonic()
        if self._kind == "video":  # it may stop in time, and say what it saw until then
            facts = {**facts, "seconds": max(0.0, deadline - began)}
        text = json.dumps(facts).encode()
        self.asked += 1
        try:
            self._send([FRAME.pack(len(text), len(data)) + text, data], deadline)
            if meanwhile is not None:
                meanwhile()
            answer = self._receive(deadline)
        except _Slow as error:
            self.kill()
            had_seconds = time.monotonic() - began
            if had_seconds < limits.FAIR_SECONDS:
                raise DecoderUnavailable(f"only {had_seconds:.1f} s were left for this file") from error
            raise Undecodable(Fault.TOO_SLOW) from error
        except (_Ended, BrokenPipeError, ConnectionResetError) as error:
            self.kill()
            slow = self._process.returncode == -signal.SIGXCPU
            raise Undecodable(Fault.TOO_SLOW if slow else Fault.CRASHED) from error
        except BaseException:
            self.kill()  # half a frame is in the pipe: nobody else may read the rest
            raise
        # Who ran out of memory, or has read its share of files, is replaced and not trusted further.
        out_of_memory = answer[0].get("fault") == Fault.OUT_OF_MEMORY
        self._is_spent = out_of_memory or self.asked >= limits.of(self._kind).files
        return answer

    @property
    def is_spent(self) -> bool:
        """Whether it should be replaced."""
        return self._is_spent or not self.is_alive()

    def is_alive(self) -> bool:
        """Whether the child still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the child and free its pipes."""
        self._process.kill()
        self.close()
        self._process.wait()

    def close(self) -> None:
        """Close the pipes: an idle child ends by itself."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()

    def _send(self, parts: list[bytes], deadline: float) -> None:
        for part in parts:
            rest = memoryview(part)
            while rest:
                self._wait(self._to, select.POLLOUT, deadline)
                try:
                    rest = rest[os.write(self._to, rest[:CHUNK_BYTES]) :]
                except BlockingIOError:
                    continue

    def _receive(self, deadline: float) -> tuple[dict[str, Any], bytes]:
        facts_size, payload_size = FRAME.unpack(self._read(FRAME.size, deadline))
        facts = json.loads(self._read(facts_size, deadline))
        return facts, self._read(payload_size, deadline)

    def _read(self, size: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while size:
            self._wait(self._from, select.POLLIN, deadline)
            try:
                part = os.read(self._from, min(size, CHUNK_BYTES))
            except BlockingIOError:
                continue
            if not part:
                raise _Ended
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise _Slow


def _widen(pipe: int) -> None:
    """Let the pipe hold a megabyte. A system that allows less gives what it has: slower, nothing else."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, CHUNK_BYTES)
    except PermissionError:
        return
