"""What can go wrong with the audit log."""


class AuditError(Exception):
    """The audit log can't do that."""


class UnknownKind(AuditError):
    """No such kind of entry: add it to audit/kinds.py."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No such kind of entry: {name!r}. Add it to audit/kinds.py.")


class NotInTransaction(AuditError):
    """An entry belongs in the transaction of the change that it records: call append inside atomic()."""

    def __init__(self) -> None:
        super().__init__(str(self.__doc__))


class BadEvent(AuditError):
    """An event may hold strings, integers below 2 ** 53, booleans, null, lists and objects only."""


class NoSuchEntry(AuditError):
    """There is no audit entry of that number."""


class NotForgettable(AuditError):
    """Looks and decisions can't be forgotten, and forgetting outside the schedule takes two people."""


class LogBroken(AuditError):
    """The log's own records contradict each other. Stop, keep a copy, and run `answerable audit check`."""
