"""What the drill's database holds: each statement once by its puid, for ever, and bundles whole or not at all."""

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from answerable.authorities.dsa.drill import rules

MOST: Final = 100
NOT_UNIQUE: Final = "The identifier given is not unique within this platform."
NOT_ALL_UNIQUE: Final = "The platform identifier(s) are not all unique within this call."


@dataclass
class Answered:
    """A status and the body that goes with it."""

    status: int
    body: dict[str, Any]


class Statements:
    """All that was stored. `locked`: puids that another request holds just now."""

    def __init__(self, clock: Callable[[], datetime] | None = None) -> None:
        self.clock = clock or (lambda: datetime.now(UTC))
        self.by_puid: dict[str, dict[str, Any]] = {}
        self.locked: set[str] = set()
        self.bundles: list[int] = []
        self._lock = threading.Lock()

    def one(self, statement: Any) -> Answered:
        """Store one."""
        wrong = rules.errors_of(statement)
        if wrong:
            return Answered(422, {"message": _said(wrong), "errors": wrong})
        with self._lock:
            puid = statement["puid"]
            if puid in self.by_puid or puid in self.locked:
                errors = {"puid": [NOT_UNIQUE]}
                return Answered(422, {"message": NOT_UNIQUE, "errors": errors, "existing": {"puid": puid}})
            return Answered(201, self._store(statement))

    def several(self, body: Any) -> Answered:
        """Store all of a bundle, or none of it."""
        statements = body.get("statements") if isinstance(body, dict) else None
        if not isinstance(statements, list) or not 1 <= len(statements) <= MOST:
            said = f"The statements field must have between 1 and {MOST} items."
            return Answered(422, {"message": said, "errors": {"statements": [said]}})
        wrong = {
            f"statement_{n}": errors for n, one in enumerate(statements) if (errors := rules.errors_of(one))
        }
        if wrong:
            return Answered(422, {"errors": wrong})
        with self._lock:
            taken = self._taken(statements)
            if taken:
                errors = {"puid": [NOT_ALL_UNIQUE], "existing_puids": taken}
                return Answered(422, {"message": NOT_ALL_UNIQUE, "errors": errors})
            self.bundles.append(len(statements))
            return Answered(201, {"statements": [self._store(one) for one in statements]})

    def existing(self, puid: str) -> Answered:
        """Whether there is one of that name."""
        if puid in self.by_puid:
            return Answered(302, {"message": "statement of reason found", "puid": puid})
        return Answered(404, {"message": "statement of reason not found", "puid": puid})

    def read(self, name: str) -> Answered:
        """One by its uuid."""
        found = next((one for one in self.by_puid.values() if one["uuid"] == name), None)
        return Answered(200, found) if found else Answered(404, {"message": "not found"})

    def _taken(self, statements: Sequence[dict[str, Any]]) -> list[str]:
        seen: set[str] = set()
        taken = []
        for one in statements:
            puid = one["puid"]
            if puid in self.by_puid or puid in self.locked or puid in seen:
                taken.append(puid)
            seen.add(puid)
        return taken

    def _store(self, statement: dict[str, Any]) -> dict[str, Any]:
        name = str(uuid.uuid4())
        found = {
            **rules.kept(statement),
            "id": len(self.by_puid) + 1,
            "uuid": name,
            "created_at": f"{self.clock():%Y-%m-%d %H:%M:%S}",
            "platform_name": "The drill",
            "permalink": f"/statement/{name}",
            "self": f"/api/v1/statement/{name}",
        }
        self.by_puid[statement["puid"]] = found
        return found


def _said(wrong: rules.Errors) -> str:
    first = next(iter(wrong.values()))[0]
    more = sum(map(len, wrong.values())) - 1
    return f"{first} (and {more} more errors)" if more else first
