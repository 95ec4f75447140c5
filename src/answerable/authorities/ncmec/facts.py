"""What the desk knows of what it files: read from findings, looks, reports and accounts, and from nothing else."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from answerable.audit.models import AuditEntry
from answerable.authorities.findings import ChildFinding
from answerable.authorities.holders import known
from answerable.cases.models import Account, Decision, Finding, Item, ItemContent, Person, Report
from answerable.cases.queries import requests
from answerable.cases.queries.filings import OF_COPIES
from answerable.cases.queries.joined import with_joined
from answerable.cases.request_inputs import Asks
from answerable.cases.rules.requests import DISCLOSES
from answerable.platforms.facts import AccountFacts
from answerable.policy.words import CLASSIFICATIONS, Danger, Relation, Verdict

SAYS_WHO = {
    Relation.DEPICTED: "a person who says to be the one depicted",
    Relation.GUARDIAN: "a person who says to be a parent or guardian of the one depicted",
    Relation.REPRESENTATIVE: "a person who says to represent the one depicted",
    Relation.TRUSTED_FLAGGER: "an organisation that flags for others",
    Relation.AUTHORITY: "somebody who says to write for an authority",
    Relation.PLATFORM_USER: "a user of the platform",
    Relation.WITNESS: "somebody who saw it",
}


@dataclass(frozen=True, slots=True)
class Filed:
    """One file, and what is known of it. `viewers`: the people here who saw it where it was posted, by pseudonym.

    `seen_elsewhere`: somebody here saw the identical file where another stood.
    """

    finding: ChildFinding
    content: ItemContent
    item: Item
    clause: str
    viewers: tuple[str, ...]
    seen_elsewhere: bool
    was_shown: bool
    copies: int
    """In how many other items the identical file stood."""


@dataclass(frozen=True, slots=True)
class Agency:
    """An authority whose request about these files two people here verified, and what it asked for."""

    name: str
    reference: str
    country: str
    asks: Asks


@dataclass(frozen=True, slots=True)
class Matter:
    """What one report is about: one account, its files, and what was said of them."""

    case_id: int
    account: Account | None
    files: tuple[Filed, ...]
    reports: tuple[Report, ...]
    earlier: tuple[int, ...]
    agency: "Agency | None" = None
    holder: AccountFacts | None = None
    """What the platform said of the account, where it did."""

    @property
    def nobody_asked(self) -> bool:
        """Whether nobody here looked at anything of this account, nor said whose it is: two people confirmed the
        identical file where another stood."""
        return nobody_asked(self.account, [file.finding for file in self.files])

    @property
    def danger_at(self) -> datetime | None:
        """When somebody first said that there is danger now."""
        times = [report.received_at for report in self.reports if report.danger == Danger.NOW]
        return min(times, default=None)


def nobody_asked(account: Account | None, findings: Iterable[ChildFinding]) -> bool:
    """Whether all that these findings say of an account is that the identical file stood elsewhere, too, and nobody has
    said whose account it is: then it is not named as the one reported, nor asked about (rule 12)."""
    looked = [one for one in findings if one.row.matched_list != OF_COPIES]
    return not looked and (account is None or not account.judged_as)


def matter_of(
    case_id: int, account: Account | None, findings: Sequence[ChildFinding], earlier: Iterable[int]
) -> Matter:
    """All that is known of these findings, which are about one account."""
    files = tuple(_filed(finding) for finding in findings)
    items = [file.item.pk for file in files]
    reports = Report.objects.filter(reported_items__item__in=items).distinct().order_by("pk")
    agency = agency_of([file.item for file in files])
    unnamed = account is None or account.judged_as == "depicted" or nobody_asked(account, findings)
    holder = None if unnamed else known(account)
    return Matter(case_id, account, files, tuple(reports), tuple(earlier), agency, holder)


def agency_of(items: Sequence[Item]) -> Agency | None:
    """Of the authorities that are involved, as two people verified, the latest; one that asked to be given something
    before any other. NCMEC takes one."""
    found = [(request, requests.open_text(request.words)) for request in requests.verified_about(items)]
    named = [
        Agency(str(said["authority"]), str(said.get("reference", "")), request.country, Asks(request.asks))
        for request, said in found
        if said.get("authority")
    ]
    return min(named, key=lambda one: one.asks not in DISCLOSES, default=None)


def viewers_of(content: ItemContent) -> tuple[str, ...]:
    """The people who saw these very bytes unblurred in this very item, as the audit log has it.

    Whoever saw the identical file in another item never opened this one: see docs/ncmec-fields.md.
    """
    return tuple(
        Person.objects.filter(pk__in=_people_who_saw([content]))
        .order_by("pk")
        .values_list("pseudonym", flat=True)
    )


def _people_who_saw(contents: Iterable[ItemContent]) -> set[int]:
    """Who saw any of these, in whatever case its item was then."""
    rows = [(content.pk, content.item_id, content.item.case_id) for content in contents]
    cases = with_joined(*{case_id for _, _, case_id in rows if case_id is not None})
    said = Q()
    for content_id, item_id, _ in rows:
        said |= Q(event__contains=f'"content":{content_id},"item":{item_id}}}')
    entries = AuditEntry.objects.filter(said, kind="revealed", case_id__in=cases, actor__startswith="person:")
    return (
        {int(actor.partition(":")[2]) for actor in entries.values_list("actor", flat=True)} if rows else set()
    )


def seen_elsewhere(content: ItemContent) -> bool:
    """Whether somebody here saw the identical file where people judged it."""
    own = Decision.objects.filter(content=content, overturned_at__isnull=True).select_related(
        "of_decision__content__item"
    )
    judged = [one.of_decision.content for one in own if one.of_decision is not None]
    return bool(_people_who_saw(judged))


def copies_of(content: ItemContent) -> int:
    """In how many other items the identical file is decided the same way."""
    same = Decision.objects.filter(
        content__sha256=content.sha256, verdict=Verdict.VIOLATING, overturned_at__isnull=True
    )
    return same.exclude(content=content).count()


def clause_of(finding: Finding) -> str:
    """The clause under which people decided what a finding is about, or the one of its review."""
    decided = Decision.objects.filter(content_id=finding.content_id, verdict=Verdict.VIOLATING)
    newest = decided.order_by("-pk").values_list("clause", flat=True).first()
    return newest or (finding.review.clause if finding.review is not None else "")


def class_of(finding: Finding) -> str:
    """The class on the industry's scale: the one that the review states, or that of the entry that it matched."""
    if finding.review is not None:
        return finding.review.classification
    label = finding.matched_list.rpartition(".")[2]
    return label if label in CLASSIFICATIONS else ""


def _filed(finding: ChildFinding) -> Filed:
    content = finding.row.content
    item = content.item
    shown = AuditEntry.objects.filter(
        kind="item_seen", case_id=item.case_id, event__contains=f'"item":{item.pk},"seen":"visible"'
    )
    return Filed(
        finding,
        content,
        item,
        clause_of(finding.row),
        viewers_of(content),
        seen_elsewhere(content),
        shown.exists(),
        copies_of(content),
    )
