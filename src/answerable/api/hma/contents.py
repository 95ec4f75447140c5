"""`/c/bank/<name>/content…`: what is in a bank: hashes, and the words that people wrote beside them."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from answerable import clock
from answerable.api.hma import banks, hashing
from answerable.api.hma.asked import Asked
from answerable.api.hma.signals import SIGNAL_TYPES
from answerable.api.models import Bank, BankContent
from answerable.api.problems import Problem
from answerable.db import personal
from answerable.db.models import PersonalText

NOTE_LIMIT = 255
WORDS_LIMIT = 20_000
ENABLED, DISABLED = 1, 0


class MetadataIn(BaseModel):
    """What the platform keeps beside a content."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    content_id: str | None = None
    content_uri: str | None = None
    json_data: dict[str, Any] | None = Field(None, alias="json")


def add_content(asked: Asked) -> dict[str, Any]:
    """Put a file's hashes into a bank. The file itself is not kept."""
    bank = banks.own(asked.path["bank"])
    fields, files = asked.form()
    if asked.query.get("url"):
        hashed = hashing.from_url(asked)
    elif files:
        hashed = hashing.from_form(asked)
    else:
        raise Problem(400, "Neither `url` nor multipart file upload was received")
    said = asked.json() if asked.media_type.startswith("application/json") and asked.body else dict(fields)
    return _add(asked, bank, hashed.signals(), said.get("note"), _metadata(said.get("metadata")))


def add_signals(asked: Asked) -> dict[str, Any]:
    """Put hashes into a bank."""
    bank, said = banks.own(asked.path["bank"]), asked.json()
    note = said.pop("note", None)
    return _add(asked, bank, said, note, None)


def _add(
    asked: Asked, bank: Bank, sent: dict[str, Any], note: Any, metadata: MetadataIn | None
) -> dict[str, Any]:
    if not sent:
        raise Problem(400, "No signals given")
    signals = {}
    for name, value in sent.items():
        if name not in SIGNAL_TYPES:
            raise Problem(400, f"No such signal type {name}")
        try:
            signals[name] = SIGNAL_TYPES[name].checked(value)
        except ValueError as error:
            raise Problem(400, f"Invalid {name} signal: {error}") from error
    said: dict[str, Any] = {"note": _note(note)} if note else {}
    if metadata is not None:
        said["metadata"] = metadata.model_dump(by_alias=True, exclude_none=True)
    content = BankContent(bank=bank, signals=signals, words=_sealed(said), added_at=clock.now())
    banks.add(content, actor=asked.actor, now=content.added_at)
    return {"id": content.pk, "signals": signals}


def show_content(asked: Asked) -> dict[str, Any]:
    """One content. Opening what people wrote beside it is in the log."""
    content = _content(asked)
    shown: dict[str, Any] = {
        "id": content.pk,
        "disable_until_ts": ENABLED if content.enabled else DISABLED,
        "original_media_uri": None,
        "bank": banks.shown(content.bank.name, content.bank.enabled_ratio),
    }
    if asked.flag("include_signals"):
        shown["signals"] = content.signals
    words = _opened(asked, content)
    if asked.flag("include_metadata", otherwise=True) and words.get("metadata"):
        empty = {"content_id": None, "content_uri": None, "json": None, "collab": None}
        shown["metadata"] = {**empty, **words["metadata"]}
    if words.get("note"):
        shown["note"] = words["note"]
    return shown


def change_content(asked: Asked) -> dict[str, Any]:
    """Enable or disable a content, or write a note beside it."""
    content, said = _content(asked), asked.json()
    words = _opened(asked, content)
    if "disable_until_ts" in said:
        until = said["disable_until_ts"]
        if until not in (ENABLED, DISABLED):
            raise Problem(
                400, "disable_until_ts is 0 (disabled) or 1 (enabled): nothing is disabled for a time"
            )
        banks.enable(content, until == ENABLED, actor=asked.actor, now=clock.now())
    if "note" in said:
        words["note"] = _note(said["note"])
        banks.write_beside(content, _sealed({name: one for name, one in words.items() if one}))
    return {
        "id": content.pk,
        "disable_until_ts": ENABLED if content.enabled else DISABLED,
        "collab_metadata": {},
        "original_media_uri": None,
        "bank": banks.shown(content.bank.name, content.bank.enabled_ratio),
        "user_metadata": words.get("metadata"),
        "note": words.get("note") or None,
    }


def delete_content(asked: Asked) -> dict[str, Any]:
    """Take a content out of its bank."""
    bank = banks.own(asked.path["bank"])
    contents = list(bank.contents.select_related("words").filter(pk=int(asked.path["content"])))
    banks.remove(bank, contents, actor=asked.actor, now=clock.now())
    return {"deleted": len(contents)}


def _content(asked: Asked) -> BankContent:
    bank, number = banks.own(asked.path["bank"]), asked.path["content"]
    content = BankContent.objects.select_related("bank", "words").filter(pk=int(number), bank=bank).first()
    if content is None:
        raise Problem(404, f"content '{number}' not found")
    return content


def _note(note: Any) -> str:
    if not note:
        return ""
    if not isinstance(note, str):
        raise Problem(400, "note should be a string")
    if len(note) > NOTE_LIMIT:
        raise Problem(400, f"note must be at most {NOTE_LIMIT} characters")
    return note


def _metadata(sent: Any) -> MetadataIn | None:
    if isinstance(sent, str):
        try:
            sent = json.loads(sent)
        except ValueError as error:
            raise Problem(400, "metadata form field must be valid JSON") from error
    if sent is None:
        return None
    if not isinstance(sent, dict):
        raise Problem(400, "metadata should be a json object")
    try:
        return MetadataIn.model_validate({name: one for name, one in sent.items() if name != "collab"})
    except ValidationError as error:
        raise Problem(
            400, "Invalid metadata: give content_id, content_uri and json, and nothing else"
        ) from error


def _sealed(said: dict[str, Any]) -> PersonalText | None:
    """What people wrote beside a content may be about people: it is kept as all such words are."""
    text = json.dumps(said)
    if len(text) > WORDS_LIMIT:
        raise Problem(400, f"note and metadata take at most {WORDS_LIMIT} characters together")
    return personal.seal("reason", text) if said else None


def _opened(asked: Asked, content: BankContent) -> dict[str, Any]:
    if content.words is None:
        return {}
    event = {"text": content.words.pk, "bank_content": content.pk}
    banks.note_opened(asked.actor, event, clock.now())
    opened: dict[str, Any] = json.loads(personal.open_text(content.words))
    return opened
