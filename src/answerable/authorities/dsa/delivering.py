"""Keeping `deliver_reasons`: one bundle of statements to the database, and one command about what came of it.

What was sent and not answered is sent again: the database takes each name once for ever, and says which of them it has.
That alone is not believed, since a name that another request holds is answered so, too: it is asked for each.
"""

import time
from dataclasses import dataclass, field
from typing import Final

import structlog
from django.conf import settings
from pydantic import ValidationError

from answerable import clock
from answerable.authorities.base import AuthorityError
from answerable.authorities.dsa import database_of
from answerable.authorities.dsa.answers import Refused, SaidToBeThere
from answerable.authorities.dsa.client import MOST, Database
from answerable.authorities.dsa.document import Document
from answerable.authorities.dsa.write import About, document_of
from answerable.cases import commands
from answerable.cases.commands.stating import said_by
from answerable.cases.models import StatementOfReasons
from answerable.cases.queries.reasons import waiting
from answerable.matching.lists.base import SourceError
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age
from answerable.settings.config import Dsa

REQUEST_SECONDS: Final = 4.0
BEGIN_NONE_AFTER_SECONDS: Final = 4.0
"""Of the ten seconds that an attempt has: the last request that is begun has its time."""

log = structlog.get_logger(__name__)


class NotFinished(AuthorityError):
    """The database has part of a bundle and was slow to say so: the rest is asked for next time."""

    retry = True


@dataclass
class Outcome:
    """What a database has, and what it refuses, by number of the statement."""

    delivered: dict[int, str] = field(default_factory=dict)
    refused: dict[int, tuple[str, ...]] = field(default_factory=dict)


def deliver(obligation: Obligation) -> None:
    """Deliver the statements that wait longest, 100 at most. Raises AuthorityError, SourceError: it is tried again."""
    environment = obligation.subject.partition(":")[2]
    dsa: Dsa | None = settings.CONFIG.authorities.dsa
    if dsa is None or dsa.environment != environment:
        commands.drop_delivery(obligation.pk, now=clock.now())
        return
    outcome, alarm = Outcome(), False
    error: AuthorityError | SourceError | None = None
    try:
        _deliver(dsa, outcome)
    except AuthorityError as failed:
        error, alarm = failed, failed.alarm
    except SourceError as failed:  # the file of the token can't be read
        error, alarm = failed, True
    commands.reasons_delivered(
        obligation.pk,
        environment=environment,
        delivered=outcome.delivered,
        refused_fields=outcome.refused,
        done=error is None,
        alarm=alarm,
        now=clock.now(),
    )
    if error is not None:
        raise error


def document_for(row: StatementOfReasons) -> Document:
    """A statement as the database takes it. Raises ValidationError."""
    pack = store.pack(row.pack_digest)
    about = About(
        harm=row.harm,
        age=Age(row.age),
        item_kind=row.item_kind,
        clause_text=pack.clause_text(row.clause, "en") if row.clause else "",
        content_on=row.content_on,
        began_on=row.at.date(),
        ended_on=row.ends_at.date() if row.ends_at is not None else None,
        puid=row.puid,
    )
    return document_of(said_by(row), about)


def _deliver(dsa: Dsa, outcome: Outcome) -> None:
    database = database_of(dsa, REQUEST_SECONDS)
    documents: dict[int, Document] = {}
    for row in waiting(dsa.environment, dsa.since)[:MOST]:
        try:
            documents[row.pk] = document_for(row)
        except ValidationError as error:
            outcome.refused[row.pk] = tuple(".".join(map(str, one["loc"])) for one in error.errors())
            log.error("a statement of reasons can't be written", statement=row.pk)
    if documents:
        send(database, documents, outcome, begun=time.monotonic())


def send(database: Database, left: dict[int, Document], outcome: Outcome, *, begun: float) -> None:
    """Have the database store all of these, and note in `outcome` what became of each. Raises AuthorityError."""
    while left:
        _in_time(begun)
        try:
            names = database.store(list(left.values()))
        except SaidToBeThere as said:
            _look_for(database, left, said.puids, outcome, begun=begun)
        except Refused as refused:
            numbers = list(left)
            for place, fields in refused.fields.items():
                outcome.refused[numbers[place]] = fields
                del left[numbers[place]]
                log.error("a statement of reasons was refused", statement=numbers[place], fields=fields)
        else:
            outcome.delivered.update({number: names[one.puid] for number, one in left.items()})
            return


def _look_for(
    database: Database, left: dict[int, Document], said: frozenset[str], outcome: Outcome, *, begun: float
) -> None:
    """Note those that it has, of those that it says to have. Raises SaidToBeThere where it has none of them."""
    found = False
    for number in [number for number, one in left.items() if one.puid in said]:
        _in_time(begun)
        if database.has(left[number].puid):
            outcome.delivered[number] = ""
            del left[number]
            found = True
    if not found:
        raise SaidToBeThere(said)


def _in_time(begun: float) -> None:
    if time.monotonic() - begun > BEGIN_NONE_AFTER_SECONDS:
        raise NotFinished
