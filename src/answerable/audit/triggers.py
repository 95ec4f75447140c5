"""The SQL that keeps the log append-only, whoever writes: `db.triggers` (re)creates it after each migration.

An entry is never deleted, and changes in two ways only, each once: it gets its place (`leaf_index`), and
where its kind is sealed, salt and event are erased together. Nodes and checkpoints never change; the head
only grows. On SQLite a REPLACE deletes without firing delete triggers, so an insert or a place that would
collide is refused too.
"""

from typing import NamedTuple


class Guard(NamedTuple):
    """One refusal: `event` on `table` when `condition` holds (SQL over OLD and NEW; empty: always)."""

    table: str
    event: str
    condition: str
    message: str

    @property
    def name(self) -> str:
        """The trigger's name."""
        return f"{self.table}_guards_{self.event.lower()}"


_SAME = " IS NOT DISTINCT FROM "
_FIXED = ("id", "at", "kind", "actor", "case_id", "sealed", "commitment")
_UNCHANGED = " AND ".join(f"NEW.{column}{_SAME}OLD.{column}" for column in _FIXED)
_WHOLE = f"NEW.salt{_SAME}OLD.salt AND NEW.event{_SAME}OLD.event"
_FREE = "NOT EXISTS (SELECT 1 FROM audit_entry WHERE leaf_index = NEW.leaf_index)"
_PLACED = " AND ".join(["OLD.leaf_index IS NULL", "NEW.leaf_index IS NOT NULL", _WHOLE, _FREE])
_ERASED = (
    f"NEW.leaf_index{_SAME}OLD.leaf_index AND OLD.sealed"
    " AND OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.event IS NULL"
)

GUARDS = (
    Guard(
        "audit_entry",
        "INSERT",
        "NEW.leaf_index IS NOT NULL OR NEW.salt IS NULL OR NEW.event IS NULL"
        " OR EXISTS (SELECT 1 FROM audit_entry WHERE id = NEW.id)",
        "an audit entry begins whole and without a place",
    ),
    Guard(
        "audit_entry",
        "UPDATE",
        f"NOT ({_UNCHANGED} AND (({_PLACED}) OR ({_ERASED})))",
        "an audit entry does not change",
    ),
    Guard("audit_entry", "DELETE", "", "an audit entry is not deleted"),
    Guard(
        "audit_node",
        "INSERT",
        'EXISTS (SELECT 1 FROM audit_node WHERE level = NEW.level AND "index" = NEW."index")',
        "a node of the audit tree is written once",
    ),
    Guard("audit_node", "UPDATE", "", "a node of the audit tree does not change"),
    Guard("audit_node", "DELETE", "", "a node of the audit tree is not deleted"),
    Guard("audit_head", "INSERT", "EXISTS (SELECT 1 FROM audit_head)", "the audit tree has one head"),
    Guard(
        "audit_head",
        "UPDATE",
        f"NOT (NEW.id{_SAME}OLD.id AND NEW.size > OLD.size)",
        "the audit tree only grows",
    ),
    Guard("audit_head", "DELETE", "", "the head of the audit tree is not deleted"),
    Guard(
        "audit_checkpoint",
        "INSERT",
        "EXISTS (SELECT 1 FROM audit_checkpoint WHERE size >= NEW.size)",
        "checkpoints only grow",
    ),
    Guard("audit_checkpoint", "UPDATE", "", "a checkpoint does not change"),
    Guard("audit_checkpoint", "DELETE", "", "a checkpoint is not deleted"),
)
TABLES = tuple(dict.fromkeys(guard.table for guard in GUARDS))


def names(vendor: str = "sqlite") -> list[str]:
    """The triggers that must be there before anything is served; PostgreSQL has some more."""
    truncations = [f"{table}_guards_truncate" for table in TABLES] if vendor == "postgresql" else []
    return [guard.name for guard in GUARDS] + truncations


def statements(vendor: str) -> list[str]:
    """The statements that (re)create the triggers on `sqlite` or `postgresql`, to be run one by one."""
    if vendor == "sqlite":
        return [statement for guard in GUARDS for statement in _sqlite(guard)]
    if vendor == "postgresql":
        made = [statement for guard in GUARDS for statement in _postgresql(guard)]
        return [_POSTGRESQL_REFUSE, *made, *[s for table in TABLES for s in _no_truncate(table)]]
    raise ValueError(f"There are no triggers for {vendor}: use sqlite or postgresql.")


def _sqlite(guard: Guard) -> list[str]:
    when = f" WHEN {guard.condition.replace(_SAME, ' IS ')}" if guard.condition else ""
    return [
        f"DROP TRIGGER IF EXISTS {guard.name}",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} FOR EACH ROW{when}"
        f" BEGIN SELECT RAISE(ABORT, '{guard.message}'); END",
    ]


_POSTGRESQL_REFUSE = """
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _postgresql(guard: Guard) -> list[str]:
    """A condition with a subquery can't stand in WHEN, so each guard tests it in a function of its own."""
    function = guard.name
    test = f"IF {guard.condition} THEN" if guard.condition else "IF true THEN"
    result = "OLD" if guard.event == "DELETE" else "NEW"
    return [
        f"""
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {test}
        RAISE EXCEPTION USING MESSAGE = '{guard.message}', ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN {result};
END $$
""",
        f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}",
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table}"
        f" FOR EACH ROW EXECUTE FUNCTION {function}()",
    ]


def _no_truncate(table: str) -> list[str]:
    name = f"{table}_guards_truncate"
    return [
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse('{table} is not emptied')",
    ]
