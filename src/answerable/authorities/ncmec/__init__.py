"""NCMEC's CyberTipline: what the law of the US asks of who learns of apparent abuse of a child (18 USC 2258A)."""

from answerable.authorities.ncmec.client import CyberTipline
from answerable.authorities.ncmec.wire import Door
from answerable.matching.lists import secret
from answerable.settings.config import Ncmec


def client_of(ncmec: Ncmec, seconds: float = 8.0) -> CyberTipline:
    """The service as configured. Raises SecretUnusable."""
    return CyberTipline(Door(ncmec.base_url, secret.login(ncmec.login_file), seconds))
