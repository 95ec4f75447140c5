"""Policy packs: what is owed, who decides, what is promised and said. Nothing here knows cases or databases.

`load` a pack (or `load_named("baseline")`), then ask it: `pack.interim(...)`, `pack.owes(...)`,
`pack.promises(...)`, `pack.reply(...)`, `pack.notice(...)`. `check` compares it with what the code can do.
"""

from answerable.policy.checks import check
from answerable.policy.errors import Hole, MissingWordError, PolicyError
from answerable.policy.facts import Facts
from answerable.policy.load import baseline, load, load_named
from answerable.policy.pack import Pack, times
from answerable.policy.shapes import Clause, Copies, Do, Harm, NamedException, Refusal

__all__ = [
    "Clause",
    "Copies",
    "Do",
    "Facts",
    "Harm",
    "Hole",
    "MissingWordError",
    "NamedException",
    "Pack",
    "PolicyError",
    "Refusal",
    "baseline",
    "check",
    "load",
    "load_named",
    "times",
]
