"""Writing the letters that are owed to authorities which take mail, and keeping what is owed once they are sent."""

from datetime import datetime

import structlog

from answerable.authorities.email.facts import Facts, correction_facts, report_facts
from answerable.authorities.email.letter import new_reference, write
from answerable.cases import commands
from answerable.cases.commands.posting import item_of
from answerable.cases.commands.untold import pending
from answerable.cases.letter_inputs import ItemDraft, LetterDraft
from answerable.cases.models import Letter
from answerable.cases.queries import filings, letters
from answerable.obligations.models import Obligation
from answerable.settings.config import Config, Email

log = structlog.get_logger(__name__)


def draft_due(config: Config, now: datetime) -> int:
    """Write what is owed to the configured parties and isn't written yet. How many letters were written."""
    email = config.authorities.email
    if email is None:
        return 0
    commands.owe_corrections(email.parties, environment=email.environment, now=now)
    made = 0
    for authority in email.parties:
        for owed in filings.owed_to(authority, "report_authority"):
            made += _report(owed, authority, config, email, now)
        for owed in filings.owed_to(authority, "correct_authority"):
            made += _corrections(owed, authority, config, email, now)
    return made


def _report(owed: Obligation, authority: str, config: Config, email: Email, now: datetime) -> int:
    told = pending(owed, email.environment)
    if not told:
        if Letter.objects.filter(obligation_id=owed.pk, environment=email.environment).exists():
            commands.settle_letters(owed.pk, environment=email.environment, now=now)
        return 0
    facts = report_facts(owed, told, new_reference(), config, now)
    return _write(owed, authority, facts, tuple(map(item_of, told)), email, now)


def _corrections(owed: Obligation, authority: str, config: Config, email: Email, now: datetime) -> int:
    wrong = letters.to_correct([authority], email.environment).filter(case_id=owed.case_id or 0)
    made = 0
    for letter in wrong:
        facts = correction_facts(letter, new_reference(), config, now)
        items = tuple(
            ItemDraft(one.content_id, one.decision_id, one.finding_id) for one in letter.items.order_by("pk")
        )
        made += _write(owed, authority, facts, items, email, now, corrects_id=letter.pk)
    if not made and Letter.objects.filter(obligation_id=owed.pk, environment=email.environment).exists():
        commands.settle_letters(owed.pk, environment=email.environment, now=now)
    return made


def _write(
    owed: Obligation,
    authority: str,
    facts: Facts,
    items: tuple[ItemDraft, ...],
    email: Email,
    now: datetime,
    corrects_id: int | None = None,
) -> int:
    party = email.parties[authority]
    written = write(facts, sender=email.sender, address=party.address, key=party.key, now=now)
    draft = LetterDraft(
        authority=authority,
        environment=email.environment,
        regime=owed.regime,
        address=party.address,
        reference=facts.reference,
        message_id=written.message_id,
        facts=facts.as_text(),
        message=written.message,
        items=items,
        corrects_id=corrects_id,
    )
    return int(commands.draft_letter(owed.pk, draft, now=now) is not None)
