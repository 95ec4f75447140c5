"""Which parts this desk consists of, who works at it when it is new, and what is printed when it is ready."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from answerable import clock
from answerable.cases import commands
from answerable.cases.models import Person
from answerable.console.links import create_sign_in_link
from answerable.console.models import StaffAccount
from answerable.serve.processes import require_free
from answerable.serve.supervisor import Part, answers
from answerable.settings.config import CONFIG_NAME, Config, ConfigError
from answerable.settings.create import SAMPLE_SECRET

QUALIFICATIONS = ("child_safety", "intimate_images")
SAMPLE = "sample"
SAMPLE_KEY = "sample.key"


def parts(data: Path, *, sample: bool, demo_data: bool) -> list[Part]:
    """The processes of this desk. Raises PortTaken, ConfigError."""
    config: Config = settings.CONFIG
    web, advice = config.web, f"Stop what uses it, or choose another under [web] in {data / CONFIG_NAME}."
    require_free(web.address, web.public_port, "the public pages", advice)
    require_free(web.address, web.staff_port, "the console", advice)
    local = "127.0.0.1" if web.address in ("0.0.0.0", "127.0.0.1") else web.address  # noqa: S104
    desk = [
        Part("public", answers(web.public_port, address=local)),
        Part("staff", answers(web.staff_port, address=local)),
        Part("worker", _worker_ready(data)),
    ]
    return [*desk, _sample(data, demo_data)] if sample else desk


def sample_port() -> int:
    """Where the sample site listens, as the platform called "sample" says. Raises ConfigError."""
    for platform in settings.CONFIG.platforms:
        if platform.name == SAMPLE:
            return urlsplit(platform.base_url).port or 80
    raise ConfigError(
        f'{settings.DATA / CONFIG_NAME} names no platform "{SAMPLE}": start without --sample, '
        "or let `answerable init --sample` write a configuration in a new data directory."
    )


def _sample(data: Path, demo_data: bool) -> Part:
    port = sample_port()
    require_free(
        "127.0.0.1", port, "the sample site", f"Stop what uses it, or change it in {data / CONFIG_NAME}."
    )
    arguments = [
        f"--port={port}",
        f"--data={data / 'sample-site'}",
        f"--desk={settings.CONFIG.desk.public_url}",
        f"--secret-file={data / SAMPLE_SECRET}",
        f"--api-key-file={data / SAMPLE_KEY}",
        "--demo-data" if demo_data else "--no-demo-data",
    ]
    return Part(SAMPLE, answers(port), arguments)


def _worker_ready(data: Path) -> Callable[[], bool]:
    """A check: the worker holds its lock file from the moment it claims obligations."""

    def check() -> bool:
        try:
            with (data / "worker.lock").open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    return check


def people(*, demo_data: bool) -> None:
    """Give a desk without people its first ones: with demo data the demo's staff, otherwise one for all."""
    if Person.objects.exists():
        return
    now = clock.now()
    if not demo_data:
        commands.add_person(
            pseudonym="First",
            qualifications=QUALIFICATIONS,
            lead=True,
            administrator=True,
            on_call=True,
            now=now,
        )
        return
    for name in ("Ravi", "Rosa"):
        commands.add_person(pseudonym=name, qualifications=QUALIFICATIONS, on_call=True, now=now)
    commands.add_person(pseudonym="Lena", qualifications=QUALIFICATIONS, lead=True, on_call=True, now=now)
    commands.add_person(pseudonym="Petra", administrator=True, now=now)


def sign_in_links() -> list[tuple[str, str]]:
    """A one-time link for each person who has never signed in; nothing for who has."""
    known = StaffAccount.objects.filter(user__last_login__isnull=False).values_list("person_id", flat=True)
    newcomers = Person.objects.filter(active=True).exclude(pk__in=list(known)).order_by("pk")
    return [(person.pseudonym, create_sign_in_link(person=person, now=clock.now())) for person in newcomers]


def welcome(*, sample: bool, demo_data: bool) -> str:
    """What to open, and the one-time sign-in links. Makes the first people of a new desk."""
    people(demo_data=demo_data)
    desk = settings.CONFIG.desk
    lines = ["", f"{desk.name} is ready.", "", f"  Report something   {desk.public_url}"]
    if sample:
        lines.append(f"  Sample site        http://localhost:{sample_port()}")
    lines.append(f"  Staff console      {desk.staff_url}")
    links = sign_in_links()
    if links:
        lines += [
            "",
            "  Staff sign in once with these links, within a day (`answerable person link NAME`: a new one):",
        ]
        lines += [f"    {name:<8} {link}" for name, link in links]
    connection.close()
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])
