"""What staff type, checked before any command sees it."""

from collections.abc import Sequence
from typing import Any

from django import forms

from answerable.cases.inputs import STATEMENT_LIMIT
from answerable.cases.queries import evidence
from answerable.console.wording import AGES, CLASSES, CONTACT_FOR, HOLDERS, MISSING, OPENED_FOR, VERDICTS
from answerable.policy.shapes import Harm
from answerable.policy.words import Age


class JudgementForm(forms.Form):
    """A verdict under a clause, the age, the reason; an exception or the missing element where they apply.

    `harms`: those whose clauses are offered, that of the case first. `classifies`: a class is asked for, too.
    """

    verdict = forms.ChoiceField(
        choices=[(v.value, text) for v, text in VERDICTS.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a verdict."},
    )
    age = forms.ChoiceField(
        label="The person shown is",
        choices=[(a.value, text) for a, text in AGES.items()],
        widget=forms.RadioSelect,
        error_messages={"required": "Say how old the person shown is; “not sure” is an answer."},
    )
    clause = forms.ChoiceField(
        widget=forms.RadioSelect, error_messages={"required": "Choose the clause that you judged under."}
    )
    exception = forms.ChoiceField(required=False, label="Exception")
    missing_element = forms.ChoiceField(required=False, label="What the removal request lacks")
    classification = forms.ChoiceField(
        required=False,
        label="Class on the industry's scale",
        choices=list(CLASSES.items()),
        help_text="For NCMEC alone, as the agreement defines it.",
    )
    nobody_in_it = forms.BooleanField(
        required=False, label="Nobody is in it: no person, real, drawn or generated"
    )
    reason = forms.CharField(
        label="Your reason",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "true"}),
        help_text="For those who check your judgement later. It never leaves the desk.",
        error_messages={"required": "Give a reason: one sentence is enough."},
    )

    def __init__(
        self, *args: Any, harms: Sequence[Harm], complete: bool, classifies: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        clauses = [(harm.name["en"], [(c.id, c.text["en"]) for c in harm.clauses]) for harm in harms]
        self.fields["clause"].choices = clauses  # type: ignore[attr-defined]
        excepting = [harm for harm in harms if harm.exceptions]
        named = [(harm.name["en"], [(e.id, e.text["en"]) for e in harm.exceptions]) for harm in excepting]
        exceptions = [("", "None"), *named]
        self.fields["exception"].choices = exceptions  # type: ignore[attr-defined]
        self.fields["missing_element"].choices = [("", "Nothing"), *MISSING.items()]  # type: ignore[attr-defined]
        if len(exceptions) == 1:
            del self.fields["exception"]
        if not complete:
            del self.fields["missing_element"]
        if not classifies:
            del self.fields["classification"]
        for (
            field
        ) in self.fields.values():  # they stand beside the pictures, whose own forms can't lie inside theirs
            field.widget.attrs["form"] = "judgement"

    def clean(self) -> dict[str, Any]:
        """Refuse what contradicts itself."""
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == "violating":
            for name in ("nobody_in_it", "missing_element", "exception"):
                if cleaned.get(name):
                    self.add_error(name, "That goes with “not violating” only.")
        elif cleaned.get("classification"):
            self.add_error("classification", "That goes with “violating” only.")
        if cleaned.get("classification") and cleaned.get("age") == Age.ADULT:
            self.add_error("classification", "That is about children only.")
        return cleaned


class HolderForm(forms.Form):
    """Whose account it is (rule 12)."""

    answer = forms.ChoiceField(
        label="Who holds this account?",
        choices=list(HOLDERS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose an answer; “I can't tell” is one."},
    )


class KeptForm(forms.Form):
    """Where to find the proof that something was done outside of this desk."""

    reference = forms.CharField(
        label="Reference",
        max_length=200,
        help_text="The number or name under which the other side holds it, or how you did it. No names of people.",
        error_messages={"required": "Write the reference: without it nobody can check that it was done."},
    )


class ContactForm(forms.Form):
    """What a contact is to be opened for; a second person agrees, or not."""

    purpose = forms.ChoiceField(
        label="What the contact is needed for",
        choices=list(CONTACT_FOR.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is needed for: the person who agrees reads it."},
    )


def keys() -> list[tuple[str, str]]:
    """The authorities' keys that evidence can be encrypted to."""
    return [("", "Nobody's: it is for me"), *((name, name) for name in evidence.verified_recipients())]


class EvidenceForm(forms.Form):
    """What evidence is to be handed out for; another custodian agrees, or not."""

    purpose = forms.ChoiceField(
        label="What the evidence is needed for",
        choices=list(OPENED_FOR.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what it is needed for: the custodian who agrees reads it."},
    )
    request = forms.IntegerField(
        label="The authority's request that it is to answer",
        help_text="Its number. Without one it is for you, and goes to no authority.",
        required=False,
        min_value=1,
    )
    to = forms.ChoiceField(
        label="Whose key it is encrypted to",
        help_text="With a request only. The custodian who agrees, agrees to this key and to no other.",
        required=False,
        choices=keys,
    )


class MessageForm(forms.Form):
    """Words to a reporter, on their status page."""

    text = forms.CharField(
        label="Message to the reporter",
        max_length=STATEMENT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="They read it with their code. Don't name anybody, and don't describe the item.",
        error_messages={"required": "Write the message."},
    )


class PlaceForm(forms.Form):
    """Where the thing stands that a report describes, as the person who read it found out."""

    link = forms.CharField(
        label="Link to what it is about",
        max_length=2000,
        help_text="On a site of this desk. It is protected as if the report had named it when it came.",
        error_messages={"required": "Write the link."},
    )
