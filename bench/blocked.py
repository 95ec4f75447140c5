"""A confirmed fingerprint to a blocked re-upload: from the reviewer's decision to the first `block`.

The decision is the command that the console calls, in a process of its own; another process asks
`POST /api/v1/screen` about the identical file without a pause. Counted from the call of the command.
"""

import argparse
import hashlib
import http.client
import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

from bench import load, machine
from bench.desk import Desk, running

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.staff")


def decide(number: int) -> float:
    """Judge one upload violating, as a reviewer does; the time at which that began."""
    from answerable import clock
    from answerable.cases import commands
    from answerable.cases.inputs import ReviewIn
    from answerable.cases.models import Item, Person
    from answerable.policy.words import Age, Verdict

    item = Item.objects.get(ref=f"b{number}")
    person = next(one for one in Person.objects.order_by("pk") if "child_safety" in one.qualifications)
    now = clock.now()
    commands.look_at([item.pk], person_id=person.pk, revealed=True, now=now)
    review = ReviewIn(
        content_ids=(item.content_id,),
        person_id=person.pk,
        verdict=Verdict.VIOLATING,
        age=Age.CHILD,
        clause="csam.depiction",
        reason="measured",
        began_at=now,
    )
    begun = time.time()
    commands.review(review, now=clock.now())
    return begun


def reviewer() -> None:
    """Decide about each upload whose number comes in a line; answer with the time."""
    import django

    django.setup()
    for line in sys.stdin:
        print(decide(int(line)), flush=True)


def measure(desk: Desk, numbers: range) -> dict[str, Any]:
    """Decide about reported uploads one by one; how long until each is blocked."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.blocked", "--reviewer"],
        env={**desk.environment, "DJANGO_SETTINGS_MODULE": "answerable.settings.staff"},
        cwd=machine.REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    connection = http.client.HTTPConnection("127.0.0.1", desk.public_port)
    taken: list[float] = []
    before: list[str] = []
    try:
        with machine.watched(desk.serve.pid if desk.serve else None) as around:
            for number in numbers:
                begun: list[float] = []

                def wait(begun: list[float] = begun, number: int = number) -> None:
                    process.stdin.write(f"{number}\n")
                    process.stdin.flush()
                    begun.append(float(process.stdout.readline()))

                before.append(_verdict(desk, connection, number))
                thread = threading.Thread(target=wait)
                thread.start()
                while _verdict(desk, connection, number) != "block":
                    pass
                blocked_at = time.time()
                thread.join()
                taken.append(blocked_at - begun[0])
    finally:
        process.stdin.close()
        process.wait(30)
    return {
        "uploads": len(taken),
        "before": {v: before.count(v) for v in set(before)},
        **machine.spread(taken),
        **around,
    }


def _verdict(desk: Desk, connection: http.client.HTTPConnection, number: int) -> str:
    digest = hashlib.sha256(b"bench %d" % number).digest()
    body = json.dumps({"hashes": {"sha256": digest.hex(), "md5": digest[:16].hex()}})
    headers = {"Authorization": f"Bearer {desk.api_key}", "Content-Type": "application/json"}
    connection.request("POST", "/api/v1/screen", body, {**headers, "Host": "localhost"})
    return str(json.loads(connection.getresponse().read())["verdict"])


def main() -> None:
    """Forty uploads, on the databases asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--reviewer", action="store_true")
    parser.add_argument("--uploads", type=int, default=40)
    asked = parser.parse_args()
    if asked.reviewer:
        reviewer()
        return
    for database in asked.database or ["sqlite", "postgresql"]:
        with running(database=database, uploads=asked.uploads + 10) as desk:
            load.run(
                load.at_rate(desk, load.api_report(desk), per_second=10, seconds=asked.uploads / 10, first=0)
            )
            desk.drained()
            machine.write("blocked", {"database": database, **measure(desk, range(asked.uploads))})


if __name__ == "__main__":
    main()
