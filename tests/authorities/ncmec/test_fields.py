"""Every field of NCMEC's is in the table of the docs: sent, and then it is; or left out, and then it never is."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from answerable.authorities.ncmec.drill.reports import State
from answerable.cases import commands
from answerable.cases.models import Account, Item
from answerable.cases.request_inputs import Asks
from answerable.policy.words import Danger, Visibility
from answerable.settings.config import NcmecPlatform, NcmecReporter
from tests.authorities.ncmec.fullest import paths_known, paths_written
from tests.cases.desk import prints
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import verify

TABLE = Path(__file__).resolve().parents[3] / "docs" / "ncmec-fields.md"
ROW = re.compile(r"^\| ((?:report|fileDetails)[\w/@*]*) \| (yes|no) \| ?(.*?) ?\|$", re.MULTILINE)
ROWS = ROW.findall(TABLE.read_text())
PATHS = paths_known("report") | paths_known("fileDetails")


SEEN = {
    "ip": "203.0.113.7",
    "port": 51514,
    "proxy": False,
    "device_type": "IMEI",
    "device_id": "490154203237518",
    "at": "2026-11-30T08:00:00+00:00",
    "event": "upload",
}
CHECKED = {"verified": True, "verified_at": "2026-01-02T03:04:05+00:00"}
KNOWN = {
    "screen_name": "hills",
    "display_names": ["Hills"],
    "profile_urls": ["https://photos.example/u/hills"],
    "bio": "Hills and lakes.",
    "emails": [{"value": "hills@mail.example", **CHECKED}],
    "phones": [{"value": "+1 202 555 0100", **CHECKED}],
    "registered_at": "2026-01-02T03:04:05+00:00",
    "suspended_at": "2026-11-30T09:00:00+00:00",
    "seen": [SEEN],
}
OF_ITEM = {
    "file_name": "IMG_1.jpg",
    "sent_from": SEEN,
    "room": "Hikers",
    "recipients": [{"account": "dana", "screen_name": "dana"}],
}


def verified(desk, *people, account, country):
    """Police ask to be given what there is of an account, and two people reach them."""
    row = ask(
        desk, people[0], Asks.DISCLOSE, links=(), accounts=(("sample", account),), country=country,
        authority="State police", reference="A-1",
    )  # fmt: skip
    verify(desk, row, *people)


def row_of(path):
    """The row that speaks of a path: its own, or the nearest with a star above it."""
    own = [row for row in ROWS if row[0] == path]
    starred = [row for row in ROWS if row[0].endswith("*") and path.startswith(row[0].removesuffix("*"))]
    return own or sorted(starred, key=lambda row: -len(row[0]))[:1]


def test_every_field_of_the_schema_has_one_row():
    assert [path for path in sorted(PATHS) if len(row_of(path)) != 1] == []


def test_every_row_is_about_a_field_of_the_schema():
    speaks_of = {row[0] for path in PATHS for row in row_of(path)}
    assert [row[0] for row in ROWS if row[0] not in speaks_of] == []
    assert len(ROWS) == len({row[0] for row in ROWS}) > 100


def test_what_is_left_out_says_why():
    assert [path for path, sent, why in ROWS if sent == "no" and len(why) < 8] == []


@pytest.mark.django_db
def test_what_is_said_to_be_sent_is_sent_and_nothing_else(desk, configure, ravi, lena, petra, now):
    who = NcmecReporter(
        email="reports@photos.example", first_name="Petra", last_name="P", phone="1", about_us="Photos",
        legal_url="https://photos.example/legal", terms="No such images.",
    )  # fmt: skip
    for number, (clause, place, judged) in enumerate(
        [
            ("csam.generated", "web_page", "taken_over"),
            ("csam.trade", "chat", "offender"),
            ("sextortion.threat", "game", "depicted"),
        ]
    ):
        configure(
            reporter=who,
            classify=True,
            platforms={"sample": NcmecPlatform(name="Photos", public=True, place=place)},
        )
        for turn in "ab":
            ref = f"{turn}{number}"
            fingerprints = replace(prints(ref), pdq=bytes(32), pdq_quality=10)
            desk.post(ref, account=f"holder{number}", prints=fingerprints, posted_at=now)
            desk.site.site.facts[f"holder{number}"] = {**KNOWN, "items": [{"ref": ref, **OF_ITEM}]}
            Account.objects.filter(ref=f"holder{number}").update(judged_as=judged)
            desk.report(ref, harm=clause.partition(".")[0], danger=Danger.NOW)
            if place != "game":
                verified(desk, lena, petra, account=f"holder{number}", country="FR" if number else "US")
            item = Item.objects.get(ref=ref)
            commands.item_seen(
                item.pk, visibility=Visibility.VISIBLE, serial=0, asked_at=None, acknowledged_at=None,
                seen_at=now, now=now,
            )  # fmt: skip
            desk.yes(ravi, ref, clause=clause, classification="B2" if turn == "a" else "")
            desk.work()
    written = set()
    for report in desk.ncmec.reports.in_state(State.FINISHED):
        written |= paths_written(report.root)
        for file in report.files.values():
            written |= paths_written(file.details)
    assert len(desk.ncmec.reports.in_state(State.FINISHED)) == 6
    sent = {path for path in PATHS if row_of(path)[0][1] == "yes"}
    assert written - sent == set(), "these are sent, and the table says that they aren't"
    assert sent - written == set(), "these are said to be sent"
