"""The console's tests: people who are signed in, a reported item, and a platform that shows a landscape."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.test import Client
from PIL import Image

from answerable import clock, media
from answerable.cases import commands
from answerable.cases.inputs import Filed, ItemIn, Link, Prints, ReportIn, ReviewIn
from answerable.cases.models import Item, Person, ReportedItem
from answerable.console import pictures
from answerable.console.models import StaffAccount
from answerable.console.views.sign_in import BACKEND
from answerable.platforms.base import FetchedItem, ItemKind, ItemNotFound, Media
from answerable.policy import baseline, store
from answerable.policy.words import Age, Relation, Verdict


def landscape(seed: int = 1) -> bytes:
    """A made-up landscape: bands of colour with some noise."""
    noise = np.random.default_rng(seed).integers(0, 40, (240, 320, 3))
    rows = np.linspace(20, 200, 240)[:, None, None]
    pixels = np.clip(rows + noise + np.array([seed * 7 % 50, 30, 60]), 0, 255).astype("uint8")
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@dataclass
class Photos:
    """A platform in memory that shows what was put on it."""

    shown: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def fetch(self, ref: str) -> FetchedItem:
        """The item, as the contract says."""
        self.fetched.append(ref)
        if ref not in self.shown:
            raise ItemNotFound(ref)
        return FetchedItem(ref, ItemKind.IMAGE, media=Media(data=self.shown[ref], media_type="image/png"))


@pytest.fixture
def photos(monkeypatch: pytest.MonkeyPatch) -> Photos:
    """The platform that the console fetches from."""
    there = Photos()
    monkeypatch.setattr(pictures, "platform", lambda _name: there)
    return there


@pytest.fixture(autouse=True)
def clock_at(monkeypatch: pytest.MonkeyPatch, now: datetime) -> Callable[[datetime], None]:
    """The desk's clock stands still; calling this sets it."""
    standing = [now]
    monkeypatch.setattr(clock, "now", lambda: standing[0])

    def move(to: datetime) -> None:
        standing[0] = to

    return move


@pytest.fixture
def policy(database: None, now: datetime) -> None:
    """The baseline pack is the desk's."""
    with transaction.atomic():
        store.activate(baseline(), now - timedelta(days=1))


def browser() -> Client:
    """A browser at the staff door in which nobody signed in."""
    return Client(SERVER_NAME="localhost", SERVER_PORT="8401")


def sign_in_of(person: Person, name: str = "") -> User:
    """A sign-in of this person, with an authenticator app."""
    with transaction.atomic():
        user, new = User.objects.get_or_create(username=name or person.pseudonym.lower())
        if new:
            user.set_password("a long walk by the lake")
            user.save()
            StaffAccount.objects.create(user=user, person=person)
            TOTP.activate(user, "JBSWY3DPEHPK3PXP")
    return user


def signed_in(person: Person, name: str = "", *, second_factor: bool = True) -> Client:
    """A browser in which this person signed in, and by default used a second factor."""
    user = sign_in_of(person, name)
    client = browser()
    with transaction.atomic():
        client.force_login(user, backend=BACKEND)
    if second_factor:
        factor = Authenticator.objects.get(user=user)
        request = HttpRequest()
        request.session = client.session
        record_authentication(request, user, "mfa", id=factor.pk, type="totp")
        request.session.save()
    return client


@pytest.fixture
def sign_in(database: None) -> Callable[..., Client]:
    """Sign a person in: `sign_in(ravi)`."""
    return signed_in


def prints_of(data: bytes) -> Prints:
    """The fingerprints of a picture."""
    return Prints.of(media.fingerprint(data))


def post(photos: Photos, ref: str, data: bytes, now: datetime, **more: Any) -> int:
    """Put a picture on the platform, registered with the desk; its item's number."""
    photos.shown[ref] = data
    url = f"http://127.0.0.1:8402/p/{ref}"
    item_in = ItemIn(
        platform="sample", ref=ref, url=url, account_ref="uri", prints=prints_of(data), posted_at=now, **more
    )
    return commands.register_item(item_in, now=now).item_id


def report(refs: list[str], now: datetime, **more: Any) -> Filed:
    """Dana reports what stands under these refs."""
    links = tuple(Link(f"http://127.0.0.1:8402/p/{ref}", "sample", ref) for ref in refs)
    said: dict[str, Any] = {
        "harm": "csam",
        "relation": Relation.DEPICTED,
        "age": Age.CHILD,
        "links": links,
        "statement": "That is me.",
        "contact": "dana@example.org",
        **more,
    }
    return commands.file_report(ReportIn(**said), now=now)


@pytest.fixture
def reported(policy: None, photos: Photos, now: datetime) -> Item:
    """A picture that Dana reported ten minutes ago: she says that she is the child in it."""
    before = now - timedelta(minutes=10)
    post(photos, "a1", landscape(), before)
    filed = report(["a1"], before)
    return ReportedItem.objects.get(report_id=filed.report_id).item


def judge(person: Person, item: Item, verdict: str, now: datetime, **more: Any) -> None:
    """This person judges the item."""
    item.refresh_from_db()
    given: dict[str, Any] = {"age": Age.CHILD, "clause": "csam.depiction", "reason": "As seen.", **more}
    review = ReviewIn(
        content_ids=(item.content_id or 0,),
        person_id=person.pk,
        verdict=Verdict(verdict),
        began_at=now - timedelta(minutes=1),
        **given,
    )
    commands.review(review, now=now)
