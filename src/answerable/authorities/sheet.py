"""What people enter at an authority that they tell themselves: all that this desk knows, in one order (UK: s. 66 of
the Online Safety Act 2023, S.I. 2026/268; hotlines and police portals elsewhere).

From the facts that letters are made of. Nothing of who reported it; what isn't known says so, so that nobody looks
for it here.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from answerable.authorities.email.facts import HOLDERS, danger_said, one_line, thing_of
from answerable.authorities.files import BytesGone, bytes_of
from answerable.authorities.holders import Holders, known
from answerable.cases.commands.untold import Told, told_of
from answerable.cases.models import Account, Case, Decision, Filing, Item, Letter, Report
from answerable.cases.models.letters import BOUNCED, BY_HAND
from answerable.cases.queries.joined import with_joined
from answerable.evidence.errors import EvidenceError
from answerable.media import MediaError
from answerable.obligations.models import Obligation
from answerable.platforms.base import PlatformError
from answerable.platforms.facts import Contact, ItemFacts, Sighting
from answerable.policy import store
from answerable.policy.words import Danger, Verdict
from answerable.settings.config import Config

KIND: Final = "report_authority"
UNKNOWN: Final = "not known to this desk"
OWN_LOGS: Final = "not told to this desk: add what the platform's own logs have"
HASHING_SECONDS: Final = 8.0
"""For all SHA-1 of one sheet: somebody waits for the page."""
PIECE: Final = 1 << 20
URGENT: Final = "Priority level 1: send it immediately."
ORDINARY: Final = "Not level 1 by what this desk knows: no report says that somebody is in danger now."


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sheet: its title, and pairs of what it is and what to enter."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """All of it. `urgent`: whether it is of the highest priority. `contents`: what it is about, by number."""

    urgent: bool
    parts: tuple[Part, ...]
    contents: tuple[int, ...]

    def as_text(self) -> str:
        """As a file, to be copied from."""
        blocks = [
            "\n".join([part.title, *(f"  {name}: {one_line(value)}" for name, value in part.lines)])
            for part in self.parts
        ]
        return "\n\n".join(blocks) + "\n"


def is_for_people(obligation: Obligation, config: Config) -> bool:
    """Whether people report it: no interface is configured for the party in production, or it didn't come through."""
    if obligation.kind != KIND:
        return False
    to, told = str(obligation.params.get("to", "")), config.authorities
    by_ncmec = to == "ncmec" and told.ncmec is not None and told.ncmec.environment == "production"
    by_mail = told.email is not None and to in told.email.parties and told.email.environment == "production"
    if not by_ncmec and not by_mail:
        return True
    letters = Letter.objects.filter(obligation_id=obligation.pk, state__in=[BOUNCED, BY_HAND])
    return letters.exists() or Filing.objects.filter(obligation_id=obligation.pk, state="by_hand").exists()


def sheet_of(obligation: Obligation, config: Config, now: datetime, *, actor: str) -> Sheet:
    """What to enter for it, as it is known now. `actor`: who is named where bytes are read for their SHA-1."""
    case = Case.objects.get(pk=obligation.case_id or 0)
    told = told_of(obligation)
    reports = list(
        Report.objects.filter(
            reported_items__item__in=[one.decision.content.item_id for one in told]
        ).distinct()
    )
    urgent = obligation.params.get("priority") == 1 or any(one.danger == Danger.NOW for one in reports)
    sha1 = _Sha1(actor, time.monotonic)
    accounts, asking = _accounts(told), Holders(now)
    for account in accounts:
        refs = [one.decision.content.item.ref for one in told if one.decision.content.item.account == account]
        if account.judged_as != "depicted":  # whoever is shown is not asked about (rule 12)
            asking.ask(account, refs, case.pk, now)
    parts = [_matter(obligation, config, now, told, reports, urgent=urgent)]
    parts += [_account(number, account, told, obligation) for number, account in enumerate(accounts, 1)]
    numbers = {account.pk: number for number, account in enumerate(accounts, 1)}
    for number, one in enumerate(told, 1):
        parts.append(
            _item(number, one, case, numbers.get(one.decision.content.item.account_id or 0, 0), sha1)
        )
    return Sheet(urgent, tuple(parts), tuple(one.decision.content_id for one in told))


def _matter(
    obligation: Obligation,
    config: Config,
    now: datetime,
    told: list[Told],
    reports: list[Report],
    *,
    urgent: bool,
) -> Part:
    to = str(obligation.params.get("to", ""))
    authority = store.pack(obligation.pack_digest).authorities.get(to)
    known = [one.decision.content.item.first_notice_at or one.decision.at for one in told]
    lines = [
        ("Priority", URGENT if urgent else ORDINARY),
        ("Danger", danger_said(reports) or "no report names one"),
        ("To", authority.name["en"] if authority is not None else to),
        ("Law", str(obligation.params.get("law", obligation.regime))),
        ("From", f"{config.desk.name}, {config.desk.public_url}"),
        ("Written at", _time(now)),
        ("How we know", "somebody reported it to us" if reports else "our own systems found it"),
        ("Known since", _time(min(known, default=None))),
        ("Files", str(len(told))),
    ]
    return Part("The report", tuple(lines))


def _account(number: int, account: Account, told: list[Told], obligation: Obligation) -> Part:
    mine = [one for one in told if one.decision.content.item.account == account]
    contents = [one.decision.content_id for one in mine]
    others = Decision.objects.filter(
        content__item__account=account, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    ).exclude(content__in=contents)
    held, holder = account.uploads_held_since, known(account)
    shown = [holder.screen_name, *holder.display_names] if holder is not None else []
    lines = [
        ("Platform", account.platform),
        ("Name on the platform", account.ref),
        ("Whose it is", HOLDERS.get(account.judged_as, HOLDERS[""])),
        ("Held since", _time(held) if held is not None else "it is not held"),
        ("Files of this report", str(len(mine))),
        ("Other files found against the rules", str(others.count())),
        (
            "Reported earlier as",
            "; ".join(earlier_references(account, obligation)) or "no reference is entered here",
        ),
        ("Names shown", "; ".join(filter(None, shown)) or OWN_LOGS),
        ("Email", _contacts(holder.emails if holder is not None else ())),
        ("Phone", _contacts(holder.phones if holder is not None else ())),
        ("Made at", _time(holder.registered_at) if holder is not None and holder.registered_at else OWN_LOGS),
        ("IP address and port, with times", _sightings(holder.seen if holder is not None else ())),
    ]
    return Part(f"Account {number}", tuple(lines))


def earlier_references(account: Account, obligation: Obligation) -> list[str]:
    """Under which numbers this authority was told of cases in which this account has items, the oldest first."""
    cases: set[int] = set()
    of_account = Item.objects.filter(account=account, case__isnull=False).values_list("case_id", flat=True)
    for case_id in of_account.distinct():
        cases |= with_joined(int(case_id or 0))
    kept = Obligation.objects.filter(case_id__in=cases, kind=KIND, state__in=["kept", "kept_late"]).order_by(
        "pk"
    )
    return [
        f"{one.reference} ({one.closed_at:%Y-%m-%d})" if one.closed_at is not None else one.reference
        for one in kept
        if one.reference and one.params.get("to") == obligation.params.get("to")
    ]


def _item(number: int, told: Told, case: Case, account: int, sha1: "_Sha1") -> Part:
    thing, content = thing_of(told, case), told.decision.content
    item, holder = content.item, known(content.item.account)
    besides = holder.item(item.ref) if holder is not None else None
    sent = [besides.sent_from] if besides is not None and besides.sent_from is not None else []
    lines = [
        ("Place", thing.address or UNKNOWN),
        ("Platform and name there", f"{thing.platform}, {thing.name}"),
        ("Account", f"account {account} above" if account else UNKNOWN),
        ("Kind", ", ".join(filter(None, (thing.kind, content.media_type)))),
        ("Bytes", str(content.size) if content.size is not None else UNKNOWN),
        ("Posted at", _time(thing.posted_at)),
        ("Known since", _time(item.first_notice_at)),
        ("Judged at", _time(thing.found_at)),
        ("Judged by", thing.found_by),
        ("Under the rule", thing.rule),
        ("Shows", thing.shows),
        (
            "Not visible since",
            _time(item.seen_at) if item.seen in ("hidden", "gone") else "it was not seen gone yet",
        ),
        ("MD5", content.md5 or UNKNOWN),
        ("SHA-1", sha1.of(told)),
        ("SHA-256", content.sha256),
        ("Identical copies elsewhere", str(thing.copies)),
        ("File name", besides.file_name if besides is not None and besides.file_name else OWN_LOGS),
        ("EXIF", "this desk reads none: it stands in the file"),
        ("Sent from: IP address and port, with time", _sightings(sent)),
        ("Sent to", _recipients(besides)),
        ("The file", "sealed on the platform; hand it over as the authority asks"),
    ]
    return Part(f"File {number}", tuple(lines))


def _contacts(found: Iterable[Contact]) -> str:
    said = {True: " (verified)", False: " (not verified)", None: ""}
    return "; ".join(one.value + said[one.verified] for one in found) or OWN_LOGS


def _sightings(found: Iterable[Sighting]) -> str:
    """Each as address, port, time and what for, as far as the platform told."""
    lines = [
        " ".join(
            filter(
                None,
                (
                    str(one.ip),
                    f"port {one.port}" if one.port is not None else "",
                    _time(one.at) if one.at is not None else "",
                    one.event if one.event != "unknown" else "",
                ),
            )
        )
        for one in found
        if one.ip is not None
    ]
    return "; ".join(lines) or OWN_LOGS


def _recipients(besides: ItemFacts | None) -> str:
    return (
        "; ".join(one.account for one in besides.recipients) if besides and besides.recipients else OWN_LOGS
    )


class _Sha1:
    """The SHA-1 of files, made when somebody needs it and kept nowhere: nothing else here is searched by it."""

    def __init__(self, actor: str, monotonic: Callable[[], float]) -> None:
        self.actor, self.monotonic = actor, monotonic
        self.until = monotonic() + HASHING_SECONDS

    def of(self, told: Told) -> str:
        left = self.until - self.monotonic()
        if left <= 0:
            return "not made: it took too long"
        with suppress(BytesGone, PlatformError, MediaError, EvidenceError):
            digest = hashlib.sha1(usedforsecurity=False)
            with bytes_of(told.decision.content, seconds=left, actor=self.actor) as file:
                while piece := file.read(PIECE):
                    if self.monotonic() > self.until:
                        return "not made: the file is too large for a page"
                    digest.update(piece)
            return digest.hexdigest()
        return "not made: the file can't be read now"


def _accounts(told: Iterable[Told]) -> list[Account]:
    found = {one.decision.content.item.account for one in told}
    return sorted((one for one in found if one is not None), key=lambda one: one.pk)


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at is not None else UNKNOWN
