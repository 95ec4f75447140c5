"""Keeping `tell_source`: say to a list's source what people here found about its record, once."""

from answerable import clock
from answerable.cases import commands
from answerable.matching.lists.base import NoFeedback, Opinion, SourceError
from answerable.matching.lists.registry import entry_of, source_of
from answerable.obligations import registry
from answerable.obligations.models import Obligation
from answerable.policy.words import By
from answerable.settings.config import ConfigError


def tell_source(obligation: Obligation) -> None:
    """Tell it. Raises SourceError where it surely did not arrive: then it is tried again, and else never."""
    told = commands.begin_telling(obligation.pk, now=clock.now())
    if told is None:
        return
    try:
        source = source_of(entry_of(told.hash_list))
    except (ConfigError, SourceError):  # nothing left this desk: the operator puts it right
        _not_told(obligation, "", again=True)
        raise
    try:
        source.tell(told.key, Opinion(told.opinion), facts={**told.facts, "matched": told.matched})
    except NoFeedback:
        _not_told(obligation, "the source takes no feedback on it")
    except SourceError as error:
        if error.retry:
            _not_told(obligation, "", again=True)
            raise
        _not_told(obligation, f"not told: {type(error).__name__}")
    else:
        commands.source_told(obligation.pk, now=clock.now())


def _not_told(obligation: Obligation, reason: str, *, again: bool = False) -> None:
    commands.source_not_told(obligation.pk, reason=reason, again=again, now=clock.now())


registry.kind("tell_source", by=By.WORKER, handler=tell_source)
