"""`answerable authority ncmec`: whether NCMEC knows this desk, and whether its schema is still the one we write."""

import hashlib
from xml.etree.ElementTree import Element

import typer
from django.conf import settings

from answerable.authorities.base import AuthorityError
from answerable.authorities.ncmec import client_of, schema
from answerable.matching.lists.base import SourceError
from answerable.matching.lists.ncmec import xml
from answerable.settings.config import ConfigError

app = typer.Typer(no_args_is_help=True, help="Authorities that the desk files with: check them.")


@app.callback()
def _named() -> None:
    """Authorities that the desk files with: check them."""


@app.command()
def ncmec() -> None:
    """Ask the CyberTipline whom it takes this desk for, and compare its schema. Files nothing. Raises ConfigError."""
    configured = settings.CONFIG.authorities.ncmec
    if configured is None:
        raise ConfigError(
            "There is no [authorities.ncmec] in answerable.toml: docs/authorities.md says what it takes."
        )
    try:
        client = client_of(configured, seconds=30.0)
        typer.echo(f"{configured.environment}: {client.status()}")
        theirs = client.xsd()
    except (AuthorityError, SourceError) as error:
        typer.echo(f"answerable: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(f"schema: SHA-256 {hashlib.sha256(theirs).hexdigest()}")
    missing, new = _differences(theirs)
    if missing:
        typer.echo(
            f"It no longer knows what this desk may write: {', '.join(missing)}. Filings may be refused."
        )
    if new:
        typer.echo(
            f"It knows what this desk does not: {', '.join(new)}. Nothing is wrong; a newer version may use it."
        )
    if not missing and not new:
        typer.echo("It has the elements and attributes that this desk knows.")
    raise typer.Exit(1 if missing else 0)


def _differences(theirs: bytes) -> tuple[list[str], list[str]]:
    """Names of elements and attributes that their schema lacks, and those that only theirs has."""
    try:
        root = xml.parse(theirs)
    except xml.NotXml:
        return ["all of it: it is not XML"], []
    ours = _names(xml.parse(schema.text().encode()))
    known = _names(root)
    return sorted(ours - known), sorted(known - ours)


def _names(root: Element) -> set[str]:
    return {
        one.get("name", "") for tag in ("element", "attribute") for one in root.iter(tag) if one.get("name")
    }
