"""Reading what a mail system says of a letter that could not be delivered (RFC 3464), without trust."""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Final

from answerable.cases.models import Letter

MOST_BYTES: Final = 2 * 1024 * 1024
_ID: Final = re.compile(r"<[0-9a-f]{32}@[A-Za-z0-9.-]+>")


class NoBounce(Exception):
    """This is no report of a letter that failed: give the whole mail that came back, as it came."""


def reference_of(raw: bytes) -> str:
    """The reference of our letter that this mail says to have failed. Raises NoBounce.

    A report of a delay, or of a delivery, is none. It is known by the Message-ID that we made by chance, so nobody who
    hasn't seen the letter can say that it came back.
    """
    if len(raw) > MOST_BYTES:
        raise NoBounce("it is too large")
    mail = message_from_bytes(raw, policy=policy.default)
    if not isinstance(mail, EmailMessage) or mail.get_content_type() != "multipart/report":
        raise NoBounce("it is no delivery report")
    if not any(action == "failed" for action in _actions(mail)):
        raise NoBounce("it doesn't say that anything failed")
    names = {found for part in _returned(mail) for found in _ID.findall(str(part.get("Message-ID", "")))}
    letter = Letter.objects.filter(message_id__in=names).first() if names else None
    if letter is None:
        raise NoBounce("it is about no letter of this desk")
    return letter.reference


def _actions(mail: EmailMessage) -> Iterator[str]:
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            for block in part.get_payload() if part.is_multipart() else ():
                if isinstance(block, Message):
                    yield str(block.get("Action", "")).strip().lower()


def _returned(mail: EmailMessage) -> Iterator[Message]:
    """The letter that it gives back, whole or its headers alone."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and part.is_multipart():
            yield from (one for one in part.get_payload() if isinstance(one, Message))
        elif kind == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            if isinstance(payload, bytes):
                yield message_from_bytes(payload)
