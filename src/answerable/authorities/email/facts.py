"""What a letter tells an authority: read from decisions, findings, items and accounts. Nothing of who reported it."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict

from answerable.authorities.ncmec.facts import SAYS_WHO, copies_of
from answerable.cases.commands.untold import Told
from answerable.cases.models import Case, Letter, Report
from answerable.cases.queries.filings import OF_COPIES
from answerable.obligations.models import Obligation
from answerable.policy import store
from answerable.policy.words import Age, Danger, Relation
from answerable.settings.config import Config

AGES = {
    Age.CHILD: "a person under 18",
    Age.UNSURE: "a person of whom people here could not tell whether they are under 18",
    Age.ADULT: "an adult",
}
HOLDERS = {
    "": "not known",
    "offender": "who posted it, as people here found",
    "depicted": "the person shown in it, as people here found: a victim",
    "taken_over": "somebody whose account was taken over, as people here found",
    "outrage": "somebody who shared it in outrage or to warn, as people here found",
    "unsure": "not known; people here could not tell",
}


class Part(BaseModel):
    """A part of what is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Thing(Part):
    """One thing that stood on a platform."""

    platform: str
    name: str
    address: str
    kind: str
    posted_at: datetime | None
    found_at: datetime
    found_by: str
    rule: str
    shows: str
    account: str
    account_holder: str
    sha256: str
    md5: str
    copies: int


class Facts(Part):
    """All that one letter says."""

    reference: str
    purpose: str
    law: str
    from_whom: str
    written_at: datetime
    takes_back: str = ""
    danger: str = ""
    who_said_so: tuple[str, ...] = ()
    things: tuple[Thing, ...] = ()
    evidence: str = "The platform keeps the files sealed. Ask for them at the address of this mail."

    def as_text(self) -> str:
        """For somebody to read."""
        said = self.model_dump(mode="json")
        things = said.pop("things")
        lines = [f"{_name(name)}: {_value(value)}" for name, value in said.items() if value not in ("", [])]
        for number, thing in enumerate(things, 1):
            lines += ["", f"Number {number}"]
            lines += [f"  {_name(name)}: {_value(value)}" for name, value in thing.items() if value]
        return "\n".join([*lines, ""])


def report_facts(
    obligation: Obligation, told: list[Told], reference: str, config: Config, now: datetime
) -> Facts:
    """What is told of these."""
    case = Case.objects.get(pk=obligation.case_id or 0)
    items = [one.decision.content.item_id for one in told]
    reports = Report.objects.filter(reported_items__item__in=items).distinct().order_by("pk")
    return Facts(
        reference=reference,
        purpose="A report.",
        law=str(obligation.params.get("law", obligation.regime)),
        from_whom=_who(config),
        written_at=now.astimezone(UTC),
        danger=danger_said(reports),
        who_said_so=tuple(dict.fromkeys(SAYS_WHO[Relation(one.relation)] for one in reports)),
        things=tuple(thing_of(one, case) for one in told),
    )


def correction_facts(letter: Letter, reference: str, config: Config, now: datetime) -> Facts:
    """That an earlier letter no longer holds."""
    count = letter.items.count()
    return Facts(
        reference=reference,
        purpose="A correction.",
        law=letter.regime,
        from_whom=_who(config),
        written_at=now.astimezone(UTC),
        takes_back=f"{letter.reference}: what it says of {count} items no longer holds in all. People here decided"
        " otherwise. Please don't act on it without asking us.",
        evidence="",
    )


def _who(config: Config) -> str:
    email = config.authorities.email
    contact = f", {email.sender}" if email is not None else ""
    return f"{config.desk.name}, {config.desk.public_url}{contact}"


def danger_said(reports: Iterable[Report]) -> str:
    """Whether a report says that somebody is in danger, and when it came; empty where none does."""
    rows = [one for one in reports if one.danger != Danger.NONE]
    if not rows:
        return ""
    now = [one for one in rows if one.danger == Danger.NOW]
    first = min(one.received_at for one in now or rows).astimezone(UTC)
    said = "is in danger now" if now else "may be in danger soon"
    return f"A report says that somebody {said}. It came at {first:%Y-%m-%d %H:%M} UTC."


def thing_of(told: Told, case: Case) -> Thing:
    """One thing that stood on a platform, as authorities are told of it."""
    decision, content = told.decision, told.decision.content
    item = content.item
    matched = told.finding.matched_list if told.finding is not None else ""
    age = Age(told.finding.age) if told.finding is not None else Age(item.age)
    account = item.account
    return Thing(
        platform=item.platform,
        name=item.ref,
        address=item.url,
        kind=item.kind,
        posted_at=item.posted_at.astimezone(UTC) if item.posted_at else None,
        found_at=decision.at.astimezone(UTC),
        found_by=_found_by(matched),
        rule=store.pack(case.pack_digest).clause_text(decision.clause, "en"),
        shows=AGES[age],
        account=account.ref if account is not None else "",
        account_holder=HOLDERS.get(account.judged_as, HOLDERS[""]) if account is not None else "",
        sha256=content.sha256,
        md5=content.md5,
        copies=copies_of(content),
    )


def _found_by(matched_list: str) -> str:
    if matched_list == OF_COPIES:
        return "two qualified people of this desk, who judged the identical file that stood elsewhere"
    return (
        f"an exact match with the list {matched_list}" if matched_list else "a qualified person of this desk"
    )


def _name(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _value(value: object) -> str:
    return one_line("; ".join(map(str, value)) if isinstance(value, list) else str(value))


def one_line(text: str) -> str:
    """A text as one line: what a platform names can't begin a line of its own."""
    return " ".join(text.split())
