"""The decoder's process: reads files from a pipe, answers over another, under limits that it sets itself.

A frame each way is two lengths (unsigned 32 and 64 bits, big endian), a JSON object, and bytes. Started by
`media.pool`, with an empty environment; it holds no secret, opens no file and needs no network.
"""

import json
import os
import resource
import struct
import sys
from importlib import import_module
from typing import Any, BinaryIO

from answerable.media import limits

FRAME = struct.Struct(">IQ")


def main(kind: str = "images") -> None:
    """Answer requests until the pipe closes. `kind`: the module that reads the files, `images` or `video`."""
    incoming = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    outgoing = os.fdopen(os.dup(1), "wb", buffering=0)
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):  # a library that prints must not speak into the pipe, nor log image bytes
        os.dup2(null, descriptor)
    reader = import_module(f"answerable.media.{kind}")  # heavy, and only wanted in this process
    reader.prepare()
    own = limits.of(kind)
    _limit(own)
    _write(outgoing, {"ready": True}, b"")
    while (request := _read(incoming)) is not None:
        _limit_processor_time(own)
        _write(outgoing, *_answer(reader, *request))


def _answer(reader: Any, asked: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    how = {name: value for name, value in asked.items() if name != "do"}
    try:
        if asked["do"] == "fingerprint":
            return reader.fingerprint(data, **how), b""
        return {}, reader.preview(data, **how)
    except reader.Refused as refused:
        return {"fault": refused.fault} | refused.facts, b""
    except MemoryError:
        return {"fault": "out_of_memory"}, b""


def _limit(own: limits.Limits) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (own.memory_bytes, own.memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the image
    # Its pipes stay open and nothing further opens: no file, no socket, no library of another program. There
    # is no limit on processes (RLIMIT_NPROC), because HEIC's decoder always starts a thread, which would count.
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    _limit_processor_time(own)


def _limit_processor_time(own: limits.Limits) -> None:
    """The kernel kills at the soft limit (SIGXCPU): a loop in a parser ends even without a parent."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (used + own.cpu_seconds, hard))


def _read(incoming: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    head = incoming.read(FRAME.size)
    if len(head) < FRAME.size:
        return None
    facts_size, data_size = FRAME.unpack(head)
    return json.loads(incoming.read(facts_size)), incoming.read(data_size)


def _write(outgoing: BinaryIO, facts: dict[str, Any], payload: bytes) -> None:
    text = json.dumps(facts).encode()
    message = memoryview(FRAME.pack(len(text), len(payload)) + text + payload)
    while message:
        message = message[outgoing.write(message) :]


if __name__ == "__main__":
    main(*sys.argv[1:])
