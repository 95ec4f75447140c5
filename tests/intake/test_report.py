"""The report form: three actions at most, nothing asked that is not needed, nothing lost."""

import re
from urllib.parse import unquote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.intake.conftest import LINK, code_in, file, form

from answerable.cases import codes
from answerable.cases.inputs import STATEMENT_LIMIT
from answerable.cases.models import Item, Report, ReportedItem
from answerable.cases.queries import status as queries
from answerable.db import personal
from answerable.db.models import PersonalText
from answerable.intake.cards import CARDS
from answerable.intake.views import report as views
from answerable.obligations.models import Obligation
from answerable.settings.config import Alerts, config


def test_arriving_with_a_link_takes_one_choice_and_one_press(dana: Client) -> None:
    page = dana.get("/report", {"link": LINK}, follow=True).content.decode()
    assert LINK in page
    nonce = re.search(r'name="nonce" value="([^"]+)"', page)
    assert nonce
    answer = dana.post("/en/report", {"nonce": nonce[1], "links": LINK, "what": "me_child"})
    assert answer.status_code == 200
    assert "We have your report" in answer.content.decode()
    assert Obligation.objects.filter(kind="hide", state="owed").exists()


def test_a_report_takes_no_cookie(dana: Client) -> None:
    page = dana.get("/en/report")
    assert not page.cookies
    nonce = form(dana)
    dana.cookies.clear()
    assert dana.post("/en/report", nonce).status_code == 200


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.value)
def test_each_choice_says_what_it_says(dana: Client, card: object) -> None:
    file(dana, what=card.value)  # type: ignore[attr-defined]
    made = Report.objects.get()
    assert (made.harm, made.relation, made.age) == (card.harm, card.relation, card.age)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("answers", "relation", "age"),
    [
        ({"what": "threat", "about": "my_child"}, "guardian", "child"),
        ({"what": "threat", "about": "other"}, "witness", "unsure"),
        ({"what": "approach", "about": "me"}, "depicted", "child"),
        ({"what": "me_child", "about": "other"}, "depicted", "child"),
        ({"what": "other_adult", "acting": "for_them"}, "representative", "adult"),
        ({"what": "me_child", "acting": "for_them"}, "depicted", "child"),
    ],
)
def test_whom_it_is_about_counts_only_where_it_is_asked(
    dana: Client, answers: dict[str, str], relation: str, age: str
) -> None:
    file(dana, **answers)
    made = Report.objects.get()
    assert (made.relation, made.age) == (relation, age)


def test_a_double_click_makes_one_report_and_shows_one_code(dana: Client) -> None:
    sent = form(dana)
    first, second = (dana.post("/en/report", sent).content.decode() for _ in range(2))
    assert Report.objects.count() == 1
    assert code_in(first) == code_in(second)


def test_what_was_changed_after_going_back_is_a_report_of_its_own(dana: Client) -> None:
    sent = form(dana)
    first = dana.post("/en/report", sent).content.decode()
    second = dana.post("/en/report", {**sent, "statement": "And one more thing."}).content.decode()
    assert Report.objects.count() == 2
    assert code_in(first) != code_in(second)


def test_the_database_holds_nothing_that_opens_the_report(dana: Client) -> None:
    sent = form(dana)
    code = code_in(dana.post("/en/report", sent).content.decode())
    made = Report.objects.get()
    assert made.code_hash == codes.code_hash(code)
    assert code not in str(list(Report.objects.values()))
    assert str(sent["nonce"]) not in str(list(Report.objects.values()))


def test_a_form_with_a_foreign_nonce_comes_back_whole(dana: Client) -> None:
    answer = dana.post("/en/report", {**form(dana), "nonce": "made-up", "statement": "All of this stays."})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "All of this stays." in page
    assert LINK in page
    assert not Report.objects.exists()


def test_an_unknown_site_is_told_at_once_and_can_still_be_sent(dana: Client) -> None:
    other = "https://photos.example/p/1"
    assert "photos.example" in dana.get("/en/report", {"link": other}).content.decode()
    sent = form(dana, links=other)
    refused = dana.post("/en/report", sent)
    assert refused.status_code == 422
    assert "We do not answer for photos.example" in refused.content.decode()
    assert dana.post("/en/report", {**sent, "send_anyway": "yes"}).status_code == 200
    assert ReportedItem.objects.get().state == "unknown_site"


def test_an_unknown_site_never_holds_up_a_known_one(dana: Client) -> None:
    file(dana, links=f"https://photos.example/p/1\n{LINK}")
    assert Item.objects.filter(wanted="hidden").count() == 1


def test_danger_now_is_never_held_up_by_an_unknown_site(dana: Client) -> None:
    file(dana, links="https://photos.example/p/1", danger="now")
    assert Obligation.objects.filter(kind="answer_danger").exists()


def test_danger_now_says_whom_to_call_and_whether_somebody_is_on_call(
    dana: Client, ravi: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    paged = config().model_copy(update={"alerts": Alerts(urls=("json://127.0.0.1:9",))})
    monkeypatch.setattr(queries, "config", lambda: paged)
    page = dana.post("/en/report", form(dana, danger="now")).content.decode()
    assert "112 in Europe" in page
    assert "is on call and is being alerted now" in page


def test_danger_now_with_nobody_on_call_says_so(dana: Client) -> None:
    page = dana.post("/en/report", form(dana, danger="now")).content.decode()
    assert "Nobody from this desk is on call" in page


def test_no_link_but_a_description_is_enough(dana: Client) -> None:
    file(dana, links="", where="In the group of our class", what="threat")
    made = Report.objects.get()
    assert made.statement is not None
    assert personal.open_text(made.statement) == "In the group of our class"


def test_neither_link_nor_words_asks_for_one(dana: Client) -> None:
    answer = dana.post("/en/report", form(dana, links=" \n "))
    assert answer.status_code == 422
    assert "Put a link here, or describe below where it is." in answer.content.decode()


def test_words_among_the_links_are_kept_as_words(dana: Client) -> None:
    file(dana, links=f"in the chat with Uri\n{LINK}")
    made = Report.objects.get()
    assert made.statement is not None
    assert "in the chat with Uri" in personal.open_text(made.statement)
    assert made.reported_items.count() == 1


def test_several_links_on_one_line_are_several(dana: Client) -> None:
    file(dana, links=f"{LINK} http://localhost:8402/p/2")
    assert Report.objects.get().reported_items.count() == 2


def test_two_megabytes_are_refused_clearly_and_nothing_is_lost(dana: Client) -> None:
    long = "é" * 1_000_000
    answer = dana.post("/en/report", form(dana, statement=long))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "characters too long" in page
    assert long in page
    assert LINK in page
    assert not Report.objects.exists()


def test_a_statement_of_the_longest_allowed_length_is_taken(dana: Client) -> None:
    file(dana, statement="a" * STATEMENT_LIMIT)
    assert dana.post("/en/report", form(dana, statement="a" * (STATEMENT_LIMIT + 1))).status_code == 422


def test_too_many_links_say_what_to_do(dana: Client) -> None:
    links = "\n".join(f"http://localhost:8402/p/{number}" for number in range(51))
    answer = dana.post("/en/report", form(dana, links=links))
    assert answer.status_code == 422
    assert "more than 50 links" in answer.content.decode()


def test_a_desk_that_can_not_store_keeps_the_form(dana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_options: object) -> None:
        raise DatabaseError("disk is full")

    monkeypatch.setattr(views, "file_report", full)
    answer = dana.post("/en/report", form(dana, statement="All of this stays."))
    assert answer.status_code == 503
    page = answer.content.decode()
    assert "We could not store your report" in page
    assert "All of this stays." in page


def test_a_complete_request_of_an_adult_is_complete(dana: Client) -> None:
    file(
        dana,
        what="me_adult",
        signature="Dana Doe",
        good_faith="yes",
        acting="self",
        contact="dana@example.org",
    )
    assert Report.objects.get().complete


def test_what_a_formal_request_lacks_is_named_and_blocks_nothing(dana: Client) -> None:
    page = dana.post("/en/report", form(dana, what="me_adult", signature="Dana Doe")).content.decode()
    assert "a way to reach you" in page
    assert "your full name, typed" not in page
    assert Obligation.objects.filter(kind="hide").exists()


def test_a_child_is_never_asked_to_sign(dana: Client) -> None:
    page = dana.post("/en/report", form(dana, signature="Dana Doe", good_faith="yes")).content.decode()
    assert "formal removal request" not in page
    made = Report.objects.get()
    assert (made.signed, made.good_faith, made.signature) == (False, False, None)


def test_nothing_of_the_visitor_is_stored(dana: Client) -> None:
    client = Client(
        SERVER_NAME="localhost", headers={"user-agent": "Dana's own browser"}, REMOTE_ADDR="203.0.113.77"
    )
    file(client, statement="Please help.")
    rows = [
        str(list(model.objects.values())) for model in (Report, ReportedItem, Item, Obligation, PersonalText)
    ]
    assert "203.0.113.77" not in "".join(rows)
    assert "own browser" not in "".join(rows)


def test_no_page_has_a_place_for_files(dana: Client) -> None:
    for path in ("report", "status", "appeal"):
        page = dana.get(f"/en/{path}").content.decode()
        assert 'type="file"' not in page
        assert "multipart" not in page


def test_an_earlier_code_ties_the_reports_together(dana: Client) -> None:
    code = file(dana)
    file(dana, earlier=codes.grouped(code), statement="Still there.")
    first, second = Report.objects.order_by("pk")
    assert second.earlier_id == first.pk


def test_a_wrong_earlier_code_tells_nothing_and_holds_up_nothing(dana: Client) -> None:
    file(dana, earlier="0000 0000 0000 0000")
    assert Report.objects.get().earlier is None


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_address_without_language_follows_the_browser(pack: None, language: str) -> None:
    client = Client(SERVER_NAME="localhost", headers={"accept-language": language})
    answer = client.get("/report", {"link": LINK})
    assert answer.status_code == 302
    assert unquote(answer.headers["Location"]) == f"/{language}/report?link={LINK}"


_FIELDS = ("what", "about", "links", "where", "danger", "statement", "contact", "earlier", "acting", "good_faith",
           "signature", "send_anyway", "nonce", "surplus")  # fmt: skip


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(_FIELDS), st.text(max_size=120), max_size=8))
def test_whatever_is_sent_gets_a_report_or_a_clear_error(dana: Client, sent: dict[str, str]) -> None:
    for given_nonce in (sent, {**form(dana), **sent}):
        clean = {name: text.encode("utf-8", "ignore").decode() for name, text in given_nonce.items()}
        answer = dana.post("/en/report", clean)
        assert answer.status_code in (200, 422)
        assert ("We have your report" in answer.content.decode()) == (answer.status_code == 200)


def test_a_form_larger_than_any_person_fills_in_is_not_read(dana: Client) -> None:
    answer = dana.post("/en/report", form(dana, statement="x" * 9_000_000))
    assert answer.status_code == 400
    assert "not readable" in answer.content.decode()
    assert not Report.objects.exists()


def test_nobody_can_upload_a_file(dana: Client) -> None:
    picture = SimpleUploadedFile("picture.jpg", b"bytes")
    answer = dana.post("/en/report", {**form(dana), "picture": picture})
    assert answer.status_code == 400
    assert not Report.objects.exists()


def test_a_report_that_no_promise_fits_says_what_is_owed_next(dana: Client) -> None:
    answer = dana.post("/en/report", form(dana, links="", statement="The third picture on his page."))
    page = answer.content.decode()
    assert "We have your report" in page
    assert "What we promise you" not in page
    assert "What we owe you next" in page
    assert "A person reads" in page
