"""What stands inside Synapse: nothing is accepted unlooked, and what was accepted is told, whatever breaks."""

import io
import json
import subprocess
from collections.abc import Iterator

import pytest
from django.db import transaction
from PIL import Image

from answerable import clock
from answerable.cases.models import Account, Item
from answerable.demo.matrix.person import Person, Refused
from answerable.demo.matrix.server import MODULE, interpreter
from answerable.policy.words import Verdict
from tests.api.pictures import jpeg, picture
from tests.platforms.synapse.conftest import Place, event, judge, media, until

pytestmark = pytest.mark.synapse
ENCRYPTED = bytes(range(7, 251)) * 40


@pytest.fixture(autouse=True)
def healed(place: Place) -> Iterator[None]:
    """Whatever a test broke is whole again."""
    yield
    place.front.heals()


def refused(person: Person, data: bytes) -> Refused:
    with pytest.raises(Refused) as found:
        person.upload(data, "image/jpeg")
    return found.value


def uploads(place: Place, person: Person) -> int:
    """How many files of this person Synapse has."""
    found = place.people["petra"].call("GET", f"/_synapse/admin/v1/users/{person.user_id}/media")
    return int(found["total"])


def reported(place: Place, seed: int) -> bytes:
    """A picture that was reported and is hidden: its bytes."""
    uri, dana = place.person("uri"), place.person("dana")
    room, data = uri.room(), jpeg(picture(seed))
    mxc = uri.upload(data)
    posted = uri.post(room, mxc)
    dana.join(room)
    dana.report_event(room, posted)
    place.hidden(event(room, posted))
    place.hidden(media(mxc))
    return data


def near(data: bytes) -> bytes:
    image = Image.open(io.BytesIO(data))
    return jpeg(image.resize((image.width * 2 // 3, image.height * 2 // 3)), 75)


BROKEN = {
    "is down": ("drops", None),
    "fails": ("answers", (500, "text/html", b"<h1>Server Error</h1>")),
    "is not ready": ("answers", (503, "application/problem+json", b'{"title": "not ready"}')),
    "refuses the key": ("answers", (401, "application/problem+json", b'{"title": "no"}')),
    "redirects": ("answers", (302, "text/html", b"")),
    "answers nothing": ("answers", (200, "application/json", b"")),
    "answers with a page": ("answers", (200, "text/html", b"<h1>Welcome</h1>")),
    "answers with a list": ("answers", (200, "application/json", b'["clear"]')),
    "answers with another word": ("answers", (200, "application/json", b'{"verdict": "fine"}')),
    "answers with no word": ("answers", (200, "application/json", b'{"verdict": true}')),
    "answers without end": ("answers", (200, "application/json", b'{"verdict": "clear"}' + b" " * 200_000)),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_desk_that_gives_no_verdict_lets_nothing_through(place: Place, fault: str) -> None:
    person, data = place.person("careful"), jpeg(picture(50))
    before = uploads(place, person)
    how, answer = BROKEN[fault]
    place.front.breaks(how, at="/screen", answer=answer)
    found = refused(person, data)
    assert (found.status, "later" in str(found)) == (503, True)
    assert uploads(place, person) == before
    place.front.heals()
    assert person.upload(data, "image/jpeg").startswith("mxc://hs.test/")


def test_what_is_encrypted_end_to_end_passes_because_nobody_can_look_at_it(place: Place) -> None:
    mxc = place.person("uri").upload(ENCRYPTED, "application/octet-stream")
    until(
        lambda: Item.objects.filter(ref=media(mxc), content__isnull=False).exists(), "it is known by its hash"
    )
    assert place.person("max").sees(mxc)


def test_who_uploads_is_known_to_the_desk_and_an_offenders_uploads_are_held(place: Place) -> None:
    person = place.person("offender")
    person.upload(jpeg(picture(51)), "image/jpeg")
    until(lambda: Account.objects.filter(ref=person.user_id).exists(), "the account is known")
    with transaction.atomic():
        Account.objects.filter(ref=person.user_id).update(uploads_held_since=clock.now())
    assert refused(person, jpeg(picture(52))).status == 400
    assert place.person("uri").upload(jpeg(picture(52)), "image/jpeg")


def test_an_upload_in_two_steps_is_screened_too(place: Place) -> None:
    data = reported(place, 53)
    person = place.person("careful")
    made = person.call("POST", "/_matrix/media/v1/create")["content_uri"].removeprefix("mxc://")
    answer = person.client.put(
        f"/_matrix/media/v3/upload/{made}", content=data, headers={"Content-Type": "image/jpeg"}
    )
    assert answer.status_code == 400
    assert not place.person("max").sees(f"mxc://{made}")


def test_what_was_accepted_is_told_after_a_kill(place: Place) -> None:
    place.front.breaks("drops", at="/events")
    mxc = place.person("uri").upload(jpeg(picture(54)), "image/jpeg")
    until(lambda: ("POST", "/api/v1/events") in place.front.seen, "it tries")
    assert not Item.objects.filter(ref=media(mxc)).exists()
    place.restart_synapse(kill=True)
    place.front.heals()
    until(
        lambda: Item.objects.filter(ref=media(mxc), content__pdq__isnull=False).exists(), "the desk knows it"
    )


def test_a_report_and_a_hiding_survive_a_kill_of_synapse(place: Place) -> None:
    uri, dana = place.person("uri"), place.person("dana")
    room, mxc = uri.room(), uri.upload(jpeg(picture(55)), "image/jpeg")
    posted = uri.post(room, mxc)
    dana.join(room)
    dana.report_event(room, posted, "It is me.")
    place.restart_synapse(kill=True)
    place.hidden(event(room, posted))
    assert not place.person("max").sees(mxc)


def test_on_hold_an_upload_is_seen_by_nobody_until_a_person_looked(place: Place) -> None:
    data = reported(place, 56)
    place.restart_synapse(hold="quarantine", unreachable="admit", answer_within_seconds=1)
    try:
        yann, max_ = place.person("yann"), place.person("max")
        held = yann.upload(near(data), "image/jpeg")
        assert not max_.sees(held)
        place.hidden(media(held))
        judge(place, media(held), "Ravi", Verdict.NOT_VIOLATING, nobody_in_it=True)
        place.seen(media(held), "visible")
        assert max_.sees(held)

        place.front.breaks("hangs", at="/screen")
        unscreened = yann.upload(data, "image/jpeg")
        place.front.heals()
        place.hidden(media(unscreened))
        assert not max_.sees(unscreened)
    finally:
        place.restart_synapse()


WRONG = {
    "hold": ("perhaps", "hold is one of refuse, quarantine"),
    "unreachable": ("open", "unreachable is one of refuse, admit"),
    "desk_url": ("reports.example", "desk_url is a whole address"),
    "spool": ("", "spool is missing"),
    "answer_within_seconds": (0, "answer_within_seconds is a number up to 60"),
    "largest_bytes": (10**9, "largest_bytes is at most"),
    "typo": (1, "there is no typo"),
}
CHECK = """
import json, sys
from answerable_synapse import AnswerableModule
from synapse.module_api.errors import ConfigError
for config in json.load(sys.stdin):
    try:
        AnswerableModule.parse_config(config)
        print("taken")
    except ConfigError as error:
        print(error)
"""


def test_a_wrong_setting_is_refused_by_name(place: Place) -> None:
    configs = [{**place.module, setting: value} for setting, (value, _) in WRONG.items()]
    done = subprocess.run(
        [str(interpreter()), "-c", CHECK],
        env={"PYTHONPATH": str(MODULE), "PYTHONDONTWRITEBYTECODE": "1"},
        input=json.dumps([*configs, place.module]),
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    for (setting, (_, message)), line in zip(WRONG.items(), said, strict=False):
        assert message in line, setting
    assert said[len(WRONG) :] == ["taken"]
