"""Authorities' requests on the console: typed in, opened by an act that is logged, seen by who may answer them."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pyrage
import pytest
from typer.testing import CliRunner

from answerable.audit.models import AuditEntry
from answerable.authorities.cli import app
from answerable.cases import commands
from answerable.cases.models import AuthorityRequest, Item, Notice, Person, RequestPackage
from answerable.evidence.sealing import new_identity, recipient_of
from tests.console.conftest import Photos, landscape, post, signed_in

pytestmark = pytest.mark.django_db


def typed(**facts: Any) -> dict[str, Any]:
    """The form as somebody fills it in."""
    return {
        "asks": "remove",
        "came": "mail",
        "received_at": "2026-12-01T08:55",
        "authority": "Police, unit 5",
        "country": "fr",
        "regime": "eu",
        "basis": "Regulation (EU) 2021/784, Art. 3",
        "contacts": "ames@police.example",
        "words": "Remove it within the hour.",
        "harm": "other_illegal",
        "age": "adult",
        "links": "http://127.0.0.1:8402/p/a1",
        **facts,
    }


def test_an_order_is_typed_in_and_stands_in_the_queue_of_who_answers(
    policy: None, photos: Photos, ravi: Person, petra: Person, now: datetime
) -> None:
    post(photos, "a1", landscape(), now)
    entering, answering = signed_in(ravi), signed_in(petra)
    assert "Enter it" in entering.get("/requests/new/").content.decode()
    missing = entering.post("/requests/new/", typed(authority="")).content.decode()
    assert "Write who says to be asking" in missing
    assert entering.post("/requests/new/", typed()).status_code == 302
    row = AuthorityRequest.objects.get()
    assert row.country == "FR"
    page = f"/requests/{row.pk}/"
    assert page in answering.get("/").content.decode()
    assert page not in entering.get("/").content.decode()
    shown = answering.get(page).content.decode()
    assert "Not verified" in shown
    assert "ames@police.example" not in shown
    opened = answering.post(page, {"action": "open"}).content.decode()
    assert "ames@police.example" in opened
    assert AuditEntry.objects.filter(kind="request_opened").count() == 1
    assert page in answering.get("/requests/").content.decode()
    assert Item.objects.get().wanted == "hidden"


def test_who_has_nothing_to_do_with_it_sees_nothing(policy: None, ravi: Person, rosa: Person) -> None:
    signed_in(ravi).post("/requests/new/", typed(links="", accounts="sample uri", asks="preserve"))
    row = AuthorityRequest.objects.get()
    assert signed_in(rosa).get(f"/requests/{row.pk}/").status_code == 403
    assert f"/requests/{row.pk}/" not in signed_in(rosa).get("/requests/").content.decode()
    assert signed_in(ravi).get(f"/requests/{row.pk}/").status_code == 200
    assert signed_in(ravi).get("/requests/777/").status_code == 404


def test_two_verify_it_one_does_it_and_the_authority_is_told(
    policy: None, photos: Photos, ravi: Person, petra: Person, lena: Person, now: datetime
) -> None:
    post(photos, "a1", landscape(), now)
    elsewhere = signed_in(ravi).post("/requests/new/", typed(regime="us", law="tco")).content.decode()
    assert "names no law" in elsewhere
    signed_in(ravi).post("/requests/new/", typed(law="tco"))
    row = AuthorityRequest.objects.get()
    assert row.law == "tco"
    page, first, second = f"/requests/{row.pk}/", signed_in(petra), signed_in(lena)
    reached = {"action": "check", "contact": "+33 1 55 50 14 30", "found": "the state's directory"}
    assert "Write where you found it" in first.post(page, {**reached, "found": ""}).content.decode()
    bad = first.post(page, {**reached, "contact": "AMES@police.example"}).content.decode()
    assert "stands in the request itself" in bad
    assert "Do what it asks for" not in bad
    assert first.post(page, reached).status_code == 302
    shown = first.get(page).content.decode()
    assert "I reached them" not in shown
    assert "Do what it asks for" not in shown
    assert second.post(page, reached).status_code == 302
    shown = second.get(page).content.decode()
    assert "What it names is removed for everyone" in shown
    assert "Its holder is told of the order at once" in shown
    second.post(page, {"action": "grant"})
    assert Item.objects.get().wanted == "gone"
    assert Notice.objects.filter(kind="ordered").count() == 1
    first.post(page, {"action": "answered", "reference": "Annex II form, by their portal"})
    assert "5 min after its receipt" in first.get(page).content.decode()


def test_a_silence_and_a_refusal_say_what_they_lack(
    policy: None, ravi: Person, petra: Person, lena: Person, now: datetime
) -> None:
    signed_in(ravi).post("/requests/new/", typed(asks="silence", links="", accounts="sample uri"))
    row = AuthorityRequest.objects.get()
    page, first, second = f"/requests/{row.pk}/", signed_in(petra), signed_in(lena)
    reached = {"action": "check", "contact": "+33 1 55 50 14 30", "found": "the state's directory"}
    first.post(page, reached)
    second.post(page, reached)
    far = first.post(page, {"action": "silence", "until": "2027-12-01T09:00", "ground": "Art. 11(3)"})
    assert "42 days at most" in far.content.decode()
    first.post(page, {"action": "silence", "until": "2027-01-10T09:00", "ground": "Art. 11(3)"})
    assert "Telling waits" in first.get(page).content.decode()
    signed_in(ravi).post("/requests/new/", typed(asks="preserve", links="", accounts="sample max"))
    other = AuthorityRequest.objects.latest("pk")
    signed_in(petra).post(
        f"/requests/{other.pk}/", {"action": "refuse", "unfit": "false", "reason": "None of theirs."}
    )
    assert "nobody there asked for it" in signed_in(petra).get(f"/requests/{other.pk}/").content.decode()


def test_what_they_are_given_is_listed_read_agreed_to_and_taken(
    policy: None,
    photos: Photos,
    ravi: Person,
    petra: Person,
    lena: Person,
    now: datetime,
    settings: Any,
    tmp_path: Any,
) -> None:
    settings.DATA = tmp_path
    identity = new_identity()
    post(photos, "a1", landscape(), now)
    signed_in(ravi).post("/requests/new/", typed(asks="disclose"))
    row = AuthorityRequest.objects.get()
    page, first, second = f"/requests/{row.pk}/", signed_in(petra), signed_in(lena)
    assert first.get(f"{page}package/").status_code == 404
    reached = {"action": "check", "contact": "+33 1 55 50 14 30", "found": "the state's directory"}
    first.post(page, reached)
    second.post(page, reached)
    assert f"{page}package/" in first.get(page).content.decode()
    assert "Nothing leaves without one" in first.get(f"{page}package/").content.decode()
    commands.add_recipient("Unit 5", recipient_of(identity), person_id=petra.pk, now=now)
    commands.verify_recipient("Unit 5", recipient_of(identity), person_id=lena.pk, now=now)
    number = Item.objects.get().pk
    chosen = {"action": "list", "recipient": "Unit 5", "items": [number], "fields_given": ["place"]}
    lacking = first.post(f"{page}package/", {**chosen, "fields_given": []}).content.decode()
    assert "Choose at least one field" in lacking
    first.post(f"{page}package/", chosen)
    assert "exactly this leaves" not in first.post(f"{page}package/", {"action": "open"}).content.decode()
    shown = second.post(f"{page}package/", {"action": "open"}).content.decode()
    assert "exactly this leaves" in shown
    assert "/p/a1" in shown
    early = second.post(f"{page}package/", {"action": "take"}).content.decode()
    assert "agree to this package first" in early
    digest = RequestPackage.objects.get().digest
    second.post(f"{page}package/", {"action": "answer", "answer": "agree", "digest": digest})
    taken = first.post(f"{page}package/", {"action": "take"})
    assert taken["content-disposition"].endswith(f'request-{row.pk}.json.age"')
    plain = pyrage.decrypt(taken.getvalue(), [pyrage.x25519.Identity.from_str(identity)])
    assert hashlib.sha256(plain).hexdigest() == digest
    told = first.get(page).content.decode()
    assert "They are told" in told
    assert "Evidence given" not in told
    assert "Unit 5" not in signed_in(ravi).get(page).content.decode()
    assert signed_in(ravi).get(f"{page}package/").status_code == 403


def test_the_command_line_says_which_are_late(
    policy: None, ravi: Person, now: datetime, monkeypatch: pytest.MonkeyPatch, clock_at: Any
) -> None:
    signed_in(ravi).post("/requests/new/", typed(links="", accounts="sample uri"))
    waiting = CliRunner().invoke(app, ["requests"])
    assert "remove (FR, eu), not verified, waits" in waiting.output
    assert waiting.exit_code == 0
    clock_at(now + timedelta(hours=2))
    late = CliRunner().invoke(app, ["requests", "--all"])
    assert "LATE" in late.output
    assert late.exit_code == 1
