"""The public database of statements of reasons of the EU (Regulation (EU) 2022/2065, Art. 24(5))."""

from answerable.authorities.dsa.client import Database
from answerable.matching.lists import secret
from answerable.settings.config import Dsa


def database_of(dsa: Dsa, seconds: float = 8.0) -> Database:
    """The database as configured. Raises SecretUnusable."""
    return Database(dsa.base_url, secret.secret(dsa.token_file), seconds)
