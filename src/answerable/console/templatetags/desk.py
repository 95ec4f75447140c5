"""How times and words are written on staff pages."""

from datetime import datetime, timedelta
from itertools import groupby

from django import template
from django.forms.boundfield import BoundField, BoundWidget

from answerable import clock
from answerable.cases.models import Filing
from answerable.cases.queries.filings import StepTaken
from answerable.console import wording
from answerable.policy.words import Age, Danger, Relation

register = template.Library()


@register.filter
def moment(at: datetime | None) -> str:
    """A time in UTC, to the minute: "1 Dec 09:05"; of another year with the year: "24 Jun 2027"."""
    if at is None:
        return ""
    return f"{at.day} {at:%b %H:%M}" if at.year == clock.now().year else f"{at.day} {at:%b %Y}"


@register.filter
def seconds(at: datetime | None) -> str:
    """A time in UTC, to the second."""
    return "" if at is None else f"{at.day} {at:%b %H:%M:%S}"


@register.filter
def until(due: datetime, now: datetime) -> str:
    """How long there is, or how long it is over: "in 12 min", "3 h over"."""
    return f"in {span(due - now)}" if due >= now else f"{span(now - due)} over"


@register.filter
def span(length: timedelta) -> str:
    """A length of time in its largest whole unit."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} days"


@register.filter
def filing_name(filing: Filing) -> str:
    """What a filing is."""
    to = filing.authority.upper()
    if filing.corrects is not None:
        return f"Correction of {to} {filing.corrects.report_id or filing.corrects.pk}"
    return f"Report to {to}" + (f" {filing.report_id}" if filing.report_id else "")


@register.filter
def how_far(filing: Filing) -> str:
    """How far a filing is, and what was asked last and isn't answered."""
    asked = f", asked to {asked_to(filing.step)}" if filing.state == "sending" and filing.step else ""
    return wording.FILINGS[filing.state] + asked


@register.filter
def happened(step: StepTaken) -> str:
    """What happened to a filing, in one line."""
    asked = asked_to(step.step) + (":" if step.step and step.outcome else "")
    outcome = wording.OUTCOMES.get(step.outcome, words(step.outcome))
    report = f"(report {step.report})" if step.report else ""
    said = " ".join(part for part in (wording.STEPS[step.kind], asked, outcome, report) if part)
    return said + (f", Request-ID {step.request}" if step.request else "")


def asked_to(step: str) -> str:
    """What an authority is asked: "upload:3" becomes "take file 3"."""
    word, _, number = step.partition(":")
    return f"{wording.ASKED.get(word, word)} {number}".strip()


@register.filter
def letter_state(state: str) -> str:
    """How far a letter to an authority is."""
    return wording.LETTERS[state]


@register.filter
def asks(value: str) -> str:
    """What an authority asks for."""
    return wording.ASKS[value]


@register.filter
def unfit(value: str) -> str:
    """Why a request was refused."""
    return wording.UNFIT[value]


@register.filter
def came(value: str) -> str:
    """How a request came."""
    return wording.CAME[value]


@register.filter
def duty(kind: str) -> str:
    """What there is to do."""
    return wording.JUDGE if kind == "judge" else wording.duty(kind)


@register.filter
def relation(value: str) -> str:
    """Who reports, as they say."""
    return wording.RELATIONS[Relation(value)]


@register.filter
def age(value: str) -> str:
    """How old the person shown is."""
    return wording.AGES[Age(value)]


@register.filter
def danger(value: str) -> str:
    """Whether somebody is in danger; nothing when not."""
    return wording.DANGERS[Danger(value)]


@register.filter
def about(subject: str) -> str:
    """What an obligation is about: "item:42" becomes "item 42"; a case's own law says nothing more."""
    word, _, number = subject.partition(":")
    return "" if word == "case_regime" else f"{word.replace('_', ' ')} {number}"


@register.filter
def grouped(field: BoundField) -> list[tuple[str, list[BoundWidget]]]:
    """The choices of a field under the names of their groups; those of no group under an empty name."""
    group_of = {
        value: name
        for name, inside in field.field.choices  # type: ignore[attr-defined]
        if isinstance(inside, list | tuple)
        for value, _ in inside
    }
    parts = groupby(field, key=lambda choice: group_of.get(choice.data["value"], ""))
    return [(name, list(choices)) for name, choices in parts]


@register.filter
def words(value: str) -> str:
    """A name of the code as words: "kept_late" becomes "kept late"."""
    return str(value).replace("_", " ")
