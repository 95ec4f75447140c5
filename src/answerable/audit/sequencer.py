"""Gives entries their place in the tree, and signs the tree. A loop in the worker calls `sequence`.

Places are given in one transaction; the checkpoint is signed in a second one, because a signature over a
transaction that then rolls back would be a fork of the log in our own hand. Whoever holds the lock on
`audit_head` leads (on SQLite: the lock of writers); all others do nothing.
"""

from django.db import connection, transaction

from answerable.audit.errors import LogBroken
from answerable.audit.merkle import Frontier, Node, leaf_hash
from answerable.audit.models import AuditCheckpoint, AuditEntry, AuditHead
from answerable.audit.note import Signer, checkpoint_text
from answerable.audit.signing import desk_signer
from answerable.audit.verify import canonical

# Not through the ORM: a thousand model instances cost more than the rest of the step.
PLACE = "UPDATE audit_entry SET leaf_index = %s WHERE id = %s AND leaf_index IS NULL"
WRITE_NODE = 'INSERT INTO audit_node (level, "index", hash) VALUES (%s, %s, %s)'
# For PostgreSQL a statement a row is most of the work.
PLACE_ALL = """
UPDATE audit_entry SET leaf_index = placed.leaf FROM unnest(%s::bigint[], %s::bigint[]) AS placed (leaf, entry)
WHERE id = placed.entry AND leaf_index IS NULL
"""
WRITE_NODES = """
INSERT INTO audit_node (level, "index", hash) SELECT * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[])
"""


def sequence(limit: int = 1000, signer: Signer | None = None) -> int:
    """Place up to `limit` pending entries, by number, and sign the tree when it grew. Gives how many.

    Call it outside a transaction. Raises LogBroken when the head contradicts itself.
    """
    placed = 0
    if AuditEntry.objects.filter(leaf_index__isnull=True).exists():
        with transaction.atomic(durable=True):
            placed = _place(limit)
    if _unsigned():
        signer = signer or desk_signer()
        with transaction.atomic(durable=True):
            _sign(signer)
    return placed


def _lead() -> AuditHead | None:
    """The head, locked; None where another process leads."""
    return AuditHead.objects.select_for_update(skip_locked=True).filter(pk=1).first()


def _frontier(head: AuditHead) -> Frontier:
    try:
        frontier = Frontier.from_bytes(head.size, bytes(head.frontier))
    except ValueError as error:
        raise LogBroken(f"audit_head is damaged: {error} Run `answerable audit check`.") from error
    if frontier.root() != bytes(head.root):
        raise LogBroken("audit_head is damaged: root and frontier differ. Run `answerable audit check`.")
    return frontier


def _place(limit: int) -> int:
    head = _lead()
    if head is None:
        return 0
    frontier = _frontier(head)
    pending = AuditEntry.objects.filter(leaf_index__isnull=True).defer("salt", "event").order_by("pk")[:limit]
    nodes: list[Node] = []
    places: list[tuple[int, int]] = []
    for entry in pending:
        places.append((frontier.size, entry.pk))
        nodes += frontier.add(leaf_hash(canonical(entry.skeleton())))
    if not places:
        return 0
    _write(places, nodes)
    # The old size in the condition: whatever the lock did, two sequencers can't both move the head on.
    moved = AuditHead.objects.filter(pk=1, size=head.size).update(
        size=frontier.size, frontier=frontier.to_bytes(), root=frontier.root()
    )
    if moved != 1:
        raise LogBroken("audit_head moved under its lock: are two databases mixed up?")
    return len(places)


def _write(places: list[tuple[int, int]], nodes: list[Node]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(PLACE_ALL, [list(column) for column in zip(*places, strict=True)])
            cursor.execute(WRITE_NODES, [list(column) for column in zip(*nodes, strict=True)])
        else:
            cursor.executemany(PLACE, places)
            cursor.executemany(WRITE_NODE, nodes)


def _unsigned() -> bool:
    size = AuditHead.objects.values_list("size", flat=True).get(pk=1)
    return size > 0 and not AuditCheckpoint.objects.filter(size__gte=size).exists()


def _sign(signer: Signer) -> None:
    """Sign the committed head, unless another process did or does."""
    head = _lead()
    if head is None or AuditCheckpoint.objects.filter(size__gte=head.size).exists():
        return
    note = signer.sign(checkpoint_text(signer.name, head.size, _frontier(head).root()))
    AuditCheckpoint.objects.create(size=head.size, note=note, verifier_key=str(signer.verifier_key))
