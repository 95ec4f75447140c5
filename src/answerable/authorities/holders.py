"""What platforms know of accounts that are reported to an authority: asked when a report is owed, for that alone."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, cast

import structlog
from pydantic import ValidationError

from answerable.cases import commands
from answerable.cases.models import Account
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
MOST_A_ROUND: Final = 4
"""So many accounts are asked about in one round: the rest of what is drafted doesn't wait for them all."""

log = structlog.get_logger(__name__)


class NotYet(Exception):
    """The platform has not answered yet: it is asked again, and the report waits for a while."""


def known(account: Account | None) -> AccountFacts | None:
    """What its platform said of an account when it was asked, as long as that is kept."""
    if account is None:
        return None
    row = account.asked.select_related("facts").order_by("-pk").first()
    if row is None or row.facts is None:
        return None
    try:
        return AccountFacts.model_validate_json(personal.open_text(row.facts))
    except ValidationError as error:  # written by another version
        log.error("facts of an account could not be read", account=account.pk, why=type(error).__name__)
        return None


class Holders:
    """One round of asking. A platform that is down is asked once in it, and about so many accounts at most."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._silent: set[str] = set()
        self._asked = 0

    def ask(self, account: Account, refs: Collection[str], case_id: int, until: datetime) -> None:
        """See that what the platform knows of an account and these items of it is written down.

        Raises NotYet as long as that is worth waiting for: before `until`.
        """
        row = account.asked.order_by("-pk").first()
        earlier = known(account)
        fresh = row is not None and self.now < row.asked_at + FRESH_FOR
        if row is not None and fresh and row.outcome == "nothing":
            return
        left = sorted(set(refs) - set(earlier.asked if earlier is not None and fresh else ()))
        if row is not None and fresh and row.outcome == "told" and not left:
            return
        paused = row is not None and row.outcome == "failed" and self.now < row.asked_at + AGAIN_AFTER
        if not paused and account.platform not in self._silent and self._asked < MOST_A_ROUND:
            self._asked += 1
            if self._answers(account, left[:MOST], earlier, case_id) and len(left) <= MOST:
                return
        if self.now < until:
            raise NotYet

    def _answers(
        self, account: Account, refs: Sequence[str], earlier: AccountFacts | None, case_id: int
    ) -> bool:
        """Ask, and write down what came of it. Whether there is an answer."""
        outcome, told = self._ask(account, refs)
        text = ""
        if told is not None:
            text = told.besides(earlier, refs).model_dump_json(exclude_defaults=True)
        commands.account_asked(account.pk, outcome, text, case_id=case_id, now=self.now)
        return outcome != "failed"

    def _ask(
        self, account: Account, refs: Sequence[str]
    ) -> tuple[commands.AskedOutcome, AccountFacts | None]:
        try:
            target = registry.platform(account.platform)
        except base.UnknownPlatform:
            return "nothing", None
        if Capability.ACCOUNT_FACTS not in target.capabilities:
            return "nothing", None
        try:
            with asking(f"account-{account.pk}", ASK_SECONDS):
                return "told", cast(KnowsAccounts, target).account_facts(account.ref, refs)
        except (base.CannotDo, base.ItemNotFound):
            return "nothing", None
        except base.PlatformError as error:
            if isinstance(error, base.PlatformUnreachable | base.PlatformTooSlow):
                self._silent.add(account.platform)  # of anything else only this account may be the cause
            log.warning("a platform did not say whose an account is", account=account.pk, why=str(error))
            return "failed", None
