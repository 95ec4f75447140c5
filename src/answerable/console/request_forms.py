"""What staff type about authorities' requests, checked before any command sees it."""

from collections.abc import Sequence
from typing import Any

from django import forms

from answerable.cases.inputs import LINKS_LIMIT, STATEMENT_LIMIT
from answerable.cases.models import Item
from answerable.console.wording import AGES, ASKS, CAME, UNFIT
from answerable.evidence.answering import FIELDS
from answerable.policy import Pack


def _number(label: str, help_text: str = "") -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, required=False, help_text=help_text)


def _text(label: str, help_text: str = "", *, rows: int = 3, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=STATEMENT_LIMIT,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
    )


def _time(label: str, help_text: str, *, required: bool = True) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": "Write the time, in UTC.",
            "invalid": "Write it as 2027-03-01 14:30, in UTC.",
        },
    )


class RequestForm(forms.Form):
    """One request as it came. Everything in it is a claim until two people verified it."""

    asks = forms.ChoiceField(
        label="What it asks for",
        choices=list(ASKS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it asks for. Of several, enter one after the other."},
    )
    came = forms.ChoiceField(label="How it came", choices=list(CAME.items()))
    received_at = _time(
        "When it was received (UTC)", "All times count from here, not from when you type it in."
    )
    authority = forms.CharField(
        label="Who says to be asking",
        max_length=300,
        help_text="As it is written there.",
        error_messages={"required": "Write who says to be asking."},
    )
    country = forms.CharField(
        label="Country",
        min_length=2,
        max_length=2,
        help_text="Two letters, such as FR.",
        error_messages={"required": "Write the country as two letters."},
    )
    regime = forms.ChoiceField(label="Under which law")
    basis = forms.CharField(
        label="The law that it names",
        max_length=500,
        help_text="Article by article. “None named” is an answer.",
        error_messages={"required": "Write the law that it names, or “none named”."},
    )
    law = forms.ChoiceField(
        label="Is that law one of these?",
        required=False,
        help_text="Of an order to remove, its holder is told the one that you choose, and otherwise the body of law.",
    )
    reference = forms.CharField(label="Their reference", max_length=200, required=False)
    contacts = _text(
        "All contacts that stand in it",
        "Every number and address, sender and letterhead too. Nobody may verify it by one of these.",
        required=False,
    )
    words = _text(
        "What it says", "As far as needed to answer it. Encrypted, and opened by an act that is logged."
    )
    harm = forms.ChoiceField(label="What it is about")
    age = forms.ChoiceField(label="The person shown is", choices=[(a.value, t) for a, t in AGES.items()])
    links = _text("Links to what it names", "One a line.")
    accounts = _text("Accounts that it names", "One a line: the platform, a space, the account.", rows=2)
    case_id = _number("Case that it names")
    report_id = _number(
        "Report by which it came", "Its items are named then, and its time is that of the report."
    )
    earlier_id = _number("Earlier request", "That it extends or lifts.")
    deadline = _time("Time that it names (UTC)", "The earlier of this and the law's counts.", required=False)

    def __init__(self, *args: Any, pack: Pack, regimes: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = list(dict.fromkeys([*regimes, *pack.regimes]))
        spoken = {name: found.name["en"] for name, found in pack.regimes.items()}
        self.fields["regime"].choices = [(n, spoken.get(n, n)) for n in names]  # type: ignore[attr-defined]
        laws = [(n, text["en"]) for r in pack.regimes.values() for n, text in r.orders.laws.items()]
        self.fields["law"].choices = [("", "another one"), *laws]  # type: ignore[attr-defined]
        harms = [(name, harm.name["en"]) for name, harm in pack.harms.items()]
        self.fields["harm"].choices = harms  # type: ignore[attr-defined]
        self.fields["age"].initial = "unsure"

    def clean_links(self) -> list[str]:
        """The links, one a line."""
        found = [line.strip() for line in self.cleaned_data["links"].splitlines() if line.strip()]
        if len(found) > LINKS_LIMIT:
            raise forms.ValidationError(
                f"At most {LINKS_LIMIT} links in one request: enter the rest as another."
            )
        return found

    def clean_accounts(self) -> list[tuple[str, str]]:
        """Platform and account, one a line."""
        found = []
        for line in self.cleaned_data["accounts"].splitlines():
            platform, _, ref = line.strip().partition(" ")
            if not platform:
                continue
            if not ref.strip():
                raise forms.ValidationError("Write the platform's name, a space, and the account.")
            found.append((platform[:40], ref.strip()[:300]))
        return found


class CheckForm(forms.Form):
    """By which contact this person reached the authority, and where they found it."""

    contact = forms.CharField(
        label="The contact that you used",
        max_length=300,
        help_text="The number or address that you called or wrote to. None that stands in the request.",
        error_messages={"required": "Write the number or address that you used."},
    )
    found = forms.CharField(
        label="Where you found it",
        max_length=500,
        help_text="A public register, the state's own site reached by yourself, an earlier verified request.",
        error_messages={"required": "Write where you found it."},
    )


class SilenceForm(forms.Form):
    """Until when notices wait, and which law orders it."""

    until = _time("Until (UTC)", "It ends by itself then.")
    ground = forms.CharField(
        label="Article that forbids to tell",
        max_length=200,
        help_text="It stands in the log: no names.",
        error_messages={"required": "Write the article."},
    )


class RefusalForm(forms.Form):
    """Why a request is refused."""

    unfit = forms.ChoiceField(label="Why", choices=list(UNFIT.items()))
    reason = _text(
        "In your words", "For those who check this later. It never leaves the desk.", required=True
    )


class AnswerForm(forms.Form):
    """That the authority was told, by a contact that was verified."""

    reference = forms.CharField(
        label="How, and under which reference",
        max_length=200,
        help_text="Only by a contact that was verified. No names of people.",
        error_messages={"required": "Write how, and under which reference."},
    )


class PackageForm(forms.Form):
    """What an authority is to be given: to which key, of which items, which fields."""

    recipient = forms.ChoiceField(label="To which verified key")
    items = forms.MultipleChoiceField(
        label="Items",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one item: only what was asked for."},
    )
    fields_given = forms.MultipleChoiceField(
        label="Fields",
        choices=list(FIELDS.items()),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one field: only what was asked for."},
    )

    def __init__(self, *args: Any, items: Sequence[Item], recipients: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shown = [(str(item.pk), f"item {item.pk} on {item.platform}, {item.kind}") for item in items]
        self.fields["items"].choices = shown  # type: ignore[attr-defined]
        self.fields["recipient"].choices = [(name, name) for name in recipients]  # type: ignore[attr-defined]
