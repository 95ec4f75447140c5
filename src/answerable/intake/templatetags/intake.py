"""Filters of the public pages: times, what became of a thing, what is owed."""

from datetime import UTC, datetime

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from answerable.cases.queries.status import OwedToReporter
from answerable.cases.queries.things import Thing
from answerable.intake import wording

register = template.Library()


@register.filter
def moment(at: datetime) -> SafeString:
    """A time for people, in UTC, and for machines; a script may rewrite it in the reader's own time zone."""
    at = at.astimezone(UTC)
    words = _("%(day)s at %(time)s UTC") % {
        "day": date_format(at, "j F Y"),
        "time": date_format(at, "H:i"),
    }
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), words)


@register.filter
def said(thing: Thing) -> wording.Told:
    """What to say about one thing of a report."""
    return wording.told(thing)


@register.filter
def owed_words(one: OwedToReporter) -> str:
    """What is owed, as a sentence."""
    return wording.owed_words(one)
