"""How allauth is narrowed for this desk: no sign-up, sealed secrets, and what counts as signed in."""

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.hashers import check_password
from django.http import HttpRequest

from answerable.cases.models import Person
from answerable.console.models import StaffAccount
from answerable.settings.keys import read_key

ENROLLING = "enrolling_until"
"""Session key: until when (seconds since 1970) this session may enrol a second factor."""
ENROLMENT_SECONDS = 30 * 60


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up; nothing is mailed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth's signature
        """People come in by a sign-in link, never by themselves."""
        return False

    def is_reauthentication_required(self, *, app: str, **more: object) -> bool:  # noqa: ARG002
        """Never: a second factor is added only after a sign-in link, which this door guards itself."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: object) -> None:
        """The desk holds no mail address of its staff: there is nobody to write to."""


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets of authenticator apps lie encrypted under a key file that stays outside backups."""

    def encrypt(self, text: str) -> str:
        """Seal a secret for the database."""
        return self._fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret from the database."""
        return self._fernet().decrypt(encrypted_text.encode()).decode()

    def get_totp_issuer(self) -> str:
        """The name that an authenticator app shows."""
        return str(settings.CONFIG.desk.name)

    @staticmethod
    def _fernet() -> Fernet:
        return Fernet(base64.urlsafe_b64encode(read_key(settings.DATA, "second_factor.key")))


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """Checks a password without rewriting it: a sign-in page writes nothing before the second factor."""

    def _check_password(self, user: AbstractBaseUser | None, password: str) -> AbstractBaseUser | None:
        if user is None:
            return None
        self._did_check_password = True
        ok = check_password(password, user.password) and self.user_can_authenticate(user)
        return user if ok else None

    def user_can_authenticate(self, user: AbstractBaseUser | None) -> bool:
        """Only sign-ins of people who are active."""
        if user is None or not super().user_can_authenticate(user):
            return False
        return StaffAccount.objects.filter(user_id=user.pk, person__active=True).exists()


def person_of(request: HttpRequest) -> Person | None:
    """The person behind this session's sign-in, if it is one that may work here."""
    if not request.user.is_authenticated:
        return None
    account = StaffAccount.objects.select_related("person").filter(user_id=request.user.pk).first()
    return account.person if account is not None and account.person.active else None


def used_second_factor(request: HttpRequest) -> bool:
    """Whether an authenticator that still exists was used in this very session."""
    if not request.user.is_authenticated:
        return False
    used = [
        record["id"]
        for record in get_authentication_records(request, request.user)
        if record.get("method") == "mfa" and "id" in record
    ]
    return bool(used) and Authenticator.objects.filter(pk__in=used, user_id=request.user.pk).exists()
