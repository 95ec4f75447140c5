"""Keeping `file_step`: one step of one filing outside, within its time, and one command about what came of it.

And the kinds of the other authorities.
"""

from typing import Final

from django.conf import settings

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.dsa.delivering import deliver
from answerable.authorities.email.sending import send_letter
from answerable.authorities.files import FETCH_SECONDS
from answerable.authorities.ncmec import client_of, schema
from answerable.authorities.ncmec.steps import is_large, take
from answerable.cases import commands
from answerable.cases.models import Filing
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.settings.config import Ncmec

STEP_SECONDS: Final = 8.0


class NotConfigured(AuthorityError):
    """This filing was begun with other settings: put `[authorities.ncmec]` back, or drop the filing."""


def warm() -> None:
    """Compile the schema where something will be filed."""
    if settings.CONFIG.authorities.ncmec is not None:
        schema.schema()


def file_step(obligation: Obligation) -> None:
    """Take the next step of a filing. Raises AuthorityError where it is to be tried again."""
    filing_id = int(obligation.subject.partition(":")[2])
    ncmec = _ncmec(filing_id)
    client = client_of(ncmec, STEP_SECONDS)
    asking = commands.begin_step(filing_id, obligation_id=obligation.pk, now=clock.now())
    if asking is None:
        return
    if is_large(asking):
        commands.hand_to_uploader(asking, obligation_id=obligation.pk, now=clock.now())
        return
    take(asking, client, obligation_id=obligation.pk, seconds_for_bytes=FETCH_SECONDS)


def _ncmec(filing_id: int) -> Ncmec:
    environment = Filing.objects.values_list("environment", flat=True).get(pk=filing_id)
    ncmec: Ncmec | None = settings.CONFIG.authorities.ncmec
    if ncmec is None or ncmec.environment != environment:
        raise NotConfigured
    return ncmec


registry.kind("file_step", by=By.WORKER, handler=file_step)
registry.kind("deliver_reasons", by=By.WORKER, handler=deliver)
registry.kind("send_letter", by=By.WORKER, handler=send_letter)
