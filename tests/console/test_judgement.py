"""Looking and judging: each look logged, nothing of others shown, nothing typed lost."""

import base64
import io
import re
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from answerable.audit.models import AuditEntry
from answerable.cases import commands
from answerable.cases.list_inputs import EntryIn, ListPageIn
from answerable.cases.models import Decision, HashQuestion, Item, Message, Person, ReportedItem, Review
from answerable.obligations.models import Obligation
from answerable.policy.words import Age
from answerable.settings.config import Authorities, Ncmec, NcmecReporter
from tests.console.conftest import Photos, judge, landscape, post, report, signed_in

pytestmark = pytest.mark.django_db
GIVEN = {"verdict": "violating", "age": "child", "clause": "csam.depiction", "reason": "Seen at night."}


def opened(page: str) -> str:
    """What the page carries about what was opened."""
    found = re.search(r'name="opened" value="([^"]+)"', page)
    assert found is not None, page
    return found.group(1)


def look(client: Client, item: Item, **more: Any) -> str:
    """Open an item's page and look at its media; the page that comes back."""
    page = client.get(f"/items/{item.pk}/").content.decode()
    answer = client.post(
        f"/items/{item.pk}/",
        {"opened": opened(page), "items": [item.pk], "action": f"look:{item.pk}", **more},
    )
    assert answer.status_code == 200
    return answer.content.decode()


def same(page: str) -> str:
    """A page without what differs between any two requests: the form's secret and the sealed state."""
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page)
    return re.sub(r'name="opened" value="[^"]+"', "", page)


def logged(kind: str) -> int:
    """How many entries of this kind the log holds."""
    return AuditEntry.objects.filter(kind=kind).count()


def test_media_are_blurred_until_somebody_looks(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    page = client.get(f"/items/{reported.pk}/").content.decode()
    assert "data:image" not in page
    assert f"/items/{reported.pk}/blurred" in page
    assert logged("looked_at") == 1
    assert logged("revealed") == 0


def test_the_page_says_in_words_what_lists_and_shield_know_of_it(
    reported: Item, ravi: Person, photos: Photos, now: datetime
) -> None:
    content = reported.content
    assert content is not None
    assert "What others say of it" not in signed_in(ravi).get(f"/items/{reported.pk}/").content.decode()
    commands.make_list("iwf", source="file", terms="members <only>", now=now)
    entry = EntryIn("1", (("sha256", bytes.fromhex(content.sha256)),), "A")
    commands.store_page("iwf", ListPageIn((entry,), {}, {}, is_last=True), now=now)
    with transaction.atomic():
        HashQuestion.objects.create(pdq=content.pdq, since=now, answered_at=now, found="no-known-match")
    page = signed_in(ravi).get(f"/items/{reported.pk}/").content.decode()
    assert "The list iwf.A has this very file. Terms: members &lt;only&gt;." in page
    assert "doesn&#x27;t say that it is harmless" in page


def test_the_blurred_picture_is_drawn_by_the_server(reported: Item, ravi: Person, photos: Photos) -> None:
    answer = signed_in(ravi).get(f"/items/{reported.pk}/blurred")
    assert logged("looked_at") == 1
    assert answer["Content-Type"] == "image/jpeg"
    assert answer.content[:3] == b"\xff\xd8\xff"
    assert answer["Cache-Control"] == "no-store"


def test_a_look_is_in_the_log_before_a_byte_is_fetched(
    reported: Item, ravi: Person, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    fetch = photos.fetch
    monkeypatch.setattr(photos, "fetch", lambda ref: (seen.append(logged("revealed")), fetch(ref))[1])
    page = look(signed_in(ravi), reported)
    assert seen == [1]
    assert "data:image/jpeg;base64," in page


def test_no_original_byte_reaches_the_browser(reported: Item, ravi: Person, photos: Photos) -> None:
    page = look(signed_in(ravi), reported)
    sent = base64.b64decode(page.split("data:image/jpeg;base64,")[1].split('"')[0])
    assert photos.shown["a1"] not in sent
    assert sent[:3] == b"\xff\xd8\xff"


def test_a_look_is_grey_and_colour_is_asked_for(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    page = look(client, reported)

    def colours(html: str) -> int:
        sent = base64.b64decode(html.split("data:image/jpeg;base64,")[1].split('"', maxsplit=1)[0])
        pixels = np.asarray(Image.open(io.BytesIO(sent)).convert("RGB"), dtype=int)
        return int(np.abs(pixels[..., 0] - pixels[..., 1]).sum())

    assert colours(page) == 0
    data = {"opened": opened(page), "action": f"colour:{reported.pk}"}
    assert colours(client.post(f"/items/{reported.pk}/", data).content.decode()) > 0
    assert logged("revealed") == 2


def test_what_was_typed_is_kept_while_looking(reported: Item, ravi: Person, photos: Photos) -> None:
    page = look(signed_in(ravi), reported, reason="Half a sentence", verdict="violating")
    assert "Half a sentence" in page
    assert "Give a reason" not in page


def test_an_item_that_nobody_looked_at_is_not_judged(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    page = client.get(f"/items/{reported.pk}/").content.decode()
    data = {**GIVEN, "opened": opened(page), "items": [reported.pk], "action": "confirm"}
    answer = client.post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 400
    assert "Look at an item first" in answer.content.decode()
    assert not Review.objects.exists()


def test_consequences_are_shown_and_nothing_happens_before_confirming(
    reported: Item, ravi: Person, photos: Photos
) -> None:
    client = signed_in(ravi)
    page = look(client, reported)
    data = {**GIVEN, "opened": opened(page), "items": [reported.pk]}
    shown = client.post(f"/items/{reported.pk}/", {**data, "action": "consequences"})
    assert shown.status_code == 200
    assert "What follows" in shown.content.decode()
    assert "removed from everyone" in shown.content.decode()
    assert "Report to the authority (eu, uk, us)" in shown.content.decode()
    assert "Destroy what was preserved (eu)" in shown.content.decode()
    assert not Review.objects.exists()
    data["opened"] = opened(shown.content.decode())
    done = client.post(f"/items/{reported.pk}/", {**data, "action": "confirm"})
    assert done.status_code == 302
    assert Review.objects.get().person == ravi
    assert Decision.objects.get().verdict == "violating"


def test_changing_ones_mind_keeps_everything(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    data = {**GIVEN, "opened": opened(look(client, reported)), "items": [reported.pk], "action": "back"}
    page = client.post(f"/items/{reported.pk}/", data).content.decode()
    assert "Seen at night." in page
    assert re.search(r'value="violating"[^>]*checked', page)


def test_what_is_missing_is_said_beside_it(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    data = {"opened": opened(look(client, reported)), "items": [reported.pk], "action": "consequences"}
    answer = client.post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 400
    for sentence in ("Choose a verdict.", "Give a reason", "Choose the clause", "Say how old"):
        assert sentence in answer.content.decode()


def test_violating_and_nobody_in_it_contradict(reported: Item, ravi: Person, photos: Photos) -> None:
    client = signed_in(ravi)
    data = {**GIVEN, "nobody_in_it": "on", "opened": opened(look(client, reported)), "items": [reported.pk]}
    answer = client.post(f"/items/{reported.pk}/", {**data, "action": "consequences"})
    assert "goes with" in answer.content.decode()


def test_one_verdict_for_several_items_that_were_looked_at(
    policy: None, ravi: Person, photos: Photos, now: datetime
) -> None:
    numbers = [post(photos, f"c{place}", landscape(place + 20), now) for place in range(3)]
    report([f"c{place}" for place in range(3)], now - timedelta(minutes=5))
    client = signed_in(ravi)
    page = client.get(f"/items/{numbers[0]}/").content.decode()
    for number in numbers[:2]:
        data = {"opened": opened(page), "items": numbers, "action": f"look:{number}"}
        page = client.post(f"/items/{numbers[0]}/", data).content.decode()
    data = {**GIVEN, "opened": opened(page), "items": numbers, "action": "confirm"}
    assert client.post(f"/items/{numbers[0]}/", data).status_code == 302
    assert set(Review.objects.values_list("content__item_id", flat=True)) == set(numbers[:2])


def test_the_clauses_of_every_harm_are_offered_that_of_the_case_first(
    policy: None, photos: Photos, ravi: Person, now: datetime
) -> None:
    number = post(photos, "a1", landscape(), now)
    report(["a1"], now, harm="other_illegal", age=Age.UNSURE)
    client, item = signed_in(ravi), Item.objects.get(pk=number)
    page = look(client, item)
    names = re.findall(r'role="group" aria-label="([^"]+)"', page)
    assert names[0] == "Something else that is against the law"
    assert "Sexual images of someone under 18" in names
    assert page.index('value="other_illegal.law"') < page.index('value="csam.depiction"')
    data = {**GIVEN, "opened": opened(page), "items": [number]}
    shown = client.post(f"/items/{number}/", {**data, "action": "consequences"}).content.decode()
    assert "No sexual image of a person under 18" in shown
    data["opened"] = opened(shown)
    assert client.post(f"/items/{number}/", {**data, "action": "confirm"}).status_code == 302
    told = Obligation.objects.filter(kind="report_authority", state="owed").values_list("regime", flat=True)
    assert set(told) == {"us", "uk", "eu"}


def test_a_clause_that_takes_another_qualification_is_not_offered(
    policy: None, photos: Photos, now: datetime
) -> None:
    mia = Person.objects.create(pseudonym="Mia", qualifications=["intimate_images"])
    number = post(photos, "a1", landscape(), now)
    report(["a1"], now, harm="ncii", age=Age.ADULT)
    page = signed_in(mia).get(f"/items/{number}/").content.decode()
    assert 'value="ncii.shared"' in page
    assert 'value="other_illegal.law"' in page
    assert "csam." not in page


def pages(client: Client, item: Item) -> list[str]:
    """Everything that a reviewer meets on the way to a judgement."""
    found = [client.get("/").content.decode(), client.get(f"/cases/{item.case_id}/").content.decode()]
    found.append(client.get(f"/items/{item.pk}/").content.decode())
    for said in ReportedItem.objects.filter(item=item).order_by("report_id"):
        found.append(client.get(f"/reports/{said.report_id}/").content.decode())
    seen = look(client, item)
    found.append(seen)
    for verdict in ("violating", "not_violating"):
        data = {**GIVEN, "verdict": verdict, "opened": opened(seen), "items": [item.pk]}
        answer = client.post(f"/items/{item.pk}/", {**data, "action": "consequences"})
        assert answer.status_code == 200, answer.content.decode()
        found.append(answer.content.decode())
    return [same(page) for page in found]


JUDGEMENTS = [
    {"verdict": "violating"},
    {"verdict": "not_violating"},
    {"verdict": "not_violating", "nobody_in_it": True},
    {"verdict": "violating", "age": "unsure"},
]


@pytest.mark.parametrize("first", JUDGEMENTS, ids=lambda j: "-".join(str(v) for v in j.values()))
def test_a_second_reviewer_meets_the_very_pages_of_a_first(
    first: dict[str, Any], reported: Item, ravi: Person, rosa: Person, photos: Photos, now: datetime
) -> None:
    client = signed_in(rosa)
    reported.refresh_from_db()
    before = pages(client, reported)
    more = dict(first)
    judge(ravi, reported, more.pop("verdict"), now, **more)
    after = pages(client, reported)
    assert after == before


def test_a_lead_who_settles_meets_the_very_pages_of_a_first(
    reported: Item, ravi: Person, rosa: Person, lena: Person, photos: Photos, now: datetime
) -> None:
    client = signed_in(lena)
    reported.refresh_from_db()
    before = pages(client, reported)
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "violating", now)
    assert pages(client, reported) == before


def test_a_lead_settles_a_tie_from_the_same_page(
    reported: Item, ravi: Person, rosa: Person, lena: Person, photos: Photos, now: datetime
) -> None:
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "violating", now)
    client = signed_in(lena)
    data = {**GIVEN, "opened": opened(look(client, reported)), "items": [reported.pk], "action": "confirm"}
    answer = client.post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 302, answer.content.decode()
    assert Review.objects.get(person=lena).tie
    assert Decision.objects.get(overturned_at=None).verdict == "violating"


def test_who_comes_second_to_a_decided_item_keeps_the_text(
    reported: Item, ravi: Person, rosa: Person, lena: Person, photos: Photos, now: datetime
) -> None:
    late = signed_in(lena)
    page = look(late, reported)
    judge(ravi, reported, "not_violating", now)
    judge(rosa, reported, "not_violating", now)
    data = {**GIVEN, "opened": opened(page), "items": [reported.pk], "action": "confirm"}
    answer = late.post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 409
    assert "nothing left for you to judge" in answer.content.decode()
    assert "Seen at night." in answer.content.decode()


def test_the_same_person_in_two_windows_judges_once(
    reported: Item, ravi: Person, photos: Photos, now: datetime
) -> None:
    client = signed_in(ravi)
    data = {**GIVEN, "opened": opened(look(client, reported)), "items": [reported.pk], "action": "confirm"}
    assert client.post(f"/items/{reported.pk}/", data).status_code == 302
    assert client.post(f"/items/{reported.pk}/", data).status_code == 409
    assert Review.objects.count() == 1


def test_new_media_are_not_judged_under_an_old_look(
    reported: Item, ravi: Person, photos: Photos, now: datetime
) -> None:
    client = signed_in(ravi)
    page = look(client, reported)
    post(photos, "a1", landscape(99), now)
    data = {**GIVEN, "opened": opened(page), "items": [reported.pk], "action": "confirm"}
    answer = client.post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 409
    assert "Seen at night." in answer.content.decode()
    assert not Review.objects.exists()


def test_media_that_are_not_those_fingerprinted_are_not_shown(
    reported: Item, ravi: Person, photos: Photos
) -> None:
    photos.shown["a1"] = landscape(77)
    page = look(signed_in(ravi), reported)
    assert "data:image" not in page
    assert "changed since they were fingerprinted" in page


def test_a_platform_that_does_not_answer_is_said(reported: Item, ravi: Person, photos: Photos) -> None:
    photos.shown.clear()
    page = look(signed_in(ravi), reported)
    assert "The platform did not show the item" in page


def test_a_state_of_somebody_else_is_not_taken(
    reported: Item, ravi: Person, rosa: Person, photos: Photos
) -> None:
    page = look(signed_in(ravi), reported)
    data = {**GIVEN, "opened": opened(page), "items": [reported.pk], "action": "confirm"}
    answer = signed_in(rosa).post(f"/items/{reported.pk}/", data)
    assert answer.status_code == 409
    assert "belongs to somebody else" in answer.content.decode()


def test_who_is_not_qualified_sees_neither_item_nor_picture(
    reported: Item, petra: Person, photos: Photos
) -> None:
    client = signed_in(petra)
    assert client.get(f"/items/{reported.pk}/").status_code == 403
    assert client.get(f"/items/{reported.pk}/blurred").status_code == 403
    assert client.get(f"/cases/{reported.case_id}/").status_code == 403
    assert photos.fetched == []


def test_an_unreported_item_has_no_page(policy: None, ravi: Person, photos: Photos, now: datetime) -> None:
    number = post(photos, "quiet", landscape(3), now)
    assert signed_in(ravi).get(f"/items/{number}/").status_code == 404


class _Undone(Exception):
    """Ends an example: nothing of it stays."""


JUDGES = st.sampled_from(["violating", "not_violating"])
AGES = st.sampled_from(["child", "unsure", "adult"])
CLAUSES = st.sampled_from(["csam.depiction", "csam.generated", "csam.trade"])


@hypothesis_settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(verdict=JUDGES, age=AGES, clause=CLAUSES, nobody=st.booleans(), minutes=st.integers(0, 9))
def test_no_first_judgement_shows_on_any_page_of_a_second(
    reported: Item,
    ravi: Person,
    rosa: Person,
    photos: Photos,
    now: datetime,
    verdict: str,
    age: str,
    clause: str,
    nobody: bool,
    minutes: int,
) -> None:
    client = signed_in(rosa)
    reported.refresh_from_db()
    before = pages(client, reported)
    more = {"age": Age(age), "clause": clause, "nobody_in_it": nobody and verdict == "not_violating"}
    with suppress(_Undone), transaction.atomic():
        judge(ravi, reported, verdict, now - timedelta(minutes=minutes), **more)
        assert pages(client, reported) == before
        raise _Undone


def test_what_the_desk_said_to_the_reporter_stays_closed_to_a_blind_reviewer(
    reported: Item, ravi: Person, rosa: Person, now: datetime
) -> None:
    judge(ravi, reported, "violating", now)
    report_id = ReportedItem.objects.get().report_id
    commands.write_message(report_id, person_id=ravi.pk, text="We took it down.", now=now)
    text_id = Message.objects.get(reply="").text_id
    client = signed_in(rosa)
    assert "violating removed" not in client.get(f"/reports/{report_id}/").content.decode()
    assert client.post(f"/texts/{text_id}/").status_code == 404
    judge(rosa, reported, "violating", now)
    assert "violating removed" in client.get(f"/reports/{report_id}/").content.decode()
    assert "We took it down." in client.post(f"/texts/{text_id}/").content.decode()


def test_a_class_is_asked_for_where_the_operator_signed_the_agreement(
    reported: Item, ravi: Person, photos: Photos, settings: Any
) -> None:
    client = signed_in(ravi)
    assert 'name="classification"' not in look(client, reported)
    ncmec = Ncmec(
        base_url="https://ncmec.example/ispws",
        classify=True,
        reporter=NcmecReporter(email="reports@photos.example"),
    )
    settings.CONFIG = settings.CONFIG.model_copy(update={"authorities": Authorities(ncmec=ncmec)})
    page = look(client, reported)
    assert 'name="classification"' in page
    said = {"verdict": "violating", "clause": "csam.depiction", "reason": "as the clause says"}
    typed = {"opened": opened(page), "items": [reported.pk], "classification": "B1", **said}
    wrong = client.post(f"/items/{reported.pk}/", {**typed, "age": "adult", "action": "consequences"})
    assert "That is about children only." in wrong.content.decode()
    asked = client.post(f"/items/{reported.pk}/", {**typed, "age": "child", "action": "consequences"})
    confirmed = {**typed, "age": "child", "opened": opened(asked.content.decode()), "action": "confirm"}
    assert client.post(f"/items/{reported.pk}/", confirmed).status_code == 302
    assert Review.objects.get().classification == "B1"
