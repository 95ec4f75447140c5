"""The sentences of the status page: what became of a thing, what is owed, what a new fact is."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from answerable.cases.queries.status import OwedToReporter
from answerable.cases.queries.things import Thing

OWED: dict[str, str | Promise] = {
    "hide": gettext_lazy("We hide what you reported."),
    "limit": gettext_lazy("We make what you reported hard to find."),
    "look": gettext_lazy("A person looks at it."),
    "settle_tie": gettext_lazy("People decide about it."),
    "decide": gettext_lazy("People decide about it."),
    "remove": gettext_lazy("We remove it and check that it is gone."),
    "remove_if_undecided": gettext_lazy("If nobody has decided by then, it is removed."),
    "find_copies": gettext_lazy("We look for copies."),
    "find_claimed": gettext_lazy("We look for what you described by its fingerprint."),
    "restore": gettext_lazy("It becomes visible again."),
    "resolve": gettext_lazy("We find out what your link leads to."),
    "read_report": gettext_lazy("A person reads what you wrote."),
    "read_answer": gettext_lazy("A person reads your answer."),
    "answer_danger": gettext_lazy("A person takes care of the danger that you told us about."),
    "decide_complaint": gettext_lazy("Other people decide anew, as you asked."),
    "confirm_ending": gettext_lazy("A person looks once more before we end it."),
    "tell_reporter": gettext_lazy("We write to you here."),
}

FACTS = (
    ("age", gettext_lazy("How old the person shown is or was")),
    ("police", gettext_lazy("A police report, with its number")),
    ("identity", gettext_lazy("Who I am to the person shown")),
    ("place", gettext_lazy("Where else it is, or who shares it")),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of what happened."""

    text: str
    done: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A thing's state in words: a title, its tone (good, wait or none) and the steps so far."""

    title: str
    tone: str
    steps: tuple[Step, ...]


def owed_words(one: OwedToReporter) -> str:
    """What is owed, as a sentence."""
    return str(OWED[one.kind])


def told(thing: Thing) -> Told:
    """What to say about one thing of a report."""
    title, tone = _title(thing.state)
    return Told(title, tone, tuple(_steps(thing)))


def _title(state: str) -> tuple[str, str]:
    return {
        "unknown_site": (_("Not a site of ours"), "wait"),
        "unreachable": (_("Could not be found"), "wait"),
        "resolving": (_("Looking it up"), "wait"),
        "hiding": (_("Being hidden now"), "wait"),
        "hidden": (_("Hidden"), "good"),
        "limiting": (_("Being limited now"), "wait"),
        "limited": (_("Hard to find now"), "good"),
        "by_hand": (_("Still visible"), "wait"),
        "looking": (_("Waiting for a look"), "wait"),
        "removing": (_("Being removed"), "wait"),
        "gone": (_("Gone"), "good"),
        "kept": (_("Decided: not against the rules"), ""),
    }[state]


def _steps(thing: Thing) -> list[Step]:
    """What happened, oldest first, then what happens now."""
    steps = []
    if thing.hidden_at is not None:
        steps.append(Step(_("Hidden, and checked on the site."), True, thing.hidden_at))
    if thing.decided_at is not None:
        words = (
            _("People decided that it does not break the rules.")
            if thing.state == "kept"
            else _("Decided: it has no place there.")
        )
        steps.append(Step(words, True, thing.decided_at))
    if thing.complained:
        steps.append(Step(_("You asked for a new decision."), True))
    last = _last_step(thing)
    return [*steps, last] if last else steps


def _last_step(thing: Thing) -> Step | None:
    now = {
        "unknown_site": _("We can’t hide anything there. People read what you wrote."),
        "unreachable": _("The site finds nothing at this link, or does not answer. People look into it."),
        "resolving": _("We ask the site what this link leads to."),
        "hiding": _("We asked the site to hide it. We check that it did."),
        "hidden": _("Nobody else can see it until people have decided."),
        "limiting": _("We asked the site to make it hard to find. We check that it did."),
        "by_hand": _("The site can’t do it by itself. We have called a person to deal with it."),
        "looking": _("It is still visible. A person looks at it soon."),
        "removing": _("We asked the site to remove it. We check until it is gone."),
    }
    if thing.state in now:
        return Step(now[thing.state], False)
    if thing.state == "limited":
        return Step(
            _("It is not recommended and not found by search until people have decided."), True, thing.at
        )
    if thing.state == "gone":
        return Step(_("We looked on the site: it is no longer there."), True, thing.at)
    return None
