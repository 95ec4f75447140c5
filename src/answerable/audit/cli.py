"""`answerable audit check | key | checkpoint`, and `answerable verify receipt.json`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The audit log: check it, and publish what proves it.")


@app.command()
def check() -> None:
    """Recompute the whole log and name every change to it. Exit code 1 when there is one."""
    from answerable.audit.check import check as check_log  # noqa: PLC0415  needs Django to be ready
    from answerable.audit.models import AuditHead  # noqa: PLC0415

    faults = check_log()
    for fault in faults:
        typer.echo(str(fault), err=True)
    if faults:
        typer.echo(f"The audit log has {len(faults)} faults. Keep a copy of it as it is.", err=True)
        raise typer.Exit(1)
    typer.echo(f"The audit log is whole: {AuditHead.objects.get().size} entries, every one verified.")


@app.command()
def key() -> None:
    """Print the log's public key: publish it, so that receipts can be verified against it."""
    from answerable.audit.signing import desk_signer  # noqa: PLC0415  needs Django to be ready

    typer.echo(str(desk_signer().verifier_key))


@app.command()
def checkpoint(
    since: Annotated[
        int | None, typer.Option(help="also print the proof that the log begins with its first SINCE entries")
    ] = None,
) -> None:
    """Print the newest signed checkpoint, for the public page and for witnesses."""
    from answerable.audit.models import AuditCheckpoint  # noqa: PLC0415  needs Django to be ready
    from answerable.audit.proofs import consistency_proof  # noqa: PLC0415

    newest = AuditCheckpoint.objects.order_by("-size").first()
    if newest is None:
        typer.echo("Nothing is signed yet: the worker signs after the first entry.", err=True)
        raise typer.Exit(1)
    if since is not None:
        if not 0 < since <= newest.size:
            raise typer.BadParameter(f"write a size from 1 to {newest.size}", param_hint="--since")
        for part in consistency_proof(since, newest.size):
            typer.echo(part.hex())
        typer.echo()
    typer.echo(newest.note, nl=False)


def verify(
    receipt: Annotated[Path, typer.Argument(help="the downloaded receipt.json")],
    key: Annotated[
        str, typer.Option(help="the log's public key (NAME+ID+KEY), as the desk publishes it")
    ] = "",
) -> None:
    """Verify a receipt. Needs no desk, no configuration and no network."""
    from answerable.audit.verify import main  # noqa: PLC0415  `audit check` needs none of it

    raise typer.Exit(main([str(receipt), *(["--key", key] if key else [])]))
