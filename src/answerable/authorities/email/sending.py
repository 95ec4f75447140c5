"""Keeping `send_letter`: our mail server is asked to take one letter, and one command says what came of it."""

from datetime import timedelta

import structlog
from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.email import post_of
from answerable.authorities.email.post import LetterRefused
from answerable.cases import commands
from answerable.cases.models import Letter
from answerable.matching.lists.base import SourceError
from answerable.obligations.models import Obligation
from answerable.settings.config import Email

log = structlog.get_logger(__name__)


class NotConfigured(AuthorityError):
    """This letter was written with other settings: put `[authorities.email]` back, or tell the authority by hand."""


def send_letter(obligation: Obligation) -> None:
    """Send one letter. Raises AuthorityError, SourceError where the same is to be sent again."""
    letter_id = int(obligation.subject.partition(":")[2])
    email = _email(letter_id)
    try:
        post = post_of(email)
    except SourceError:
        commands.post_alarm(email.environment, now=clock.now())
        raise
    posting = commands.begin_letter(letter_id, obligation_id=obligation.pk, now=clock.now())
    if posting is None:
        return
    try:
        post.send(posting.address, posting.message)
    except LetterRefused as error:
        log.error("a letter was refused", letter=letter_id, why=str(error))
        commands.letter_refused(letter_id, str(error), obligation_id=obligation.pk, now=clock.now())
    except AuthorityError as error:
        if error.alarm:
            commands.post_alarm(email.environment, now=clock.now())
        raise
    else:
        commands.letter_accepted(
            letter_id,
            obligation_id=obligation.pk,
            receipt_within=timedelta(hours=email.receipt_within_hours),
            now=clock.now(),
        )


def _email(letter_id: int) -> Email:
    environment = Letter.objects.values_list("environment", flat=True).get(pk=letter_id)
    email: Email | None = settings.CONFIG.authorities.email
    if email is None or email.environment != environment:
        raise NotConfigured
    return email
