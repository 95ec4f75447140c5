"""A letter, to the byte: a mail that says a reference and nothing else, with its facts encrypted to the party's key."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

import pyrage

from answerable.authorities.email.facts import Facts

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BODY: Final = """\
A report for you is attached, encrypted to your key.

  age --decrypt -i YOUR-KEY {reference}.txt.age

The other file holds the same for machines. Please answer this mail and leave the reference {reference} in its subject,
so that we know that it arrived.
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A letter as it is sent."""

    message_id: str
    message: str = field(repr=False)


def new_reference() -> str:
    """A reference by chance: nothing of a case can be read from it, nor how many there are."""
    letters = [secrets.choice(ALPHABET) for _ in range(12)]
    return "-".join("".join(letters[start : start + 4]) for start in range(0, 12, 4))


def write(facts: Facts, *, sender: str, address: str, key: str, now: datetime) -> Written:
    """The letter. Its Message-ID, its date and its bytes are fixed from here on."""
    message_id = f"<{secrets.token_hex(16)}@{sender.rpartition('@')[2]}>"
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = f"Reference {facts.reference}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(BODY.format(reference=facts.reference), cte="7bit")
    recipient = pyrage.x25519.Recipient.from_str(key)
    for ending, text in (("txt", facts.as_text()), ("json", facts.model_dump_json(indent=1))):
        mail.add_attachment(
            pyrage.encrypt(text.encode(), [recipient]),
            maintype="application",
            subtype="octet-stream",
            filename=f"{facts.reference}.{ending}.age",
        )
    return Written(message_id, mail.as_bytes().decode("ascii"))
