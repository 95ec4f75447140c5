"""Which harm something follows: a clause's, a decision's, or the severer one that a case is about."""

from answerable.cases.commands.writing import pack_of, regimes
from answerable.cases.inputs import Refused
from answerable.cases.models import Case
from answerable.policy import Do, Facts, Pack

FOR_AUTHORITIES = frozenset({"report_authority", "preserve", "destroy_preserved"})


def harm_of_clause(pack: Pack, clause: str) -> str:
    """The harm under whose clause an item is judged. Raises Refused for an unknown clause."""
    for name, harm in pack.harms.items():
        if any(known.id == clause for known in harm.clauses):
            return name
    raise Refused(f"There is no clause {clause!r} in this case's policy pack.")


def harm_decided(case: Case, clause: str) -> str:
    """The harm under which something was decided before.

    A case may be pinned to a newer pack since, and a copy's case to another one. Where that pack doesn't know
    the clause, the harm that it is named after stands for it, or else what the case is about: what was decided
    stays decided.
    """
    harms = pack_of(case).harms
    try:
        return harm_of_clause(pack_of(case), clause)
    except Refused:
        named = clause.partition(".")[0]
        return named if named in harms else case.harm


def owed_after(event: str, case: Case, clause: str, facts: Facts) -> list[Do]:
    """What the pack owes after this event, `on_violating` or `on_filed`, about an item judged under this clause.

    Whom the law has told follows the severer harm, of the clause and of the case: an item of a case about a
    child that was judged under a catch-all is reported all the same (rules 13 and 22).
    """
    pack, harm = pack_of(case), harm_decided(case, clause)
    dos = pack.owes(harm, event, facts, regimes())
    if pack.harm(case.harm).severity.rank > pack.harm(harm).severity.rank:
        of_case = pack.owes(case.harm, event, facts, regimes())
        dos += [do for do in of_case if do.do in FOR_AUTHORITIES]
    return dos


def raise_harm(case: Case, harm: str, pack: Pack) -> None:
    """Let a case be about the severer of its harm and this one, which `pack` defines. Saves nothing.

    A case and its harm belong to one pack. Where the case's own doesn't know the new harm, the case is pinned to
    `pack`, unless that would lose what the case is about; what it owes already stays as it is.
    """
    pinned = pack_of(case)
    if pack.harm(harm).severity.rank > pinned.harm(case.harm).severity.rank:
        case.harm = harm
    if harm not in pinned.harms and case.harm in pack.harms:
        case.pack_digest = pack.digest
