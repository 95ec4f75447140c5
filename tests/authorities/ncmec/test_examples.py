"""Ten matters that differ, each as it is filed: what `docs/ncmec-examples` shows, for counsel and whoever reads XML.

`ANSWERABLE_EXAMPLES=1` writes the files anew.
"""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest

from answerable.authorities.ncmec import schema
from answerable.cases.models import Account, Person
from answerable.policy.words import Age, Danger, Relation
from answerable.settings.config import NcmecPlatform, NcmecReporter
from tests.authorities.ncmec.conftest import FilingDesk
from tests.authorities.ncmec.test_fields import KNOWN, OF_ITEM
from tests.authorities.ncmec.test_filing import filed, overturn
from tests.cases.desk import prints

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "ncmec-examples"
pytestmark = pytest.mark.django_db
Play = Callable[[FilingDesk, Person, tuple[Person, Person]], None]


def one_picture(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """Somebody who says to be depicted reports a picture; a person looks at it and judges it."""
    desk.post("hills", posted_at=desk.clock.now - timedelta(days=2))
    desk.report("hills")
    desk.see(ravi, "hills")
    desk.yes(ravi, "hills")


def known_holder(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """The platform says what it knows of the account: two files, one of which nobody here looked at."""
    desk.site.site.facts["uri"] = {**KNOWN, "items": [{"ref": "lake", **OF_ITEM}]}
    for ref in ("lake", "shore"):
        desk.post(ref, posted_at=desk.clock.now - timedelta(hours=3))
    desk.report("lake", "shore", relation=Relation.WITNESS)
    desk.see(ravi, "lake")
    desk.yes(ravi, "lake")
    desk.yes(ravi, "shore")


def age_not_told(desk: FilingDesk, ravi: Person, others: tuple[Person, Person]) -> None:
    """Two people can't tell the age: it is filed, saying so."""
    desk.post("hills")
    desk.report("hills", age=Age.UNSURE, relation=Relation.PLATFORM_USER)
    for person in (ravi, others[0]):
        desk.see(person, "hills")
        desk.yes(person, "hills", age=Age.UNSURE)


def danger_now(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """Somebody is pressed in a chat, and says that there is danger now."""
    desk.site.site.facts["uri"] = {"screen_name": "hills", "items": [{"ref": "letter", "room": "Hikers"}]}
    desk.post("letter")
    desk.report("letter", harm="sextortion", danger=Danger.NOW)
    desk.see(ravi, "letter")
    desk.yes(ravi, "letter", clause="sextortion.threat")


def approached(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """A guardian reports that a child is approached and asked for pictures."""
    desk.post("words")
    desk.report("words", harm="grooming", relation=Relation.GUARDIAN, kind="text")
    desk.see(ravi, "words")
    desk.yes(ravi, "words", clause="grooming.request")


def made_by_a_computer(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """A picture that people find to be generated."""
    desk.post("hills", prints=prints("hills", pdq=7))
    desk.report("hills", relation=Relation.TRUSTED_FLAGGER)
    desk.see(ravi, "hills")
    desk.yes(ravi, "hills", clause="csam.generated")


def holder_is_depicted(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """The holder of the account is the one depicted: named as the victim, and nobody as reported."""
    desk.post("hills")
    Account.objects.filter(ref="uri").update(judged_as="depicted")
    desk.report("hills", relation=Relation.WITNESS)
    desk.see(ravi, "hills")
    desk.yes(ravi, "hills")


def taken_over(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """The account was taken over, and the file is gone from the platform: its hashes are filed."""
    desk.post("hills")
    Account.objects.filter(ref="uri").update(judged_as="taken_over")
    desk.report("hills")
    desk.see(ravi, "hills")
    desk.yes(ravi, "hills")
    del desk.site.site.things["hills"]


def again(desk: FilingDesk, ravi: Person, _others: tuple[Person, Person]) -> None:
    """The same account a day later: the report names the earlier one."""
    one_picture(desk, ravi, _others)
    desk.work()
    desk.clock.pass_(days=1)
    desk.post("lake")
    desk.report("lake")
    desk.see(ravi, "lake")
    desk.yes(ravi, "lake")


def corrected(desk: FilingDesk, ravi: Person, others: tuple[Person, Person]) -> None:
    """A decision falls on appeal after it was filed: a later report takes it back."""
    one_picture(desk, ravi, others)
    desk.work()
    overturn(desk, "hills", *others)


EXAMPLES: tuple[tuple[str, Play], ...] = tuple(
    (f"{number:02}-{play.__name__.replace('_', '-')}", play)
    for number, play in enumerate(
        (
            one_picture,
            known_holder,
            age_not_told,
            danger_now,
            approached,
            made_by_a_computer,
            holder_is_depicted,
            taken_over,
            again,
            corrected,
        ),
        1,
    )
)


@pytest.mark.parametrize(("name", "play"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_each_matter_is_filed_as_its_example_shows(
    name: str, play: Play, desk: FilingDesk, configure, ravi: Person
) -> None:
    configure(
        reporter=NcmecReporter(
            email="reports@photos.example",
            first_name="Petra",
            about_us="Photos, Inc. Legal process is served at legal@photos.example.",
        ),
        platforms={
            "sample": NcmecPlatform(
                name="Photos", public=True, place="chat" if play is danger_now else "web_page"
            )
        },
    )
    others = [
        Person.objects.create(pseudonym=name, qualifications=["child_safety", "intimate_images"])
        for name in ("Mira", "Nora")
    ]
    play(desk, ravi, (others[0], others[1]))
    desk.work()
    report = filed(desk)[-1]
    for document in (report.root, *(file.details for file in report.files.values())):
        schema.validate(document)
    shown = written(play.__doc__ or "", [report.root, *(file.details for file in report.files.values())])
    path = FOLDER / f"{name}.xml"
    if os.environ.get("ANSWERABLE_EXAMPLES"):
        path.write_text(shown)
    assert path.read_text() == shown, "run this with ANSWERABLE_EXAMPLES=1, and read what changed"


def test_the_folder_holds_these_and_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.xml")} == {name for name, _ in EXAMPLES}


def written(about: str, documents: list[ElementTree.Element]) -> str:
    """The documents one under the other, without what differs from run to run."""
    parts = []
    for document in documents:
        ElementTree.indent(document)
        parts.append(ElementTree.tostring(document, encoding="unicode"))
    whole = "\n\n".join([f"<!-- {' '.join(about.split())} -->", *parts]) + "\n"
    whole = re.sub(r"<fileId>\w+</fileId>", "<fileId>0123456789abcdef0123456789abcdef</fileId>", whole)
    return re.sub(r"\bcase \d+\b", "case 42", whole)
