"""The report form: little is asked, nothing typed is lost, and each error says what to do."""

import re
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from answerable.cases.inputs import LINKS_LIMIT, STATEMENT_LIMIT, ReportIn
from answerable.intake.cards import ABOUT, ACTING, Card, said
from answerable.intake.nonces import Sending
from answerable.intake.sites import LONGEST_LINE, Lines, read_lines
from answerable.policy.words import Danger

DANGERS = (
    (Danger.NONE.value, gettext_lazy("No, or I don’t know")),
    (Danger.SOON.value, gettext_lazy("Not yet, but I am afraid")),
    (Danger.NOW.value, gettext_lazy("Yes, right now")),
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]+")
LIMITS = {"contact": 300, "signature": 200, "earlier": 100}


class Text(forms.CharField):
    """Free text: control characters that no keyboard types are dropped instead of refused."""

    def to_python(self, value: Any) -> str:
        """The text, stripped, with line ends as in Unix."""
        text = str(value or "").replace("\r\n", "\n").replace("\r", "\n")
        return _CONTROL.sub("", text).strip()


class ReportForm(forms.Form):
    """Everything that a person can say in a report. Only `what` and one of the places are needed."""

    what = forms.ChoiceField(required=False)  # its choices are the cards of this desk's pack
    about = forms.ChoiceField(required=False, choices=ABOUT)
    links = Text(required=False)
    where = Text(required=False)
    danger = forms.ChoiceField(required=False, choices=DANGERS)
    statement = Text(required=False)
    contact = Text(required=False)
    earlier = Text(required=False)
    acting = forms.ChoiceField(required=False, choices=ACTING)
    good_faith = forms.BooleanField(required=False)
    signature = Text(required=False)
    send_anyway = forms.BooleanField(required=False)

    def __init__(self, cards: list[Card], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.cards = {card.value: card for card in cards}
        self.fields["what"] = forms.ChoiceField(
            required=False, choices=[(card.value, card.label) for card in cards]
        )

    @cached_property
    def lines(self) -> Lines:
        """The links box, read; also before the form is sent."""
        value = self["links"].value()
        return read_lines(Text().to_python(value))

    def clean_what(self) -> str:
        """One choice has to be made: it says what may be hidden at once."""
        value = str(self.cleaned_data["what"])
        if value not in self.cards:
            raise forms.ValidationError(_("Choose what it is. If nothing fits, take the last one."))
        return value

    def clean_links(self) -> str:
        """Some links at most, each of a length that links have."""
        value = str(self.cleaned_data["links"])
        if len(self.lines.links) > LINKS_LIMIT:
            raise forms.ValidationError(
                _(
                    "There are more than %(limit)s links. Send these first, then the others in a second report."
                )
                % {"limit": LINKS_LIMIT}
            )
        if any(len(link.typed) > LONGEST_LINE for link in self.lines.links):
            raise forms.ValidationError(
                _("One of these links is too long. Copy it again, or describe where it is.")
            )
        return value

    def clean(self) -> dict[str, Any]:
        """Some place or word is needed, not more words than we can keep, and unknown sites are told at once."""
        super().clean()
        self._check_lengths()
        if "links" in self.errors:
            return self.cleaned_data
        danger_now = self.cleaned_data.get("danger") == Danger.NOW
        if not (self.lines.links or self._words()):
            self.add_error("links", _("Put a link here, or describe below where it is."))
        elif self.lines.only_unknown and not danger_now and not self.cleaned_data.get("send_anyway"):
            self.add_error(
                "links",
                _("We don’t answer for this site. Read below what you can do, or send it to us even so."),
            )
        return self.cleaned_data

    def report_in(self, language: str, sending: Sending, earlier_report_id: int | None) -> ReportIn:
        """The report that the form says. Only when the form is valid."""
        data = self.cleaned_data
        card = self.cards[data["what"]]
        claims = said(card, data["about"], data["acting"])
        return ReportIn(
            harm=claims.harm,
            relation=claims.relation,
            age=claims.age,
            danger=Danger(data["danger"] or Danger.NONE),
            links=self.lines.links,
            statement=self._words(),
            contact=data["contact"],
            signature=data["signature"] if card.formal else "",
            good_faith=bool(data["good_faith"]) and card.formal,
            language=language,
            earlier_report_id=earlier_report_id,
            idempotency=sending.idempotency,
            code=sending.code,
        )

    def asks_formally(self) -> bool:
        """Whether something of a formal removal request was filled in."""
        data = self.cleaned_data
        formal = self.cards[data["what"]].formal
        return formal and bool(data["signature"] or data["good_faith"] or data["acting"])

    def typed(self) -> dict[str, str]:
        """Every value as it was typed, for the nonce."""
        return {name: str(self[name].value() or "") for name in self.fields}

    def _words(self) -> str:
        """Description, lines that were no links, and statement, as one text."""
        places = [*self.lines.words, self.cleaned_data.get("where", "")]
        texts = ["\n".join(place for place in places if place), self.cleaned_data.get("statement", "")]
        return "\n\n".join(text for text in texts if text)

    def _check_lengths(self) -> None:
        for name, limit in LIMITS.items():
            if len(self.cleaned_data.get(name, "")) > limit:
                self.add_error(
                    name, _("This is too long: write at most %(limit)s characters.") % {"limit": limit}
                )
        length = len(self._words())
        if length > STATEMENT_LIMIT:
            name = max(("links", "where", "statement"), key=lambda one: len(self.cleaned_data.get(one, "")))
            over = length - STATEMENT_LIMIT
            self.add_error(
                name,
                ngettext(
                    "This text is %(over)s character too long. Nothing is lost: shorten it here, or send the rest "
                    "as an answer afterwards.",
                    "This text is %(over)s characters too long. Nothing is lost: shorten it here, or send the rest "
                    "as an answer afterwards.",
                    over,
                )
                % {"over": f"{over:,}".replace(",", "\u202f")},
            )
