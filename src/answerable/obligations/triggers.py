"""What the database itself refuses about obligations, whoever asks: a promise can't be rewritten."""

from typing import Final

TABLE: Final = "obligations_obligation"
FROZEN: Final = ("kind", "subject", "cause", "params", "pack_digest", "regime", "owed_at")
CLOSED: Final = "a closed obligation never changes"
GROWS: Final = "an obligation never becomes due later"
CHANGED: Final = "what is owed, and why, never changes"
DELETED: Final = "an obligation is never deleted"


def statements(vendor: str) -> list[str]:
    """The triggers of the table of obligations, for `sqlite` or `postgresql`."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def _sqlite() -> list[str]:
    changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in FROZEN)
    refusals = [
        ("obligation_closed", "UPDATE", "OLD.state <> 'owed'", CLOSED),
        ("obligation_due", "UPDATE", "NEW.due_at > OLD.due_at", GROWS),
        ("obligation_frozen", "UPDATE", changed, CHANGED),
        ("obligation_deleted", "DELETE", "1", DELETED),
    ]
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW WHEN {when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, event, when, message in refusals
    ]


def _postgresql() -> list[str]:
    changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FROZEN)
    function = f"""
    CREATE OR REPLACE FUNCTION obligation_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION '{DELETED}' USING ERRCODE = 'restrict_violation';
        ELSIF OLD.state <> 'owed' THEN
            RAISE EXCEPTION '{CLOSED}' USING ERRCODE = 'restrict_violation';
        ELSIF NEW.due_at > OLD.due_at THEN
            RAISE EXCEPTION '{GROWS}' USING ERRCODE = 'restrict_violation';
        ELSIF {changed} THEN
            RAISE EXCEPTION '{CHANGED}' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
    """
    return [
        function,
        f"CREATE TRIGGER obligation_rows BEFORE UPDATE OR DELETE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION obligation_refuse()",
        f"CREATE TRIGGER obligation_table BEFORE TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION obligation_refuse()",
    ]
