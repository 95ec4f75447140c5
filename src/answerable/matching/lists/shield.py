"""Arachnid Shield (Canadian Centre for Child Protection): not a list but a question, asked by PDQ hash only.

Nothing but hashes is sent: never `/v1/media` or `/v1/url`, which would hand over a user's picture or its address.
What it answers finds, and people look (rule 8). Its terms, as an integrator reports them: what it says of a
match must not be fed to generative AI.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import Field

from answerable.matching.lists import http, secret
from answerable.matching.lists.config import Listed
from answerable.matching.lists.fields import word

AT_ONCE: Final = 100
CONNECT_SECONDS: Final = 3.0


class Found(StrEnum):
    """What Shield knows of a hash. There is no word for harmless: it can't say that, and no machine may."""

    CSAM = "csam"
    HARMFUL = "harmful-abusive-material"
    NOT_KNOWN = "no-known-match"
    NOT_COMPLETED = "not-completed"
    """It gave no answer that we understand: the question stays open."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What Shield said of one PDQ. `said`: its own word; `match`: exact, near or empty; `near`: how many."""

    found: Found
    said: str = ""
    match: str = ""
    near: int = 0


class Config(Listed):
    """How Shield is reached."""

    login_file: str = Field(description="a secret file: name:password of Shield")


def source(
    config: Config, waiting: http.Waiting | None = None, *, seconds: float = http.TIMEOUT_SECONDS
) -> "Shield":
    """Shield, to be asked: `seconds` for a whole question. Raises SecretUnusable."""
    return Shield(
        http.Door(
            config.base_url,
            {"Accept": "application/json"},
            auth=secret.login(config.login_file),
            waiting=waiting or http.Waiting(),
            seconds=seconds,
            connect_seconds=CONNECT_SECONDS,
        )
    )


class Shield:
    """Shield as it is asked."""

    def __init__(self, door: http.Door) -> None:
        self._door = door

    def look_up(self, pdqs: Iterable[bytes]) -> dict[bytes, Finding]:
        """What is known of each hash (32 bytes). Every hash has a finding, if only that it was not completed.

        A question is a POST, so it is asked once: who owes it asks again later. Raises SourceError.
        """
        wanted = list(dict.fromkeys(pdqs))
        if any(len(pdq) != 32 for pdq in wanted):
            raise ValueError("a PDQ has 32 bytes")
        findings: dict[bytes, Finding] = {}
        with self._door.open() as talk:
            for start in range(0, len(wanted), AT_ONCE):
                findings |= dict(_ask(talk, wanted[start : start + AT_ONCE]))
        return findings

    def check(self) -> str:
        """Ask about one hash that is nobody's, to see whether the credentials are good. Raises SourceError."""
        nobodys = hashlib.sha256(b"a hash that is no picture's").digest()
        found = self.look_up([nobodys])[nobodys]
        if found.found is Found.NOT_COMPLETED:
            raise http.AnswerUnusable("it did not classify the hash that it was asked about")
        return "Shield takes the credentials and answers."


def _ask(talk: http.Conversation, pdqs: list[bytes]) -> Iterator[tuple[bytes, Finding]]:
    named = {base64.b64encode(pdq).decode(): pdq for pdq in pdqs}
    answer = talk.send("POST", "/v1/pdq/", json.dumps({"hashes": list(named)}).encode(), "application/json")
    scanned = answer.json().get("scanned_hashes")
    if not isinstance(scanned, dict):
        raise http.AnswerUnusable("without scanned_hashes")
    for name, pdq in named.items():
        yield pdq, _finding(scanned.get(name))


def _finding(said: object) -> Finding:
    """What an answer says of one hash: a word that we don't know is no answer, and never a clean one."""
    if not isinstance(said, dict):
        return Finding(Found.NOT_COMPLETED)
    heard = word(said.get("classification"))
    known: dict[str, Found] = {each.value: each for each in Found if each is not Found.NOT_COMPLETED}
    details: Any = said.get("near_match_details")
    match, near = word(said.get("match_type")), len(details) if isinstance(details, list) else 0
    found = known.get(heard, Found.NOT_COMPLETED)
    if found is Found.NOT_KNOWN and (match or near):
        found = Found.NOT_COMPLETED  # it contradicts itself
    return Finding(found, heard, match, near)
