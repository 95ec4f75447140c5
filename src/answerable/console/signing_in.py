"""Sign-ins in the audit log: who used a second factor, and whose password was tried in vain."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_used
from django.contrib.auth.signals import user_login_failed
from django.db import transaction

from answerable import audit, clock
from answerable.console.models import StaffAccount


def listen() -> None:
    """Connect both; twice is once."""
    authenticator_used.connect(note_sign_in, dispatch_uid="console.note_sign_in")
    user_login_failed.connect(note_refusal, dispatch_uid="console.note_refusal")


def note_sign_in(authenticator: Authenticator, **_more: Any) -> None:
    """Somebody proved a second factor."""
    account = StaffAccount.objects.get(user_id=authenticator.user_id)
    event = {"person": account.person_id, "factor": str(authenticator.type)}
    with transaction.atomic():
        audit.append("signed_in", actor=f"person:{account.person_id}", now=clock.now(), event=event)


def note_refusal(credentials: dict[str, Any], **_more: Any) -> None:
    """A password was wrong. Names that are nobody's are not kept: somebody may have typed a password there."""
    account = StaffAccount.objects.filter(user__username__iexact=credentials.get("username") or "").first()
    if account is not None:
        with transaction.atomic():
            event = {"person": account.person_id}
            audit.append("sign_in_refused", actor="stranger", now=clock.now(), event=event)
