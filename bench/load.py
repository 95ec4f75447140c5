"""The load: people and machines that report, over real HTTP connections that are kept open."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.desk import Desk

Say = Callable[[int], bytes]
"""Item number -> the whole request."""


@dataclass
class Measured:
    """What one run saw. Seconds of `time.monotonic`; `sent_at` by item number, in seconds since the epoch."""

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    sent_at: dict[int, float] = field(default_factory=dict)
    backlogs: list[int] = field(default_factory=list)
    waited: int = 0
    lasted: float = 0.0

    def accepted(self) -> int:
        """How many were acknowledged."""
        return sum(count for status, count in self.statuses.items() if status in (200, 201))


def api_report(desk: Desk) -> Say:
    """`POST /api/v1/reports`: a depicted child's report of one upload."""

    def say(number: int) -> bytes:
        body = {"harm": "csam", "relation": "depicted", "age": "child", "links": [desk.link(number)]}
        return _request(desk, "/api/v1/reports", json.dumps(body).encode(), "application/json", desk.api_key)

    return say


def form_report(desk: Desk, nonce: str) -> Say:
    """The public form: the same, with a sentence. A nonce with other words is another report."""

    def say(number: int) -> bytes:
        fields = {
            "what": "me_child", "about": "", "links": desk.link(number), "where": "", "danger": "none",
            "statement": f"This is me, number {number}.", "contact": "", "earlier": "", "acting": "", "signature": "",
            "nonce": nonce,
        }  # fmt: skip
        kind = "application/x-www-form-urlencoded"
        return _request(desk, "/en/report", urlencode(fields).encode(), kind, "")

    return say


def _request(desk: Desk, path: str, body: bytes, kind: str, key: str) -> bytes:
    authorization = f"Authorization: Bearer {key}\r\n" if key else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost:{desk.public_port}\r\n{authorization}"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Connection:
    """One kept-open connection."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer. Raises OSError, asyncio.IncompleteReadError."""
        if self.streams is None:
            self.streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length is None:
            raise OSError(f"an answer without a length: {head[:200]!r}")
        return int(head.split(b" ", 2)[1]), await reader.readexactly(int(length[1]))

    def close(self) -> None:
        """Hang up."""
        if self.streams is not None:
            self.streams[1].close()
            self.streams = None


async def nonce_of_form(desk: Desk) -> str:
    """Open the form once, as a person does, and take its nonce."""
    connection = Connection(desk.public_port)
    request = f"GET /en/report HTTP/1.1\r\nHost: localhost:{desk.public_port}\r\n\r\n"
    status, page = await connection.send(request.encode())
    connection.close()
    found = re.search(rb'name="nonce" value="([^"]+)"', page)
    if status != 200 or found is None:
        raise RuntimeError(f"The form did not come ({status}).")
    return found[1].decode()


async def at_rate(desk: Desk, say: Say, *, per_second: float, seconds: float, first: int) -> Measured:
    """Send at a fixed rate, whatever comes back; a report's time counts from when it was due to be sent."""
    measured = Measured()
    idle: list[Connection] = []
    tasks: set[asyncio.Task[None]] = set()
    begun = time.monotonic()
    watching = asyncio.create_task(_watch(desk, measured))
    for place in range(int(per_second * seconds)):
        due = begun + place / per_second
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        task = asyncio.create_task(_one(desk, say, first + place, due, idle, measured))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(tasks, timeout=60)
    measured.lasted = time.monotonic() - begun
    watching.cancel()
    for connection in idle:
        connection.close()
    return measured


async def as_much_as_is_kept(
    desk: Desk, say: Say, *, at_once: int, seconds: float, first: int, most_backlog: int
) -> Measured:
    """Send as fast as answers come, but no faster than the worker keeps up: nobody sends while more than
    `most_backlog` of its obligations are due. What is accepted so, per second, can go on for ever."""
    measured = Measured()
    numbers = iter(range(first, 10**9))
    begun = time.monotonic()
    watching = asyncio.create_task(_watch(desk, measured))

    async def person() -> None:
        idle: list[Connection] = []
        while time.monotonic() - begun < seconds:
            while measured.backlogs and measured.backlogs[-1] > most_backlog:
                measured.waited += 1
                await asyncio.sleep(0.02)
            await _one(desk, say, next(numbers), time.monotonic(), idle, measured)
        for connection in idle:
            connection.close()

    await asyncio.gather(*(person() for _ in range(at_once)))
    measured.lasted = time.monotonic() - begun
    watching.cancel()
    return measured


async def _one(
    desk: Desk, say: Say, number: int, due: float, idle: list[Connection], measured: Measured
) -> None:
    connection = idle.pop() if idle else Connection(desk.public_port)
    request = say(number)
    measured.sent_at[number] = time.time() - (time.monotonic() - due)
    try:
        status, _ = await connection.send(request)
    except (OSError, asyncio.IncompleteReadError):
        connection.close()
        status = 0
    else:
        idle.append(connection)
    measured.seconds.append(time.monotonic() - due)
    measured.statuses[status] = measured.statuses.get(status, 0) + 1


async def _watch(desk: Desk, measured: Measured) -> None:
    while True:
        measured.backlogs.append(await asyncio.to_thread(desk.backlog))
        await asyncio.sleep(0.1)


def run(work: Awaitable[Measured]) -> Measured:
    """Run one load to its end."""

    async def whole() -> Measured:
        return await work

    return asyncio.run(whole())
