"""What the database answers, read without trust: at most 4 MiB of JSON, and only what this desk acts on."""

import json
from collections.abc import Mapping
from typing import Any, Final

from answerable.authorities.base import (
    AnswerUnusable,
    AuthorityError,
    CredentialsRefused,
    HostNotConfigured,
    NoAnswer,
    OursIsWrong,
)
from answerable.authorities.wire import Whole
from answerable.platforms.http.client import Response

MOST_BYTES: Final = 4 * 1024 * 1024
LIMIT_SECONDS: Final = 60.0
"""So long it is left alone after "too many", where it doesn't say: its limits count by the second and the minute."""


class TokenRefused(CredentialsRefused):
    """The database refuses this desk's token: a newer one was made, or it is that of the other environment."""


class TooMany(AuthorityError):
    """The database takes no more for now, and stored nothing of this."""

    retry = True

    def __init__(self, detail: str, *, retry_after_seconds: float, code: int | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after_seconds = retry_after_seconds


class Busy(AuthorityError):
    """The database has a fault of its own: it may have stored this or not."""

    retry = True

    def __init__(self, detail: str, *, retry_after_seconds: float | None, code: int | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after_seconds = retry_after_seconds


class SaidToBeThere(AuthorityError):
    """The database says that it has some of these already, and stored nothing of this. Look before you believe it."""

    retry = True

    def __init__(self, puids: frozenset[str]) -> None:
        super().__init__(f"{len(puids)} of them")
        self.puids = puids


class Refused(OursIsWrong):
    """The database refuses what this desk wrote, and stored nothing of this: it names the fields by statement."""

    def __init__(self, fields: Mapping[int, tuple[str, ...]]) -> None:
        super().__init__(f"{len(fields)} statements", code=422)
        self.fields = fields


def stored(whole: Whole, count: int) -> list[Mapping[str, Any]]:
    """The statements that it stored, all of them; only 201 says so. Raises AuthorityError."""
    if whole.status != 201:
        raise error_of(whole, count)
    body = _object(whole)
    found = body.get("statements", [body])
    if not isinstance(found, list) or len(found) != count or not all(isinstance(one, dict) for one in found):
        raise AnswerUnusable("stored another number of statements", code=201)
    return found


def is_there(whole: Whole) -> bool:
    """Whether it has a statement of that name. Raises AuthorityError."""
    if whole.status == 302 and _message(whole) == "statement of reason found":
        return True
    if whole.status == 404 and _message(whole) == "statement of reason not found":
        return False
    raise error_of(whole, 1)


def error_of(whole: Whole, count: int) -> AuthorityError:
    """What an answer means that isn't success. `count`: how many statements were sent."""
    status = whole.status
    asked = Response(status, b"", "", whole.headers).retry_after_seconds
    if 300 <= status < 400:
        return HostNotConfigured(f"a redirect, status {status}")
    if status in (401, 403):
        return TokenRefused(f"status {status}")
    if status == 429:
        return TooMany("status 429", retry_after_seconds=LIMIT_SECONDS if asked is None else asked)
    if status >= 500:
        return Busy(f"status {status}", retry_after_seconds=asked)
    if status == 422:
        return _unprocessable(_object(whole), count)
    return AnswerUnusable(f"status {status}")


def _unprocessable(body: Mapping[str, Any], count: int) -> AuthorityError:
    errors = body.get("errors")
    if not isinstance(errors, dict) or not errors:
        return AnswerUnusable("status 422 without errors")
    existing = body.get("existing")
    if isinstance(existing, dict) and isinstance(existing.get("puid"), str):
        return SaidToBeThere(frozenset({existing["puid"]}))
    named = errors.get("existing_puids")
    if isinstance(named, list) and named and all(isinstance(one, str) for one in named):
        return SaidToBeThere(frozenset(named))
    wrong: dict[int, tuple[str, ...]] = {}
    for name, fields in errors.items():
        number = name.removeprefix("statement_")
        if number != name and number.isdecimal() and int(number) < count and isinstance(fields, dict):
            wrong[int(number)] = _names(fields)
    if not wrong and count == 1:
        wrong[0] = _names(errors)
    return Refused(wrong) if wrong else AnswerUnusable("status 422 about no statement of ours")


def _names(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of refused fields, as they may stand in a log; never what it says of them."""
    known = (name for name in fields if name.isascii() and name.replace("_", "").replace(".", "").isalnum())
    return tuple(sorted(name[:60] for name in known))[:20]


def _message(whole: Whole) -> str:
    try:
        return str(_object(whole).get("message", ""))
    except AnswerUnusable:
        return ""


def _object(whole: Whole) -> Mapping[str, Any]:
    try:
        value = json.loads(whole.body)
    except (ValueError, RecursionError) as error:
        # What stands between may have answered in its place, so nothing is known of the statement.
        raise NoAnswer(f"status {whole.status}, not JSON") from error
    if not isinstance(value, dict):
        raise AnswerUnusable(f"status {whole.status}, no object")
    return value
