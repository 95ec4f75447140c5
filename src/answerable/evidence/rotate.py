"""Encrypting what lies in the working store anew, to the newest key; then the old keys are destroyed."""

from answerable import clock
from answerable.cases import commands
from answerable.cases.commands.destroying import ToDestroy
from answerable.cases.evidence_inputs import ReadFor
from answerable.cases.models import EvidenceObject
from answerable.evidence import keys, stores
from answerable.evidence.store import name_of


def rotate(*, new_key: bool) -> tuple[int, list[str]]:
    """Encrypt every object under an older key to the newest; `new_key`: make one first, as after a theft.

    Gives how many there were and the keys that were destroyed. Raises ObjectMissing, ObjectDamaged, KeyMissing,
    NotStored: what was done stays done, and it can be called again.
    """
    now = clock.now()
    newest = keys.renew(now) if new_key else keys.month_of(now)
    done = 0
    rows = EvidenceObject.objects.filter(store=stores.WORKING, destroying_at__isnull=True).exclude(key=newest)
    for stored in rows.order_by("pk"):
        with stores.read(stored, ReadFor.ROTATION) as file:
            _, (made,) = stores.put(stores.copying(file), stored.sha256, into=(stores.WORKING,))
        commands.resealed(made, replaces=stored.pk, now=clock.now())
        done += 1
    _finish()
    return done, keys.destroy_unused(clock.now())


def _finish() -> None:
    """Destroy what others took the place of, also of a rotation that was killed."""
    old = EvidenceObject.objects.filter(
        store=stores.WORKING, destroying_at__isnull=False, destroyed_at__isnull=True
    )
    for row in old:
        stores.store(row.store).destroy(name_of(row.sha256, row.sealed_sha256))
        gone = ToDestroy(row.pk, row.store, row.sha256, row.sealed_sha256)
        commands.destroyed(None, [gone], now=clock.now())
