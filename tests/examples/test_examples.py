"""Both worked examples keep the contract: what an integrator builds from the documents alone, tried as a whole."""

import signal
from collections.abc import Callable
from pathlib import Path

import httpx

from answerable.platforms.check import check
from tests.examples.conftest import Desk, Site, World, until

Draw = Callable[[int], bytes]
LIFT = """
from answerable.settings.start import prepare
prepare()
import time
from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import ReviewIn
from answerable.cases.models import Item, Person
from answerable.policy.words import Age, Verdict
ravi = Person.objects.get(pseudonym="Ravi")
while (item := Item.objects.get(platform={platform!r}, ref={ref!r})).content_id is None:
    time.sleep(0.05)
now = clock.now()
commands.look_at([item.pk], person_id=ravi.pk, revealed=True, now=now)
commands.review(
    ReviewIn(
        content_ids=(item.content_id,), person_id=ravi.pk, verdict=Verdict.NOT_VIOLATING, age=Age.CHILD,
        clause="csam.depiction", reason="a landscape", began_at=now, nobody_in_it=True,
    ),
    now=clock.now(),
)
"""


def failures(site: Site, desk: Desk, ref: str) -> dict[str, str]:
    steps = list(check(f"{site.url}/answerable", desk.data / f"{site.name}.secret", (), ref))
    assert len(steps) > 15
    return {step.name: step.problem for step in steps if not step.passed}


def test_the_check_finds_nothing_wrong(site: Site, world: World, draw: Draw) -> None:
    site.posted(draw(1))
    ref = site.posted(draw(2), "uri")
    assert failures(site, world.desk, ref) == {}
    assert site.sees(ref) == (200, 200)


def test_a_report_in_the_form_hides_an_upload_and_a_clearing_puts_it_back(
    site: Site, world: World, draw: Draw
) -> None:
    ref = site.posted(draw(3))
    assert site.sees(ref) == (200, 200)
    assert f'href="{world.desk.url}/?link=' in httpx.get(f"{site.url}/p/{ref}").text
    world.desk.report(f"{site.url}/p/{ref}")
    until(lambda: site.sees(ref) == (404, 404), "it is not hidden")
    world.desk.run("-c", LIFT.format(platform=site.name, ref=ref))
    until(lambda: site.sees(ref) == (200, 200), "it is not put back")


def test_nothing_is_shown_unscreened_and_a_crash_loses_no_event(site: Site, world: World, draw: Draw) -> None:
    key = site.data / "desk.key"
    away = key.rename(site.data / "desk.key.away")  # without its key the site can't reach the desk
    try:
        ref = site.posted(draw(4))
        assert site.sees(ref) == (404, 404)
    finally:
        site.stop(signal.SIGKILL)
        away.rename(key)
    site.start()
    site.wait()
    until(lambda: site.sees(ref) == (200, 200), "what is clear is not shown")
    ask = (
        "from answerable.settings.start import prepare\nprepare()\n"
        f"from answerable.cases.models import Item\nprint(Item.objects.filter(ref={ref!r}).count())"
    )
    until(lambda: world.desk.run("-c", ask) == "1", "the desk was not told of it")


def test_a_site_may_refuse_uploads_while_the_desk_is_away(world: World, draw: Draw, tmp_path: Path) -> None:
    from dataclasses import replace

    from answerable.demo.stack import free_ports
    from tests.examples.conftest import running

    site = replace(
        world.sites["asgi"],
        data=tmp_path / "site",
        port=free_ports(1)[0],
        processes=[],
        settings={"SITE_WHEN_DESK_AWAY": "refuse"},
    )
    with running(site):
        assert site.upload(draw(5)).status_code == 503
