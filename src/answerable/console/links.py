"""One-time sign-in links: opened by GET, spent by POST, leading to the enrolment of a second factor only."""

import hashlib
import secrets
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from answerable import audit
from answerable.cases.models import Person
from answerable.console.models import SignInLink, StaffAccount

VALID_SECONDS = 24 * 3600


class LinkUnusable(Exception):
    """This sign-in link was used before, has expired, or never existed: ask for a new one."""


def create_sign_in_link(
    *, person: Person, now: datetime, username: str | None = None, valid_seconds: int = VALID_SECONDS
) -> str:
    """The address under which this person enrols a second factor, once.

    The sign-in of that name is made when it doesn't exist; without a name it is the person's first one.
    Links made for it before end now: what lies in an old message or log opens nothing.
    Raises ValueError when the name belongs to somebody else.
    """
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        account = _account(person, username)
        end_links(account, now=now)
        SignInLink.objects.create(
            digest=_digest(secret),
            account=account,
            role=role_of(person),
            expires_at=now + timedelta(seconds=valid_seconds),
        )
        event = {"person": person.pk, "change": "sign_in_link", "valid_seconds": valid_seconds}
        audit.append("person_changed", actor="operator", now=now, event=event)
    return f"{settings.CONFIG.desk.staff_url.rstrip('/')}/link/{secret}/"


def end_links(account: StaffAccount, *, now: datetime) -> None:
    """No link of this sign-in that is still unspent opens anything from now on."""
    account.links.filter(used_at__isnull=True, expires_at__gt=now).update(expires_at=now)


def role_of(person: Person) -> str:
    """What this person may do here, in one word."""
    if person.administrator:
        return "administrator"
    return "lead" if person.lead else "reviewer"


def find(secret: str, *, now: datetime) -> SignInLink:
    """The link that can still be spent. Raises LinkUnusable."""
    link = (
        SignInLink.objects.select_related("account__user", "account__person")
        .filter(digest=_digest(secret))
        .first()
    )
    if link is None or link.used_at is not None or link.expires_at <= now or not link.account.person.active:
        raise LinkUnusable
    return link


def spend(secret: str, *, now: datetime) -> User:
    """Use the link up; the password and second factors that were there end with it. Raises LinkUnusable."""
    with transaction.atomic():
        link = find(secret, now=now)
        if not SignInLink.objects.filter(pk=link.pk, used_at__isnull=True).update(used_at=now):
            raise LinkUnusable
        user = link.account.user
        user.set_unusable_password()
        user.save(update_fields=["password"])
        Authenticator.objects.filter(user=user).delete()
        person = link.account.person
        event = {"person": person.pk, "change": "sign_in_link_used"}
        audit.append("person_changed", actor=f"person:{person.pk}", now=now, event=event)
    return user


def _account(person: Person, username: str | None) -> StaffAccount:
    existing = person.sign_ins.order_by("pk").first()
    if username is None and existing is not None:
        return existing
    name = username or slugify(person.pseudonym) or f"person-{person.pk}"
    user, _ = User.objects.get_or_create(username=name)
    account, _ = StaffAccount.objects.get_or_create(user=user, defaults={"person": person})
    if account.person_id != person.pk:
        raise ValueError(f"The sign-in {name!r} belongs to {account.person.pseudonym}: choose another name.")
    return account


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
