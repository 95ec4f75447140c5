"""The other public pages: rules, log, the way out, appeals, errors; and what every page is like."""

import re
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client
from django.urls import get_resolver
from tests.intake.conftest import LINK, file, hidden, post

from answerable.audit.sequencer import sequence
from answerable.cases import codes
from answerable.cases.models import Account, Appeal, Item, Notice
from answerable.intake.terms import to_html

PAGES = ("", "report", "status", "appeal", "about", "terms", "log", "exit")
HEAVIEST_PAGE_BYTES = 50_000


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_this_host_alone_and_is_light(dana: Client, path: str, language: str) -> None:
    answer = dana.get(f"/{language}/{path}")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in page
    own = re.findall(r'(?:href|src|action)="([^"]*)"', page)
    assert all(address.startswith(("/", "#", "data:,")) for address in own)
    assert "style=" not in page
    assert "<script>" not in page
    weight = len(answer.content)
    for name in re.findall(r'="/static/([^"]+)"', page):
        found = finders.find(name)
        assert isinstance(found, str)
        with open(found, "rb") as sheet:
            weight += len(sheet.read())
    assert weight < HEAVIEST_PAGE_BYTES


@pytest.mark.parametrize("path", [path for path in PAGES if path != "exit"])
def test_every_page_has_the_same_help_and_the_way_out(dana: Client, path: str) -> None:
    page = dana.get(f"/en/{path}").content.decode()
    assert page.index('href="/en/exit"') < page.index("<main")
    links = re.findall(r'<li><a href="([^"]+)">', page.split("<footer", 1)[1])
    assert links == [f"/en/{name}" for name in ("report", "status", "appeal", "about", "terms", "log")]


def test_the_language_switch_keeps_the_link(dana: Client) -> None:
    page = dana.get("/en/report", {"link": LINK}).content.decode()
    other = re.search(r'<a href="(/fr/report[^"]*)" lang="fr"', page)
    assert other
    assert LINK in dana.get(other[1].replace("&amp;", "&")).content.decode()


def test_a_page_that_would_lose_something_offers_no_language(dana: Client) -> None:
    answer = dana.post("/en/report", {"statement": "typed"})
    assert 'hreflang="fr"' not in answer.content.decode()


def test_the_way_out_leads_to_a_blank_page_of_our_own(dana: Client) -> None:
    page = dana.get("/en/exit").content.decode()
    assert "<body></body>" in page
    assert settings.CONFIG.desk.name not in page
    assert "<title>New page</title>" in page


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_rules_come_from_the_pack(dana: Client, language: str) -> None:
    page = dana.get(f"/{language}/terms").content.decode()
    assert "csam.depiction" in page
    assert page.count("<h1>") == 1


def test_the_rules_can_not_bring_markup_of_their_own() -> None:
    assert to_html("# a <b>\n\n- `<i>` *x*\n- y\n\n<script>") == (
        "<h1>a &lt;b&gt;</h1>\n<ul><li><code>&lt;i&gt;</code> <em>x</em></li><li>y</li></ul>\n<p>&lt;script&gt;</p>"
    )


def test_the_log_shows_its_newest_checkpoint_and_key(dana: Client) -> None:
    assert "There is none yet" in dana.get("/en/log").content.decode()
    file(dana)
    sequence()
    page = dana.get("/en/log").content.decode()
    assert settings.CONFIG.desk.origin in page
    assert f"{settings.CONFIG.desk.origin}+" in page


def test_the_checking_program_downloads_as_it_is(dana: Client) -> None:
    answer = dana.get("/verify.py")
    assert b"python verify.py receipt.json" in answer.content
    assert answer.headers["Content-Disposition"] == 'attachment; filename="verify.py"'


def test_a_mistyped_address_leads_back(dana: Client) -> None:
    answer = dana.get("/en/nowhere")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_an_error_of_ours_says_so_without_the_database(dana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("answerable.policy.store.active", broken)
    dana.raise_request_exception = False
    answer = dana.get("/en/report")
    assert answer.status_code == 500
    assert "That is our fault" in answer.content.decode()


@pytest.fixture
def notice(pack: None) -> str:
    """The code of a notice to Uri that his item is hidden."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    code = codes.new_code()
    with transaction.atomic():
        uri = Account.objects.create(platform="sample", ref="uri")
        item = Item.objects.create(
            platform="sample", ref="7", account=uri, registered_at=at, wanted="hidden", first_notice_at=at
        )
        Notice.objects.create(
            account=uri, item=item, kind="interim", code_hash=codes.code_hash(code), decided_at=at
        )
    return code


def test_an_account_holder_contests_with_the_code_of_the_notice(dana: Client, notice: str) -> None:
    page = dana.get("/en/appeal").content.decode()
    answer = post(dana, "/en/appeal", page, code=codes.grouped(notice), text="This is my own garden.")
    assert "We have your objection" in answer.content.decode()
    assert Appeal.objects.get().kind == "appeal"
    again = post(dana, "/en/appeal", page, code=notice, text="Once more.")
    assert again.status_code == 422
    assert "was already contested" in again.content.decode()


@pytest.mark.parametrize("code", ["0000000000000000", "", "x" * 500])
def test_a_wrong_code_of_a_notice_opens_nothing_and_keeps_the_text(dana: Client, code: str) -> None:
    page = dana.get("/en/appeal").content.decode()
    answer = post(dana, "/en/appeal", page, code=code, text="This is my own garden.")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "This code opens nothing." in shown
    assert "This is my own garden." in shown


@pytest.mark.parametrize("text", ["", "a" * 20_001])
def test_an_objection_needs_a_text_that_fits(dana: Client, notice: str, text: str) -> None:
    page = dana.get("/en/appeal").content.decode()
    assert post(dana, "/en/appeal", page, code=notice, text=text).status_code == 422
    assert not Appeal.objects.exists()


def test_a_report_s_code_opens_no_appeal(dana: Client) -> None:
    code = file(dana)
    page = dana.get("/en/appeal").content.decode()
    assert hidden(page, "csrfmiddlewaretoken")
    assert post(dana, "/en/appeal", page, code=code, text="x").status_code == 422


def test_every_address_of_the_door_is_known() -> None:
    named = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    expected = {"home", "report", "status", "answer", "complain", "complete", "withdraw", "erase", "receipt", "close",
                "appeal", "about", "terms", "log", "exit", "verifier"}  # fmt: skip
    assert expected <= named
