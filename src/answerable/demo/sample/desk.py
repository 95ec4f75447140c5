"""What the site asks and tells the desk, over its machine API (docs/platform-contract.md, second half)."""

import base64
from enum import StrEnum
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import httpx

from answerable.demo.sample import settings

TOTAL_SECONDS = 8.0
NEVER = (400, 404, 409, 413, 422)
PROBLEM = "application/problem+json"


class Verdict(StrEnum):
    """What the desk says of bytes that somebody uploads."""

    CLEAR = "clear"
    HOLD = "hold"
    BLOCK = "block"


class DeskUnreachable(Exception):
    """The desk gave no answer that can be used: keep what was to be said, and ask again later."""


class DeskRefused(Exception):
    """The desk will never take this request as it is."""


def report_link(url: str) -> str:
    """The desk's report form with the link filled in."""
    return f"{settings.DESK_URL}/?link={quote(url, safe='')}"


def screen(data: bytes, media_type: str, account: str) -> Verdict:
    """Ask before anybody sees an upload. Raises DeskUnreachable; DeskRefused."""
    answer = _post("/api/v1/screen", {"account": account, "media": inline(data, media_type)}, key="")
    try:
        return Verdict(str(answer.get("verdict")))
    except ValueError as error:
        raise DeskUnreachable("its answer holds no verdict") from error


def tell(event: dict[str, Any], key: str) -> None:
    """Deliver one event; the same key is taken once. Raises DeskUnreachable; DeskRefused."""
    _post("/api/v1/events", event, key)


def inline(data: bytes, media_type: str) -> dict[str, str]:
    """Bytes as the contract writes them."""
    return {"inline": base64.b64encode(data).decode(), "media_type": media_type}


def _post(path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    try:
        headers = {"authorization": f"Bearer {settings.API_KEY_FILE.read_text('ascii').strip()}"}
    except OSError as error:
        raise DeskUnreachable("no API key yet") from error
    if key:
        headers["idempotency-key"] = key
    try:
        answer = _client().post(settings.DESK_URL + path, json=body, headers=headers)
    except httpx.HTTPError as error:
        raise DeskUnreachable(type(error).__name__) from error
    if answer.status_code in NEVER and answer.headers.get("content-type", "").startswith(PROBLEM):
        raise DeskRefused(f"status {answer.status_code}")
    if not answer.is_success:
        raise DeskUnreachable(f"status {answer.status_code}")  # it is starting, busy, or its key is being set
    try:
        parsed = answer.json() if answer.content else {}
    except ValueError as error:
        raise DeskUnreachable("its answer is not JSON") from error
    return parsed if isinstance(parsed, dict) else {}


@lru_cache(maxsize=1)
def _client() -> httpx.Client:
    return httpx.Client(timeout=TOTAL_SECONDS, trust_env=False, follow_redirects=False)
