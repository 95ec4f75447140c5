"""Conditions of a pack: CEL over `Facts`, compiled at load and tried on every combination of facts.

A typo in CEL compiles and fails only when it runs, so a condition is used only after it has given a
boolean for every combination of the facts that it names. The answers are kept; nothing is evaluated later.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cel

from answerable.policy.facts import Facts, Value, combinations, domains

MAX_LENGTH = 300
_ALLOWED = {"_==_", "_!=_", "_&&_", "_||_", "!_", "@in", "_?_:_"}
_LITERAL = re.compile(r"'([^'\\]*)'|\"([^\"\\]*)\"")


@dataclass(frozen=True)
class Condition:
    """One condition with its answer for every combination of the facts that it names."""

    text: str
    names: tuple[str, ...]
    answers: Mapping[tuple[Value, ...], bool]

    def holds(self, facts: Facts | Mapping[str, Value]) -> bool:
        """Whether it is true of these facts."""
        if isinstance(facts, Facts):
            return self.answers[tuple(_plain(getattr(facts, name)) for name in self.names)]
        return self.answers[tuple(facts[name] for name in self.names)]


def _plain(value: Value) -> Value:
    return value if isinstance(value, bool) else str(value)


@lru_cache(maxsize=1024)
def condition(text: str) -> Condition:
    """Compile and try a condition. Raises ValueError with the reason it can't stand in a pack."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a condition has at most {MAX_LENGTH} characters")
    try:
        program = cel.compile(text)
    except (ValueError, RuntimeError) as error:
        raise ValueError(f"`{text}` is not a CEL expression: {_first_line(error)}") from error
    strange = sorted(set(program.functions()) - _ALLOWED)
    if strange:
        raise ValueError(f"`{text}` uses {', '.join(strange)}: only == != && || ! in and ?: are allowed")
    names = tuple(program.variables())
    unknown = [name for name in names if name not in domains()]
    if unknown:
        raise ValueError(f"`{text}` uses the unknown fact {unknown[0]!r}: there are {', '.join(domains())}")
    _compare_values(text, names)
    return Condition(text, names, _try_all(text, program, names))


def _compare_values(text: str, names: tuple[str, ...]) -> None:
    """Refuse a literal that none of the named facts can be: it would compile and never be true."""
    possible = {value for name in names for value in domains()[name] if isinstance(value, str)}
    for match in _LITERAL.finditer(text):
        literal = match[1] if match[1] is not None else match[2]
        if literal not in possible:
            raise ValueError(f"`{text}` compares with {literal!r}, which none of its facts can be")


def _try_all(text: str, program: cel.Program, names: tuple[str, ...]) -> dict[tuple[Value, ...], bool]:
    answers: dict[tuple[Value, ...], bool] = {}
    for facts in combinations(names):
        try:
            answer = program.execute(facts)
        except (ValueError, RuntimeError, TypeError) as error:
            raise ValueError(f"`{text}` is not total: it fails for {facts}: {_first_line(error)}") from error
        if not isinstance(answer, bool):
            raise ValueError(f"`{text}` is not total: it gives {answer!r} for {facts}, not true or false")
        answers[tuple(facts.values())] = answer
    if len(set(answers.values())) == 1:
        raise ValueError(f"`{text}` is {'always' if answer else 'never'} true: it decides nothing")
    return answers


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
