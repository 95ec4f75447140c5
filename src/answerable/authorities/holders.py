"""What platforms know of accounts that are reported to an authority: asked when a report is owed, for that alone."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, cast

import structlog
from pydantic import ValidationError

from answerable.cases import commands
from answerable.cases.models import Account, AccountAsked
from answerable.db import personal
from answerable.platforms import base, registry
from answerable.platforms.base import Capability, asking
from answerable.platforms.besides import KnowsAccounts
from answerable.platforms.facts import MOST, AccountFacts

ASK_SECONDS: Final = 5.0
AGAIN_AFTER: Final = timedelta(seconds=30)
WITHOUT_AFTER: Final = timedelta(minutes=10)
"""So long a report waits for a platform that doesn't answer: what is apparent is told with a name or without."""
FRESH_FOR: Final = timedelta(days=1)

log = structlog.get_logger(__name__)


class NotYet(Exception):
    """The platform has not answered yet: it is asked again, and the report waits for a while."""


def known(account: Account | None) -> AccountFacts | None:
    """What its platform said of an account when it was asked, as long as that is kept."""
    if account is None:
        return None
    row = AccountAsked.objects.select_related("facts").filter(account=account).first()
    if row is None or row.facts is None:
        return None
    try:
        return AccountFacts.model_validate_json(personal.open_text(row.facts))
    except ValidationError as error:  # written by another version
        log.error("facts of an account could not be read", account=account.pk, why=type(error).__name__)
        return None


class Holders:
    """One round of asking. A platform that didn't answer isn't asked again in the same round."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._silent: set[str] = set()

    def ask(self, account: Account, refs: Collection[str], case_id: int) -> None:
        """See that what the platform knows of an account and these items of it is written down. Raises NotYet."""
        row = AccountAsked.objects.filter(account=account).first()
        if row is not None and self._stands(row, refs):
            return
        if row is not None and row.outcome == "failed" and self.now < row.asked_at + AGAIN_AFTER:
            raise NotYet
        outcome, facts = self._asked(account, refs)
        commands.account_asked(
            account.pk,
            outcome,
            facts.model_dump_json(exclude_defaults=True) if facts is not None else "",
            case_id=case_id,
            now=self.now,
        )
        if outcome == "failed" and (row is None or row.outcome != "failed"):
            raise NotYet
        if outcome == "failed" and row is not None and self.now < row.since + WITHOUT_AFTER:
            raise NotYet

    def _stands(self, row: AccountAsked, refs: Collection[str]) -> bool:
        """Whether an earlier answer will do."""
        if self.now >= row.asked_at + FRESH_FOR:
            return False
        if row.outcome == "failed":
            return self.now >= row.since + WITHOUT_AFTER
        facts = known(row.account) if row.outcome == "told" else None
        return row.outcome == "nothing" or (facts is not None and facts.asked_about(refs))

    def _asked(
        self, account: Account, refs: Collection[str]
    ) -> tuple[commands.AskedOutcome, AccountFacts | None]:
        try:
            target = registry.platform(account.platform)
        except base.UnknownPlatform:
            return "nothing", None
        if Capability.ACCOUNT_FACTS not in target.capabilities:
            return "nothing", None
        if account.platform in self._silent:
            return "failed", None
        wanted = sorted(refs)[:MOST]
        try:
            with asking(f"account-{account.pk}", ASK_SECONDS):
                facts = cast(KnowsAccounts, target).account_facts(account.ref, wanted)
        except (base.CannotDo, base.ItemNotFound):
            return "nothing", None
        except base.PlatformError as error:
            self._silent.add(account.platform)
            log.warning("a platform did not say whose an account is", account=account.pk, why=str(error))
            return "failed", None
        return "told", facts.model_copy(update={"asked": tuple(wanted)})
