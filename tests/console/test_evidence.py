"""Evidence on the console: asked for by one custodian, agreed to by another, taken once, never shown."""

import io
import re
import tarfile
from datetime import datetime

import pyrage
import pytest
from django.db import transaction

from answerable.cases import commands
from answerable.cases.models import AuthorityRequest, Capture, Case, Decision, Item, Person
from answerable.console import pictures
from answerable.evidence import capture
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.platforms import registry
from answerable.settings.evidence import Custodian, Evidence
from tests.console.conftest import Photos, judge, landscape, signed_in
from tests.console.test_requests import typed

pytestmark = pytest.mark.django_db
RAVI, PETRA, ROSA = new_identity(), new_identity(), new_identity()


@pytest.fixture
def kept(
    reported: Item,
    photos: Photos,
    ravi: Person,
    petra: Person,
    now: datetime,
    settings,
    tmp_path,
    monkeypatch,
) -> Item:
    """An item that was decided, captured and removed; Ravi, Petra and Rosa are custodians."""
    settings.DATA = tmp_path
    custodians = (
        Custodian(name="Ravi", key=recipient_of(RAVI)),
        Custodian(name="Petra", key=recipient_of(PETRA)),
        Custodian(name="Rosa", key=recipient_of(ROSA)),
    )
    evidence = Evidence(custodians=custodians)
    settings.CONFIG = settings.CONFIG.model_copy(update={"evidence": evidence})
    judge(ravi, reported, "violating", now)
    photos.capabilities = {"fetch"}
    monkeypatch.setattr(registry, "platform", lambda _name: photos)
    capture.capture(Decision.objects.get(), with_media=True, within_seconds=5)
    photos.shown.clear()
    return reported


def agree_to(page: str) -> str:
    """The number of what the page asks a custodian to agree to."""
    return re.search(r'name="asked" value="(\d+)"', page)[1]


def test_one_asks_another_agrees_and_the_first_takes_it_once(kept: Item, ravi: Person, petra: Person) -> None:
    asking, agreeing = signed_in(ravi), signed_in(petra)
    page = f"/cases/{kept.case_id}/evidence/"
    assert page in asking.get(f"/cases/{kept.case_id}/").content.decode()
    asking.post(page, {"action": "ask", "purpose": "court"})
    assert "waits for another custodian" in asking.get(page).content.decode()
    asking.post(page, {"action": "take"})
    assert "has to agree" in asking.post(page, {"action": "take"}).content.decode()
    assert page in agreeing.get("/").content.decode()
    shown = agreeing.get(page).content.decode()
    assert "Ravi" in shown
    assert "A court or the law asks for it" in shown
    agreeing.post(page, {"action": "answer", "answer": "agree", "asked": agree_to(shown)})
    assert page in asking.get("/").content.decode()
    taken = asking.post(page, {"action": "take"})
    assert taken["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(taken.getvalue())) as archive:
        name = f"objects/{Capture.objects.get().media_sha256}.age"
        sealed = archive.extractfile(name).read()
    assert pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(PETRA)]) == landscape()
    assert "Ask another custodian" in asking.get(page).content.decode()


def test_what_is_asked_for_an_authoritys_request_goes_to_that_authority_alone(
    kept: Item, ravi: Person, petra: Person
) -> None:
    asking, agreeing, agree = signed_in(ravi), signed_in(petra), {"action": "answer", "answer": "agree"}
    page, form = f"/cases/{kept.case_id}/evidence/", {"action": "ask", "purpose": "authority"}
    commands.add_recipient(
        "Police", (key := recipient_of(new_identity())), person_id=ravi.pk, now=kept.registered_at
    )
    commands.verify_recipient("Police", key, person_id=petra.pk, now=kept.registered_at)
    form["to"] = "Police"
    assert "no request 77" in asking.post(page, {**form, "request": "77"}).content.decode()
    assert "name both" in asking.post(page, form).content.decode()
    asking.post("/requests/new/", typed(asks="disclose"))
    number = AuthorityRequest.objects.get().pk
    asking.post(page, {**form, "request": str(number)})
    shown = agreeing.get(page).content.decode()
    assert f"request {number}</a> covers" in shown
    assert "key of <strong>Police</strong>" in shown
    assert "asked for anew" in agreeing.post(page, {**agree, "asked": "0"}).content.decode()
    agreeing.post(page, {**agree, "asked": agree_to(shown)})
    assert f'--to "Police" --request {number}' in asking.get(page).content.decode()
    assert f"for request {number}" in asking.post(page, {"action": "take"}).content.decode()
    asking.post(page, {"action": "ask", "purpose": "court"})
    assert "waits for another custodian" in asking.get(page).content.decode()


def test_who_declines_and_what_the_form_lacks(kept: Item, ravi: Person, petra: Person) -> None:
    page = f"/cases/{kept.case_id}/evidence/"
    assert "Choose what it is needed for" in signed_in(ravi).post(page, {"action": "ask"}).content.decode()
    commands.ask_evidence(kept.case_id, person_id=ravi.pk, purpose="audit", now=kept.registered_at)
    asked = agree_to(signed_in(petra).get(page).content.decode())
    signed_in(petra).post(page, {"action": "answer", "answer": "decline", "asked": asked})
    assert "Ask another custodian" in signed_in(ravi).get(page).content.decode()


def test_nobody_else_sees_it_nor_a_custodian_who_still_judges(
    kept: Item, ravi: Person, rosa: Person, lena: Person
) -> None:
    page = f"/cases/{kept.case_id}/evidence/"
    assert signed_in(lena).get(page).status_code == 403
    assert signed_in(rosa).get(page).status_code == 404
    commands.ask_evidence(kept.case_id, person_id=ravi.pk, purpose="audit", now=kept.registered_at)
    assert page not in signed_in(rosa).get("/").content.decode()
    assert signed_in(ravi).get("/cases/777/evidence/").status_code == 404


def test_a_second_reviewer_sees_what_the_platform_no_longer_has(kept: Item, photos: Photos) -> None:
    kept.refresh_from_db()
    before = len(photos.fetched)
    assert pictures.revealed(kept, colour=True).data_uri.startswith("data:image/jpeg;base64,")
    assert len(photos.fetched) == before


def test_who_may_still_judge_is_not_told_what_evidence_an_authority_was_given(
    kept: Item, ravi: Person, petra: Person, rosa: Person, lena: Person
) -> None:
    now, case = kept.registered_at, kept.case_id
    commands.add_recipient("Police", (key := recipient_of(new_identity())), person_id=ravi.pk, now=now)
    commands.verify_recipient("Police", key, person_id=petra.pk, now=now)
    signed_in(ravi).post("/requests/new/", typed(asks="disclose"))
    number = AuthorityRequest.objects.get().pk
    for person in (ravi, petra):
        commands.check_request(
            number, person_id=person.pk, contact="+33 1 55 50 14 30", found="the state's directory", now=now
        )
    to = {"request_id": number, "recipient": "Police"}
    commands.ask_evidence(case, person_id=ravi.pk, purpose="court", now=now, **to)
    commands.answer_evidence(case, person_id=petra.pk, agreed=True, now=now)
    given = {"item_ids": [kept.pk], "manifest_sha256": "0" * 64, "objects": 3, "recipient": "Police"}
    commands.evidence_handed_out(case, number, person_id=ravi.pk, now=now, **given)
    page, said = f"/requests/{number}/", "3 encrypted objects to Police, by Ravi and Petra"
    assert said in signed_in(petra).get(page).content.decode()
    assert "Evidence given" not in signed_in(rosa).get(page).content.decode()
    with transaction.atomic():  # the same once another case has it
        grown = Case.objects.create(harm="csam", opened_at=now, pack_digest=kept.case.pack_digest)
        Item.objects.update(case=grown)
        Case.objects.filter(pk=case).update(joined_into=grown)
    assert said in signed_in(petra).get(page).content.decode()
    assert "Evidence given" not in signed_in(rosa).get(page).content.decode()
