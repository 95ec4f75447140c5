"""Who gets in: by a link that works once, to a second factor, and past no page without one."""

import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.db import transaction
from django.urls import URLPattern, URLResolver, reverse

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Person
from answerable.console import links
from answerable.console.middleware import ENROLMENT, OPEN
from answerable.console.models import SignInLink
from answerable.console.site import urlpatterns
from tests.console.conftest import browser, sign_in_of, signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "an old boat under the bridge"


@pytest.fixture(autouse=True)
def _nobody_tried_yet() -> None:
    from django.core.cache import cache

    cache.clear()


def code_for(user: User) -> str:
    """What the authenticator app shows now."""
    secret = TOTP(Authenticator.objects.get(user=user, type="totp")).instance.data["secret"]
    from allauth.mfa.adapter import get_adapter

    return app_code(get_adapter().decrypt(secret))


def app_code(secret: str) -> str:
    """The six digits of a secret now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def path_of(url: str) -> str:
    """The path of a link."""
    return url.replace("http://localhost:8401", "").replace("http://localhost:8400", "")


def every_name(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every named page of the door."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            space = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from every_name(pattern.url_patterns, prefix + space)
        else:
            yield f"{prefix}{pattern.name}", pattern


ARGUMENTS = {"secret": "x" * 43}
PAGES = [
    (
        name,
        reverse(
            name, "answerable.console.site", kwargs={k: ARGUMENTS.get(k, 1) for k in p.pattern.converters}
        ),
    )
    for name, p in every_name(urlpatterns)
]


@pytest.mark.parametrize(("name", "path"), PAGES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_page_opens_without_a_second_factor(name: str, path: str, method: str, ravi: Person) -> None:
    for client in (browser(), signed_in(ravi, second_factor=False)):
        answer = getattr(client, method)(path)
        if name in OPEN:
            assert "next=" not in answer.headers.get("Location", "")
        else:
            assert answer.status_code == 302
            assert answer["Location"].startswith("/sign-in/")


def test_only_the_pages_of_the_sign_in_are_open() -> None:
    assert {name for name, _ in PAGES} >= OPEN | ENROLMENT
    assert {n for n in OPEN if n.startswith("console:")} == {
        "console:open_link",
        "console:ready",
        "console:live",
    }
    assert len(PAGES) > 12


def test_there_is_no_sign_up_and_no_reset() -> None:
    names = {name for name, _ in PAGES}
    assert not [name for name in names if "signup" in name or "reset" in name or "social" in name]
    assert browser().get("/signup/")["Location"] == "/sign-in/"


def test_an_unknown_address_says_nothing_to_a_stranger() -> None:
    assert browser().get("/cases/1/secret/")["Location"] == "/sign-in/"


def test_a_link_leads_to_a_password_and_an_app_and_then_to_the_queue(
    ravi: Person, now: datetime, policy: None
) -> None:
    path = path_of(links.create_sign_in_link(person=ravi, now=now))
    client = browser()
    assert "Ravi" in client.get(path).content.decode()
    assert client.post(path)["Location"] == "/enrol/"
    client.post("/enrol/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    page = client.get("/enrol/app/").content.decode()
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert secret is not None
    assert client.get("/")["Location"] == "/enrol/"
    answer = client.post("/enrol/app/", {"code": app_code(secret.group(1))})
    assert answer["Location"] == "/enrol/", answer.content.decode()
    assert client.post("/enrol/", {"action": "done"})["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.get("/enrol/").status_code == 302

    later = browser()
    answer = later.post("/sign-in/", {"login": "ravi", "password": PASSWORD})
    assert answer["Location"] == "/sign-in/second-factor/", answer.content.decode()
    assert later.get("/")["Location"].startswith("/sign-in/")
    assert later.post("/sign-in/second-factor/", {"code": "000000"}).status_code == 200
    Authenticator.objects.get()
    from django.core.cache import cache

    cache.clear()  # one code is taken once: this stands for the next half minute
    answer = later.post("/sign-in/second-factor/", {"code": code_for(User.objects.get())})
    assert answer.status_code == 302
    assert AuditEntry.objects.filter(kind="signed_in", actor=f"person:{ravi.pk}").count() == 2
    assert later.get("/").status_code == 200


def test_opening_a_link_does_not_use_it_up(ravi: Person, now: datetime) -> None:
    path = path_of(links.create_sign_in_link(person=ravi, now=now))
    client = browser()
    client.get(path)
    client.get(path)
    assert SignInLink.objects.get().used_at is None


def test_a_link_works_once(ravi: Person, now: datetime) -> None:
    path = path_of(links.create_sign_in_link(person=ravi, now=now))
    assert browser().post(path).status_code == 302
    assert browser().post(path).status_code == 410
    assert browser().get(path).status_code == 410


def test_a_link_expires(ravi: Person, now: datetime, clock_at: Callable[[datetime], None]) -> None:
    path = path_of(links.create_sign_in_link(person=ravi, now=now, valid_seconds=60))
    clock_at(now + timedelta(seconds=60))
    assert browser().post(path).status_code == 410


def test_a_link_of_somebody_who_left_does_not_work(ravi: Person, now: datetime) -> None:
    path = path_of(links.create_sign_in_link(person=ravi, now=now))
    with transaction.atomic():
        Person.objects.update(active=False)
    assert browser().get(path).status_code == 410


def test_a_link_ends_what_the_sign_in_had_before(ravi: Person, now: datetime) -> None:
    old = signed_in(ravi)
    user = sign_in_of(ravi)
    client = browser()
    client.post(path_of(links.create_sign_in_link(person=ravi, now=now)))
    user.refresh_from_db()
    assert not user.has_usable_password()
    assert not Authenticator.objects.filter(user=user).exists()
    assert old.get("/")["Location"].startswith("/sign-in/")


def test_a_password_without_a_second_factor_opens_nothing(ravi: Person, now: datetime) -> None:
    client = browser()
    client.post(path_of(links.create_sign_in_link(person=ravi, now=now)))
    client.post("/enrol/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    other = browser()
    other.post("/sign-in/", {"login": "ravi", "password": PASSWORD})
    assert other.get("/")["Location"].startswith("/sign-in/")
    assert other.get("/enrol/")["Location"].startswith("/sign-in/")


def test_enrolment_ends_after_half_an_hour(
    ravi: Person, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser()
    client.post(path_of(links.create_sign_in_link(person=ravi, now=now)))
    assert client.get("/enrol/").status_code == 200
    later = time.time() + 1801
    monkeypatch.setattr("answerable.console.middleware.time.time", lambda: later)
    assert client.get("/enrol/")["Location"].startswith("/sign-in/")


def test_an_authenticator_that_is_gone_no_longer_counts(ravi: Person, policy: None) -> None:
    client = signed_in(ravi)
    assert client.get("/").status_code == 200
    with transaction.atomic():
        Authenticator.objects.all().delete()
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_somebody_who_left_is_out_at_once(ravi: Person, policy: None) -> None:
    client = signed_in(ravi)
    with transaction.atomic():
        Person.objects.update(active=False)
    assert client.get("/")["Location"].startswith("/sign-in/")


def test_two_sign_ins_of_one_person_are_one_person(ravi: Person, now: datetime) -> None:
    links.create_sign_in_link(person=ravi, now=now, username="ravi-at-home")
    links.create_sign_in_link(person=ravi, now=now, username="ravi-at-work")
    assert ravi.sign_ins.count() == 2


def test_a_sign_in_does_not_change_hands(ravi: Person, rosa: Person, now: datetime) -> None:
    links.create_sign_in_link(person=ravi, now=now, username="ravi")
    with pytest.raises(ValueError, match="belongs to Ravi"):
        links.create_sign_in_link(person=rosa, now=now, username="ravi")


def test_the_secret_of_an_app_is_sealed_at_rest(ravi: Person) -> None:
    sign_in_of(ravi)
    assert "JBSWY3DPEHPK3PXP" not in str(Authenticator.objects.get().data)


def test_pages_are_not_kept_and_reach_no_other_host(ravi: Person, policy: None) -> None:
    answer = signed_in(ravi).get("/")
    assert answer["Cache-Control"] == "no-store"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not re.search(r'(?:src|href)="https?:', answer.content.decode())
    assert answer.cookies == {} or all(c["httponly"] for c in answer.cookies.values())


def test_the_door_says_when_it_is_ready() -> None:
    assert browser().get("/ready").content == b"ready\n"
    assert browser().get("/live").status_code == 200


def test_a_wrong_password_is_noted_and_a_wrong_name_is_not(ravi: Person) -> None:
    sign_in_of(ravi)
    for name in ("ravi", "max"):
        answer = browser().post("/sign-in/", {"login": name, "password": "let me in please"})
        assert answer.status_code == 200
    assert [event_of(entry) for entry in AuditEntry.objects.filter(kind="sign_in_refused")] == [
        {"person": ravi.pk}
    ]


def test_guessing_is_slowed_down(ravi: Person) -> None:
    sign_in_of(ravi)
    for _ in range(8):
        browser().post("/sign-in/", {"login": "ravi", "password": "let me in please"})
    answer = browser().post("/sign-in/", {"login": "ravi", "password": "a long walk by the lake"})
    assert answer.status_code in (200, 429)


def test_a_form_of_another_site_is_not_taken(ravi: Person, policy: None) -> None:
    client = signed_in(ravi)
    client.handler.enforce_csrf_checks = True
    assert client.post("/sign-out/").status_code == 403
    assert client.get("/").status_code == 200
