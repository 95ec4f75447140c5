"""The rules that always hold, as pure functions over plain values. The file to show a lawyer is this folder.

- `protecting`: what a report does before anybody has looked, and what a copy shares (rules 5, 6, 7, 11)
- `deciding`: what follows from the judgements of people (rules 8 to 10, 12 to 14)
- `telling`: whom a notice may reach, and when (rule 16)

Nothing here reads a database, a clock or a setting. `cases.commands` gathers the facts, asks, and writes.
"""

from answerable.cases.rules import deciding, protecting, telling

__all__ = ["deciding", "protecting", "telling"]
