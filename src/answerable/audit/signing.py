"""The desk's own key of the log. The worker and `answerable audit` need it; the public door never does."""

from django.conf import settings

from answerable.audit.note import Signer
from answerable.settings.keys import read_key

KEY_FILE = "audit.key"


def desk_signer() -> Signer:
    """The signer of this desk: the key file in the data directory, under the log's configured origin."""
    return Signer(settings.CONFIG.desk.origin, read_key(settings.DATA, KEY_FILE))
