"""`answerable copies`: where else is this? For staff at the desk's own machine."""

import dataclasses
import json
from typing import Annotated

import typer


def copies(
    what: Annotated[
        str, typer.Argument(help="a file, an item (photos:3kd9xq2mb, its link, item:42), or a hash")
    ],
    *,
    platform: Annotated[str, typer.Option(help="only items of this platform")] = "",
    limit: Annotated[int, typer.Option(min=1, help="print at most so many, the nearest first")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document instead of lines")] = False,
) -> None:
    """Search everything ever registered for copies: the identical file, and what is near by PDQ (31 bits of 256).

    A hash is written in hexadecimal: sha256:…, md5:…, pdq:…. Of a file, all rotations and flips are searched for.
    The search is in the audit log. Nothing follows from it for the items that it finds.
    """
    from answerable import media  # noqa: PLC0415  needs Django to be ready
    from answerable.matching import asked  # noqa: PLC0415
    from answerable.matching.copies import NothingToSearchFor, search_copies  # noqa: PLC0415

    try:
        question = asked.read(what)
        found = search_copies(
            question.prints,
            actor="operator",
            by=question.by,
            platform=platform,
            except_item_id=question.item_id,
            limit=limit,
        )
    except (asked.NotUnderstood, NothingToSearchFor, media.MediaError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if as_json:
        rows = [dataclasses.asdict(one) for one in found.copies]
        typer.echo(json.dumps({"total": found.total, "copies": rows}, indent=2))
        return
    for one in found.copies:
        how = (
            "identical" if one.kind == "exact" else f"{one.distance} bits{' (turned)' if one.turned else ''}"
        )
        state = one.wanted if one.current else f"{one.wanted}, shows other media now"
        typer.echo(f"{how}\t{one.platform}:{one.ref}\t{state}\t{one.url}".rstrip())
    more = f", the nearest {len(found.copies)} above" if found.total > len(found.copies) else ""
    typer.echo(f"{found.total} {'copy' if found.total == 1 else 'copies'}{more}.", err=True)
