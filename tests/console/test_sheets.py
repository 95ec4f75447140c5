"""What people enter at an authority that this desk has no interface to: complete, logged, nothing of who reported."""

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.authorities import files, holders
from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, ItemIn
from answerable.cases.models import Account, Finding, Item, Person
from answerable.obligations.models import Obligation
from answerable.platforms.base import Capability
from answerable.platforms.facts import AccountFacts, Contact, ItemFacts, Sighting
from answerable.policy.words import Age, Danger
from answerable.settings.config import Authorities, Email, EmailParty
from tests.console.conftest import Photos, judge, landscape, post, prints_of, report, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def platform_gives_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform hands out the landscape that was posted."""

    def given(_content: Any, _seconds: float) -> Any:
        return files.closing(io.BytesIO(landscape()))

    monkeypatch.setattr(files, "_from_platform", given)


def owed_to(name: str, number: int = 0) -> Obligation:
    rows = Obligation.objects.filter(kind="report_authority").order_by("pk")
    return [one for one in rows if one.params["to"] == name][number]


def opened(client: Client, duty: Obligation, action: str = "open_sheet") -> str:
    response = client.post(f"/duties/{duty.pk}/", {"action": action})
    assert response.status_code == 200
    return response.content.decode()


def line(text: str, name: str) -> str:
    return next(row.removeprefix(f"  {name}: ") for row in text.splitlines() if row.startswith(f"  {name}: "))


def test_the_sheet_says_what_a_portal_asks_for(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    client = signed_in(ravi)
    duty = owed_to("nca")
    closed = client.get(f"/duties/{duty.pk}/").content.decode()
    assert "What to enter" in closed
    assert "SHA-256" not in closed
    text = opened(client, duty, "take_sheet")
    data = landscape()
    assert line(text, "To") == "the National Crime Agency of the United Kingdom"
    assert line(text, "Law") == "Online Safety Act 2023, s. 66"
    assert line(text, "Place") == "http://127.0.0.1:8402/p/a1"
    assert line(text, "Name on the platform") == "uri"
    assert line(text, "MD5") == hashlib.md5(data).hexdigest()
    assert line(text, "SHA-1") == hashlib.sha1(data).hexdigest()
    assert line(text, "SHA-256") == hashlib.sha256(data).hexdigest()
    assert line(text, "Identical copies elsewhere") == "0"
    assert line(text, "Under the rule").startswith("No sexual image of a person under 18")
    assert line(text, "Shows") == "a person under 18"
    assert line(text, "Posted at") == f"{now - timedelta(minutes=10):%Y-%m-%d %H:%M:%S} UTC"
    assert "own logs" in line(text, "IP address and port, with times")
    assert "own logs" in line(text, "Email")
    page = opened(client, duty)
    for row in text.splitlines():
        assert row.partition(":")[0].strip() in page


def test_each_opening_is_a_logged_look_before_anything_is_shown(
    reported: Item, ravi: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    client, duty = signed_in(ravi), owed_to("nca")
    client.get(f"/duties/{duty.pk}/")
    assert not AuditEntry.objects.filter(kind="sheet_opened").exists()
    opened(client, duty)
    opened(client, duty, "take_sheet")
    first, second = AuditEntry.objects.filter(kind="sheet_opened").order_by("pk")
    assert first.actor == f"person:{ravi.pk}"
    event = event_of(first)
    assert event is not None
    assert (event["obligation"], event["to"], event["contents"]) == (duty.pk, "nca", [reported.content_id])
    assert [(event_of(one) or {})["taken_away"] for one in (first, second)] == [False, True]


def test_it_says_nothing_of_who_reported(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now, reason="She looks twelve.")
    text = opened(signed_in(ravi), owed_to("nca"), "take_sheet")
    for secret in ("dana", "Dana", "That is me", "depicted", "She looks twelve", "Ravi", str(ravi.pseudonym)):
        assert secret not in text


def test_danger_now_is_priority_level_1_and_stands_first(
    policy: None, photos: Photos, ravi: Person, now: datetime
) -> None:
    before = now - timedelta(minutes=10)
    post(photos, "a1", landscape(), before)
    report(["a1"], before, danger=Danger.NOW)
    item = Item.objects.get(ref="a1")
    judge(ravi, item, "violating", now)
    duty = owed_to("nca")
    assert duty.params["priority"] == 1
    page = opened(signed_in(ravi), duty)
    assert page.index("Priority level 1.") < page.index("The report")
    text = opened(signed_in(ravi), duty, "take_sheet")
    assert text.splitlines()[1] == "  Priority: Priority level 1: send it immediately."
    assert "is in danger now" in line(text, "Danger")


def test_without_danger_it_is_not_level_1(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    page = opened(signed_in(ravi), owed_to("nca"))
    assert "Priority level 1." not in page
    assert "Not level 1" in page


def test_earlier_references_of_the_account_are_shown_and_no_others(
    reported: Item, photos: Photos, ravi: Person, now: datetime
) -> None:
    client = signed_in(ravi)
    judge(ravi, reported, "violating", now)
    for name, reference in (("nca", "NCA-4711"), ("eu_police", "BKA-1")):
        client.post(f"/duties/{owed_to(name).pk}/", {"reference": reference})
    for ref, seed, account in (("b1", 2, "uri"), ("c1", 3, "somebody")):
        photos.shown[ref] = landscape(seed)
        item_in = ItemIn(
            platform="sample", ref=ref, url=f"http://127.0.0.1:8402/p/{ref}", account_ref=account,
            prints=prints_of(landscape(seed)), posted_at=now,
        )  # fmt: skip
        commands.register_item(item_in, now=now)
        report([ref], now)
        judge(ravi, Item.objects.get(ref=ref), "violating", now)
    same, other = owed_to("nca", 1), owed_to("nca", 2)
    text = opened(client, same, "take_sheet")
    assert line(text, "Reported earlier as") == f"NCA-4711 ({now:%Y-%m-%d})"
    assert line(text, "Other files found against the rules") == "1"
    assert "NCA-4711" not in opened(client, other, "take_sheet")


def test_whose_account_it_is_is_said_as_people_found(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    Account.objects.update(judged_as="depicted")
    text = opened(signed_in(ravi), owed_to("nca"), "take_sheet")
    assert "a victim" in line(text, "Whose it is")


def test_an_adults_matter_is_on_no_sheet_that_the_pack_does_not_owe(
    policy: None, photos: Photos, ravi: Person, rosa: Person, now: datetime
) -> None:
    """Of one case a child's picture is told to the NCA, and an adult's isn't."""
    before = now - timedelta(minutes=10)
    for place, ref in enumerate(("a1", "a2"), 1):
        post(photos, ref, landscape(place), before)
    report(["a1", "a2"], before)
    child, adult = Item.objects.get(ref="a1"), Item.objects.get(ref="a2")
    judge(ravi, child, "violating", now)
    for person in (ravi, rosa):
        judge(person, adult, "violating", now, age=Age.ADULT, clause="ncii.shared")
    adult.refresh_from_db()
    assert (adult.age, adult.wanted, adult.case) == (Age.ADULT, "gone", child.case)
    Finding.objects.filter(content=adult.content).update(withdrawn_at=now)
    text = opened(signed_in(ravi), owed_to("nca"), "take_sheet")
    assert "/p/a1" in text
    assert "/p/a2" not in text
    assert line(text, "Files") == "1"


def test_whom_the_worker_tells_needs_no_sheet(
    reported: Item, ravi: Person, now: datetime, settings: Any
) -> None:
    judge(ravi, reported, "violating", now)
    key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kdh0ez0dqq0w0mz"
    mail = Email.model_construct(
        host="127.0.0.1", sender="d@b.example", environment="production",
        parties={"nca": EmailParty.model_construct(address="n@b.example", key=key)},
    )  # fmt: skip
    settings.CONFIG = settings.CONFIG.model_copy(
        update={"authorities": Authorities.model_construct(email=mail)}
    )
    client = signed_in(ravi)
    assert "What to enter" not in client.get(f"/duties/{owed_to('nca').pk}/").content.decode()
    assert "What to enter" in client.get(f"/duties/{owed_to('eu_police').pk}/").content.decode()
    client.post(f"/duties/{owed_to('nca').pk}/", {"action": "open_sheet"})
    assert not AuditEntry.objects.filter(kind="sheet_opened").exists()


def test_a_file_that_is_gone_has_no_sha1_and_the_sheet_says_so(
    reported: Item, ravi: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_content: Any, _seconds: float) -> Any:
        raise files.BytesGone("the platform no longer has it")

    judge(ravi, reported, "violating", now)
    monkeypatch.setattr(files, "_from_platform", gone)
    text = opened(signed_in(ravi), owed_to("nca"), "take_sheet")
    assert line(text, "SHA-1") == "not made: the file can't be read now"
    assert line(text, "SHA-256") == hashlib.sha256(landscape()).hexdigest()


def test_nobody_opens_it_who_may_not_see_the_duty(
    reported: Item, ravi: Person, rosa: Person, petra: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    duty = owed_to("nca")
    for person in (rosa, petra):
        response = signed_in(person).post(f"/duties/{duty.pk}/", {"action": "take_sheet"})
        assert response.status_code == 404
    assert not AuditEntry.objects.filter(kind="sheet_opened").exists()


def test_what_was_kept_meanwhile_is_not_opened(reported: Item, ravi: Person, now: datetime) -> None:
    judge(ravi, reported, "violating", now)
    duty = owed_to("nca")
    commands.mark_kept(duty.pk, person_id=ravi.pk, reference="NCA-1", now=now)
    with pytest.raises(AlreadyDone):
        commands.sheet_opened(duty.pk, [1], person_id=ravi.pk, taken_away=False, now=now)


class Telling:
    """A platform that tells what it knows of an account."""

    capabilities = frozenset({Capability.ACCOUNT_FACTS})

    def account_facts(self, account: str, refs: list[str]) -> AccountFacts:
        """What it knows of Uri, and where the picture was sent from."""
        seen = Sighting(ip="203.0.113.7", port=4711, at=datetime(2026, 12, 1, 8, tzinfo=UTC), event="login")
        return AccountFacts(
            account=account,
            screen_name="Uri of the hills",
            emails=(Contact(value="uri@hills.example", verified=True),),
            seen=(seen,),
            items=tuple(ItemFacts(ref=ref, file_name="lake.png", sent_from=seen) for ref in refs),
        )


def test_what_the_platform_says_of_the_account_is_on_it(
    reported: Item, ravi: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(ravi, reported, "violating", now)
    monkeypatch.setattr(holders.registry, "platform", lambda _name: Telling())
    text = opened(signed_in(ravi), owed_to("nca"), "take_sheet")
    address = "203.0.113.7 port 4711 2026-12-01 08:00:00 UTC login"
    assert line(text, "Names shown") == "Uri of the hills"
    assert line(text, "Email") == "uri@hills.example (verified)"
    assert line(text, "IP address and port, with times") == address
    assert line(text, "Sent from: IP address and port, with time") == address
    assert line(text, "File name") == "lake.png"
    assert AuditEntry.objects.filter(kind="account_asked").count() == 1
