"""The database of the EU, one method for each thing that it can be asked. Each asks once."""

import json
from collections.abc import Sequence
from typing import Any, Final

from answerable.authorities import wire
from answerable.authorities.base import AnswerUnusable
from answerable.authorities.dsa import answers
from answerable.authorities.dsa.document import PUID, Document

API: Final = "/api/v1"
"""It is called v2 since July 2025, and so is what it takes; its path still says v1."""
MOST: Final = 100
"""Statements in one bundle."""


class Database:
    """Where it is for this desk, and this desk's token."""

    def __init__(self, base: str, token: str, seconds: float = 8.0) -> None:
        self._base, self._token, self._seconds = base, token, seconds

    def __repr__(self) -> str:
        return f"Database({self._base!r})"  # never its token

    def ping(self) -> None:
        """Whether it is there. Raises AuthorityError."""
        whole = self._ask("GET", "/ping", root="/api")
        if whole.status != 200:
            raise answers.error_of(whole, 1)
        if b"pong" not in whole.body:
            raise AnswerUnusable("no pong")

    def has(self, puid: str) -> bool:
        """Whether it has a statement of that name. Raises AuthorityError."""
        if not PUID.fullmatch(puid):
            raise ValueError("this is no puid")
        return answers.is_there(self._ask("GET", f"/statement/existing-puid/{puid}"))

    def store(self, documents: Sequence[Document]) -> dict[str, str]:
        """Store these, 1 to 100, all or none. Returns its own name of each by puid.

        Raises SaidToBeThere, Refused, TooMany, TokenRefused, AuthorityError.
        """
        if not 1 <= len(documents) <= MOST:
            raise ValueError(f"1 to {MOST} statements at a time")
        bodies = [one.as_json() for one in documents]
        if len(bodies) == 1:
            whole = self._ask("POST", "/statement", bodies[0])
        else:
            whole = self._ask("POST", "/statements", {"statements": bodies})
        found = answers.stored(whole, len(documents))
        names = {str(one.get("puid", "")): str(one.get("uuid", ""))[:36] for one in found}
        if set(names) != {one.puid for one in documents}:
            raise AnswerUnusable("stored other statements", code=201)
        return names

    def _ask(self, method: str, path: str, body: Any = None, *, root: str = API) -> wire.Whole:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        sending = wire.Sending(
            method=method,
            path=f"{root}{path}",
            headers=headers,
            body=json.dumps(body).encode() if body is not None else None,
        )
        return wire.ask(self._base, sending, seconds=self._seconds, most_bytes=answers.MOST_BYTES)
