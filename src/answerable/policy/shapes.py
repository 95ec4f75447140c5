"""The shape of a policy pack's file, part by part. Unknown keys are refused, so that a typo shows."""

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from answerable.policy.conditions import condition
from answerable.policy.durations import Duration
from answerable.policy.facts import Facts
from answerable.policy.texts import Texts
from answerable.policy.words import Age, By, Event, Interim, Severity

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
ClauseName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_]{0,38}$")]
RegimeName = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(\.[a-z]{2,3})?$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
ForeignList = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)*$", max_length=60)]


def _compiles(text: str) -> str:
    condition(text)
    return text


When = Annotated[str, AfterValidator(_compiles)]


class Part(BaseModel):
    """A part of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Entry(Part):
    """One thing owed after an event: `do` it `within` a time that counts from the event."""

    do: Name
    by: By = By.WORKER
    within: Duration
    after: Duration | None = Field(None, description="not before this time after the event")
    when: When | None = None
    regime: RegimeName | None = None
    to: Name | None = Field(None, description="an authority of the pack")
    reply: Name | None = Field(None, description="the reply that tells a reporter")
    notice: Name | None = Field(None, description="the notice that tells an account holder")
    what: Name | None = None
    keep_for: Duration | None = Field(None, alias="for")
    law: str | None = Field(None, description="where the law says so")
    priority: int | None = Field(
        None, ge=1, le=9, description="at the authority, as it counts them; 1: at once"
    )
    ground: str | None = Field(None, description="why the law lets this wait")

    def holds(self, facts: Facts) -> bool:
        """Whether its condition is true of these facts."""
        return self.when is None or condition(self.when).holds(facts)

    def params(self) -> dict[str, str | int]:
        """What a command needs besides who and when, frozen into the obligation. Times in seconds."""
        found: dict[str, str | int] = {
            name: value
            for name in ("to", "reply", "notice", "what", "law", "priority", "ground")
            if (value := getattr(self, name)) is not None
        }
        if self.regime:
            found["regime"] = self.regime
        if self.keep_for:
            found["keep_for_seconds"] = int(self.keep_for.total_seconds())
        if self.after:
            found["wait_seconds"] = int(self.after.total_seconds())
        return found


class InterimEntry(Part):
    """One line of `interim`: what happens to an item before anybody has looked."""

    use: Interim
    when: When | None = None


def _interim(value: Any) -> Any:
    """`interim: hide` is short for a list of one entry."""
    return [{"use": value}] if isinstance(value, str) else value


class Refusal(Part):
    """Who must agree on `not_violating`; `complete`: how many on a complete removal request."""

    people: int = Field(ge=1, le=5)
    qualified: Name
    tie: Literal["lead"]
    complete: int | None = Field(None, ge=1, le=5)


class ListMatch(Part):
    """A hash list on which an exact match, by SHA-256, may decide `violating`.

    list: its whole name with the class (`ncmec.A1`): a class that its source adds later decides nothing. clause: under
    which it decides; the harm's first one where none is named.
    """

    list: ForeignList
    exact: bool
    clause: ClauseName | None = None


class ListMeaning(Part):
    """What a match on a hash list of others means for an upload. A list that no entry names: hold.

    list: its name, and all its classes (`ncmec`), or one class of it (`ncmec.A1`). exact: the identical file by
    SHA-256; weaker hashes hold. near: what `near` can be is `hold` alone.
    """

    list: ForeignList
    exact: Literal["block", "hold"] = "hold"
    near: Literal["block", "hold"] = "hold"
    harm: Name | None = Field(None, description="under which what it finds is looked at")

    def covers(self, name: str) -> bool:
        """Whether it speaks of the list of that name."""
        return name == self.list or name.startswith(f"{self.list}.")


class Confirm(Part):
    """Who may decide `violating`."""

    people: int = Field(ge=1, le=5)
    or_match: tuple[ListMatch, ...] = ()


class Clause(Part):
    """One sentence of the terms under which an item is judged."""

    id: ClauseName
    text: Texts


class NamedException(Part):
    """A named reason not to call something violating. Never applied by a machine or by one person alone."""

    id: ClauseName
    text: Texts
    people: int = Field(ge=0, le=5)
    by: By = By.PEOPLE
    ages: tuple[Age, ...] = Field((Age.ADULT,), min_length=1)


class Copies(Part):
    """What happens to copies before anybody decided: `interim` for the first `up_to`, then `then`."""

    interim: Interim
    up_to: int = Field(ge=0, le=1000)
    then: Interim


def _kinds(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Promise(Part):
    """A sentence shown to people while everything that keeps it is owed.

    `{kind}` in the text becomes the longest time that the pack allows for that kind. `then` names kinds that
    must be owed after every decision, either way: a promise about what follows a decision. `in_terms` is how the
    terms say it, where it is nobody's own report.
    """

    text: Texts
    in_terms: Texts | None = None
    kept_by: Annotated[tuple[Name, ...], BeforeValidator(_kinds)] = Field(min_length=1)
    then: Annotated[tuple[Name, ...], BeforeValidator(_kinds)] = ()


def _sentence(value: Any) -> Any:
    """`{en: …, fr: …}` is short for a sentence without conditions."""
    return value if not isinstance(value, dict) or "text" in value else {"text": value}


class Term(Part):
    """A sentence of the terms around the harms; with `kept_by`, only where the desk's laws owe that."""

    text: Texts
    kept_by: Name | None = None


Terms = tuple[Annotated[Term, BeforeValidator(_sentence)], ...]


class Reply(Part):
    """An automatic message to a reporter, with what a regime's law adds, and promises shown while they are owed."""

    text: Texts
    regimes: dict[RegimeName, Texts] = {}
    promises: tuple[Promise, ...] = ()


class Notice(Part):
    """An automatic message to an account holder, with what a regime's law adds to it."""

    text: Texts
    regimes: dict[RegimeName, Texts] = {}


class Keeping(Part):
    """What a regime lets the desk keep: media only where a basis is named.

    at_hiding: also of what is hidden and that nobody has decided, where its platform can't keep the bytes itself.
    """

    media: bool
    at_hiding: bool = False
    basis: str | None = None
    keep_for: Duration = Field(alias="for")


class Delay(Part):
    """How long the notice of a hiding may wait under a regime, and on which ground."""

    longest: Duration
    ground: str


class Orders(Part):
    """What an authority can ask for under a regime, and for how long. Counsel says which law applies to whom.

    preserve: how long everything is kept from the receipt of a request; without it, until people release it. extend:
    how much longer, each time it is asked for again. remove: within what time of its receipt an order is carried out
    or answered. silence: how long an order may keep the desk from telling an account holder, at most. laws: those under
    which authorities order removals, by a short name, as account holders read them.
    """

    preserve: Duration | None = None
    extend: Duration | None = None
    remove: Duration | None = None
    silence: Duration | None = None
    laws: dict[Name, Texts] = Field(default_factory=dict)


class Regime(Part):
    """A body of law under which the operator is the provider."""

    name: Texts
    tells: tuple[Name, ...] = ()
    keeps: Keeping
    delay: Delay
    orders: Orders = Orders()


class Authority(Part):
    """Somebody who is told, about people of these ages."""

    name: Texts
    regime: RegimeName
    ages: tuple[Age, ...] = Field(tuple(Age), min_length=1)


Owes = dict[Event, tuple[Entry, ...]]


class Harm(Part):
    """What a case is about, who decides it, and what is owed when."""

    name: Texts
    ages: tuple[Age, ...] = Field(min_length=1)
    severity: Severity
    interim: Annotated[tuple[InterimEntry, ...], BeforeValidator(_interim)] = Field(min_length=1)
    copies: Copies
    refuse: Refusal
    refuse_adult: Refusal | None = None
    confirm: Confirm
    clauses: tuple[Clause, ...] = Field(min_length=1)
    exceptions: tuple[NamedException, ...] = ()
    shares: tuple[Name, ...] = ()
    owes: Owes = {}
    says: tuple[Name, ...] = ()
    promises: tuple[Promise, ...] = ()

    def refusal(self, age: Age, complete: bool) -> "Refusal":
        """How many qualified people `not_violating` takes. `complete`: on a complete removal request."""
        rule = self.refuse_adult if age is Age.ADULT and self.refuse_adult else self.refuse
        people = rule.complete if complete and rule.complete else rule.people
        return rule.model_copy(update={"people": people, "complete": None})

    def clause(self, clause_id: str) -> Clause:
        """The clause of that name. Raises KeyError."""
        return next((c for c in self.clauses if c.id == clause_id), None) or _no(clause_id)


def _no(name: str) -> Any:
    raise KeyError(name)


class Do(Part):
    """One thing that a pack says is owed now, with everything a command needs."""

    do: str
    by: By
    within: timedelta
    after: timedelta | None = None
    regime: str | None = None
    to: str | None = None
    params: dict[str, str | int] = {}
