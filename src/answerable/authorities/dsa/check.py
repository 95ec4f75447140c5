"""Whether the database of the EU is there and takes this desk's token. Stores nothing."""

import secrets

from answerable.authorities.dsa.client import Database


def check(database: Database) -> None:
    """Ask for a statement of a name that nobody has. Raises AuthorityError."""
    database.ping()
    database.has(f"check-{secrets.token_hex(16)}")
