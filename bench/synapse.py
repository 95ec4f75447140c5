"""A real Matrix homeserver: what screening adds to an upload, report to hidden, and how fast copies go.

Synapse (SQLite), our module in it, and `answerable serve`, all on this machine. Reports are made in the client API;
`hidden_at` is the time of the worker's look that found that an ordinary user gets the picture no longer.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from answerable.demo.matrix.person import Person
from answerable.demo.matrix.server import Synapse
from answerable.settings.config import DATA_VARIABLE
from answerable.settings.create import create
from bench import machine
from bench.desk import Desk, free_port
from bench.site import picture

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.staff")
SIDE = 640
POSTS_EACH = 8
PLATFORM = """
[[platforms]]
name = "matrix"
adapter = "synapse"
base_url = "{url}"
secret_file = "admin.token"
hosts = ["matrix.to"]

[platforms.options]
reader_token_file = "reader.token"
"""


@dataclass
class Running:
    """A homeserver with somebody in a room, and its desk."""

    desk: Desk
    synapse: Synapse
    uri: Person
    room: str


@contextmanager
def running() -> Iterator[Running]:
    """Both, started; this process works on the desk's database, too."""
    with tempfile.TemporaryDirectory(prefix="answerable-bench-") as folder:
        data = Path(folder) / "desk"
        desk = Desk(data, free_port(), 0)
        port = free_port()
        synapse = Synapse(Path(folder) / "homeserver", port, None)
        path = create(data, sample=False, name="Bench", public_port=desk.public_port, staff_port=free_port())
        path.write_text(path.read_text() + PLATFORM.format(url=synapse.url))
        try:
            synapse.start()
            for name, admin in (("admin", True), ("reader", False)):
                (data / f"{name}.token").write_text(synapse.person(name, admin=admin).token)
            desk.command("bench.prepare")
            key = Path(folder) / "screening.key"
            scopes = ("--scope", "screen", "--scope", "events:write")
            key.write_text(
                desk.command("answerable.cli", "key", "add", "synapse", "--platform", "matrix", *scopes)
            )
            uri = synapse.person("uri")
            yield Running(desk, synapse, uri, uri.room())
        finally:
            desk.close()
            synapse.stop()


def start(place: Running, folder: Path) -> None:
    """Start the desk, and Synapse anew with the module."""
    from bench.desk import serve

    serve(place.desk)
    place.synapse.stop()
    place.synapse.configure(
        {
            "desk_url": f"http://localhost:{place.desk.public_port}",
            "api_key_file": str(folder / "screening.key"),
            "spool": str(folder / "spool"),
        }
    )
    place.synapse.start()


def watched() -> None:
    """Wait until the desk watches: what is reported before counts as known already."""
    from answerable.cases.models import PlatformWatch

    while not PlatformWatch.objects.filter(failed_since__isnull=True).exists():
        time.sleep(0.1)


def uploads(person: Person, first: int, number: int) -> tuple[list[str], list[float]]:
    """Upload that many different photos one after the other; their addresses, and the seconds of each."""
    found, seconds = [], []
    for which in range(first, first + number):
        data = picture(f"s{which}", SIDE)
        begun = time.perf_counter()
        found.append(person.upload(data, "image/jpeg"))
        seconds.append(time.perf_counter() - begun)
    return found, seconds


def hidden(place: Running, number: int, per_second: float) -> list[float]:
    """Have that many photos posted and reported at a quiet rate; the seconds from sending the report to the look that
    found it hidden. Nobody posts or reports more than the guard against abuse lets be hidden unlooked.
    """
    from answerable.cases.models import Item

    posted: list[tuple[str, Person]] = []
    for which in range(number):
        if which % POSTS_EACH == 0:
            poster, reporter = (place.synapse.person(f"{name}{which}") for name in ("poster", "reporter"))
            poster.join(place.room)
            reporter.join(place.room)
        mxc = poster.upload(picture(f"r{which}", SIDE), "image/jpeg")
        posted.append((poster.post(place.room, mxc), reporter))
    place.desk.drained()
    sent: dict[str, float] = {}
    for event, reporter in posted:
        sent[f"event/{place.room}/{event}"] = time.time()
        reporter.report_event(place.room, event)
        time.sleep(1 / per_second)
    limit = time.monotonic() + 120
    while Item.objects.filter(ref__in=sent, hidden_at__isnull=False).count() < len(sent):
        if time.monotonic() > limit:
            raise RuntimeError("not all were hidden")
        time.sleep(0.2)
    seen = dict(Item.objects.filter(ref__in=sent).values_list("ref", "hidden_at"))
    return [seen[ref].timestamp() - at for ref, at in sent.items()]


def removed(place: Running, copies: int) -> dict[str, Any]:
    """The identical file, uploaded by many and posted; one person's yes: until all were seen to be gone."""
    from answerable import clock
    from answerable.cases import commands
    from answerable.cases.inputs import Link, ReportIn, ReviewIn
    from answerable.cases.models import Item
    from answerable.cases.models import Person as Staff
    from answerable.policy.words import Age, Relation, Verdict

    data = picture("copied", SIDE)
    refs = ["media/" + place.uri.upload(data, "image/jpeg").removeprefix("mxc://") for _ in range(copies + 1)]
    limit = time.monotonic() + 120
    while Item.objects.filter(ref__in=refs, content__pdq__isnull=False).count() < len(refs):
        if time.monotonic() > limit:
            raise RuntimeError("not all were registered")
        time.sleep(0.2)
    link = (Link("", "matrix", refs[0], "image"),)
    commands.file_report(
        ReportIn(harm="csam", relation=Relation.DEPICTED, age=Age.CHILD, links=link), now=clock.now()
    )
    person = Staff.objects.get_or_create(pseudonym="Bench", defaults={"qualifications": ["child_safety"]})[0]
    item = Item.objects.get(ref=refs[0])
    begun = time.time()
    commands.review(
        ReviewIn(
            content_ids=(item.content_id or 0,),
            person_id=person.pk,
            verdict=Verdict.VIOLATING,
            age=Age.CHILD,
            clause="csam.depiction",
            reason="measured",
            began_at=clock.now(),
        ),
        now=clock.now(),
    )
    gone = Item.objects.filter(ref__in=refs, wanted="gone", seen="gone", seen_at__isnull=False)
    while gone.count() < len(refs):
        if time.monotonic() > limit + 120:
            raise RuntimeError("not all were removed")
        time.sleep(0.05)
    took = max(at.timestamp() for at in gone.values_list("seen_at", flat=True)) - begun
    return {
        "copies": copies,
        "all_gone_after_s": round(took, 2),
        "copies_per_second": round(copies / took, 1),
    }


def main() -> None:
    """All three, once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--uploads", type=int, default=60)
    parser.add_argument("--reports", type=int, default=40)
    parser.add_argument("--copies", type=int, default=100)
    asked = parser.parse_args()
    with running() as place:
        os.environ[DATA_VARIABLE] = str(place.desk.data)
        import django

        django.setup()
        uploads(place.uri, 90_000, 5)
        with machine.watched() as around:
            _, without = uploads(place.uri, 0, asked.uploads)
        machine.write("synapse", {"what": "upload, unscreened", **machine.spread(without), **around})
        start(place, place.desk.data.parent)
        watched()
        uploads(place.uri, 95_000, 5)
        with machine.watched() as around:
            _, screened = uploads(place.uri, 10_000, asked.uploads)
        machine.write("synapse", {"what": "upload, screened", **machine.spread(screened), **around})
        with machine.watched() as around:
            taken = hidden(place, asked.reports, per_second=1.0)
        machine.write("synapse", {"what": "report in a client to hidden", **machine.spread(taken), **around})
        with machine.watched() as around:
            figures = removed(place, asked.copies)
        machine.write("synapse", {"what": "copies removed", **figures, **around})


if __name__ == "__main__":
    main()
