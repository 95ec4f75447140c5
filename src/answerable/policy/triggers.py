"""What the database itself refuses about packs: what a case was pinned to is never changed or deleted."""

from typing import Final

TABLE: Final = "policy_policypack"
CHANGED: Final = "a policy pack never changes"
DELETED: Final = "a policy pack is never deleted"


def statements(vendor: str) -> list[str]:
    """The triggers of the table of packs, for `sqlite` or `postgresql`."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def _sqlite() -> list[str]:
    refusals = [
        ("policypack_frozen", "UPDATE", "NEW.digest IS NOT OLD.digest OR NEW.text IS NOT OLD.text", CHANGED),
        ("policypack_deleted", "DELETE", "1", DELETED),
    ]
    return [
        f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW WHEN {when}"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, event, when, message in refusals
    ]


def _postgresql() -> list[str]:
    function = f"""
    CREATE OR REPLACE FUNCTION policypack_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'UPDATE' THEN
            RAISE EXCEPTION '{DELETED}' USING ERRCODE = 'restrict_violation';
        ELSIF NEW.digest IS DISTINCT FROM OLD.digest OR NEW.text IS DISTINCT FROM OLD.text THEN
            RAISE EXCEPTION '{CHANGED}' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
    """
    return [
        function,
        f"CREATE TRIGGER policypack_rows BEFORE UPDATE OR DELETE ON {TABLE}"
        " FOR EACH ROW EXECUTE FUNCTION policypack_refuse()",
        f"CREATE TRIGGER policypack_table BEFORE TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION policypack_refuse()",
    ]
