"""Authorities that take encrypted mail: hotlines without an interface, and police (DSA, Art. 18).

The mail itself says nothing but a reference made by chance. What it is about is in two files, encrypted to the party's
own age key, which this desk can't open.
"""

from answerable.authorities.email.post import Post
from answerable.matching.lists import secret
from answerable.settings.config import Email


def post_of(email: Email) -> Post:
    """The mail server as configured. Raises SecretUnusable."""
    login = secret.login(email.login_file) if email.login_file else None
    return Post(email.host, email.port, email.security, email.sender, login)
