"""What adapters may offer besides the contract of all: each part goes with a capability of its name."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from answerable.platforms.base import News, ReportThere
from answerable.platforms.facts import AccountFacts


class Hears(Protocol):
    """What an adapter with `HEAR` can do besides: its platform sends its news itself (webhooks)."""

    def hears(self, headers: Mapping[str, str], body: bytes) -> News:
        """What a message says; its cursor means nothing. No I/O but reading the secret: web processes ask.

        `headers` have names in lower case. Raises NotSigned, AnswerMalformed (another shape than the platform's own),
        SecretUnusable.
        """


class HandsOver(Protocol):
    """What an adapter with `HAND_OVER` can do besides, for what only the platform's own moderators can do."""

    def hand_over(self, ref: str, harm: str) -> str:
        """Put an item before the platform's moderators, once however often it is asked; the page where they act.

        Nothing of the reporter or their words goes with it.
        """


class Settles(Protocol):
    """What an adapter with `SETTLE` can do besides: answer the reports that the platform itself keeps."""

    def reports_on(self, ref: str) -> tuple[ReportThere, ...]:
        """The platform's own reports that name the item, open and closed."""

    def settle(self, key: str, closed: bool) -> None:
        """Close one of these reports, or open it again."""


class Erases(Protocol):
    """What an adapter with `ERASE` can do besides: what can't be undone, once two people confirmed (rule 15)."""

    def erase(self, ref: str) -> None:
        """Take away for good what is gone already. Raises NotAsWanted where something of it is still served."""


class KnowsAccounts(Protocol):
    """What an adapter with `ACCOUNT_FACTS` can do besides: say what its platform knows of an account (18 USC 2258A(b)).

    Asked only where a report to an authority is owed that names the account.
    """

    def account_facts(self, account: str, refs: Sequence[str]) -> AccountFacts:
        """The account as its platform knows it, and what is known of these items of it.

        Raises CannotDo where the platform tells nothing, ItemNotFound where it has no such account any more.
        """
