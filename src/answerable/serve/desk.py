"""Which parts this desk consists of, who works at it when it is new, and what is printed when it is ready."""

from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from answerable import clock
from answerable.api.keys import create_key, revoke_key
from answerable.api.models import ApiKey
from answerable.cases.models import Person
from answerable.console.links import create_sign_in_link
from answerable.console.models import StaffAccount
from answerable.console.people import add_person, known_qualifications
from answerable.serve.processes import require_free
from answerable.serve.supervisor import Part, answers
from answerable.settings.config import CONFIG_NAME, Config, ConfigError
from answerable.settings.create import SAMPLE_SECRET, write_private
from answerable.worker import heartbeat

SAMPLE = "sample"
SAMPLE_KEY = "sample.key"
SAMPLE_SCOPES = ("events:write", "screen", "reports:write")


def parts(data: Path, *, sample: bool, demo_data: bool) -> list[Part]:
    """The processes of this desk. Raises PortTaken, ConfigError."""
    config: Config = settings.CONFIG
    web, advice = (
        config.web,
        (
            f"Stop what uses it, or choose another under [web], with its address under [desk], in {data / CONFIG_NAME}."
        ),
    )
    require_free(web.address, web.public_port, "the public pages", advice)
    require_free(web.address, web.staff_port, "the console", advice)
    local = "127.0.0.1" if web.address in ("0.0.0.0", "127.0.0.1") else web.address  # noqa: S104
    desk = [
        Part("public", answers(web.public_port, address=local)),
        Part("staff", answers(web.staff_port, address=local)),
        Part("worker", lambda: heartbeat.is_ready(data)),
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
        "127.0.0.1",
        port,
        "the sample site",
        f'Stop what uses it, or change it wherever the platform "{SAMPLE}" names it in {data / CONFIG_NAME}.',
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


def give_sample_its_key(data: Path) -> None:
    """The sample site's key for this desk's API, made once and left where the site looks for it."""
    path = data / SAMPLE_KEY
    if path.exists():
        return
    if ApiKey.objects.filter(name=SAMPLE, revoked_at__isnull=True).exists():
        revoke_key(SAMPLE, now=clock.now())  # its file is gone, and a key is shown once
    name = (
        SAMPLE if not ApiKey.objects.filter(name=SAMPLE).exists() else f"{SAMPLE}-{clock.now():%Y%m%d%H%M%S}"
    )
    write_private(path, create_key(name, SAMPLE_SCOPES, now=clock.now(), platform=SAMPLE).encode())


def people(*, demo_data: bool) -> None:
    """Give a desk without people its first ones: with demo data the demo's staff, otherwise one for all."""
    if Person.objects.exists():
        return
    now, all_of_them = clock.now(), known_qualifications()
    with transaction.atomic():
        if not demo_data:
            add_person(
                pseudonym="First",
                qualifications=all_of_them,
                lead=True,
                administrator=True,
                on_call=True,
                now=now,
            )
            return
        for name in ("Ravi", "Rosa", "Mira"):
            add_person(pseudonym=name, qualifications=all_of_them, on_call=True, now=now)
        add_person(pseudonym="Lena", qualifications=all_of_them, lead=True, on_call=True, now=now)
        add_person(pseudonym="Petra", qualifications=(), administrator=True, now=now)


def sign_in_links() -> list[tuple[str, str]]:
    """A one-time link for each person without a second factor; nothing for who has one.

    A link ends the second factors that were there, and what is printed at a start stays in the system's log:
    none is printed for somebody who could already sign in.
    """
    known = StaffAccount.objects.filter(user__authenticator__isnull=False).values_list("person_id", flat=True)
    newcomers = Person.objects.filter(active=True).exclude(pk__in=list(known)).order_by("pk")
    return [(person.pseudonym, create_sign_in_link(person=person, now=clock.now())) for person in newcomers]


def welcome(*, sample: bool, demo_data: bool) -> str:
    """What to open, and the one-time sign-in links. Makes what a new desk lacks first."""
    people(demo_data=demo_data)
    heartbeat.end(settings.DATA)  # a killed worker's sign may still look fresh
    if sample:
        give_sample_its_key(settings.DATA)
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
