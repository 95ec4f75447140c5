"""The `answerable` command. The code of a subcommand is imported when it is called: others stay fast."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer

from answerable.settings.config import ConfigError
from answerable.settings.start import prepare


@dataclass(frozen=True)
class Part:
    """A subcommand: where it lives, one line about it, and whether it needs a configured desk."""

    where: str
    help: str
    needs_desk: bool = True


PARTS = {
    "serve": Part("answerable.serve.cli:serve", "Run the desk: both doors and the worker.", needs_desk=False),
    "init": Part("answerable.serve.cli:init", "Write a first configuration.", needs_desk=False),
    "worker": Part("answerable.worker.cli:worker", "Run a worker alone, beside others."),
    "obligations": Part("answerable.worker.cli:app", "What is owed, by when, and what is late."),
    "person": Part("answerable.console.cli:app", "The people of the desk, and their sign-in links."),
    "key": Part("answerable.api.cli:app", "Keys for the machine API: make, list, revoke."),
    "policy": Part(
        "answerable.policy.cli:app", "Check a policy pack; write terms and replies.", needs_desk=False
    ),
    "platform": Part(
        "answerable.platforms.cli:app", "List platforms, and try one's implementation of the contract."
    ),
    "backfill": Part(
        "answerable.matching.backfill.cli:backfill",
        "Hash an existing library, so that copies in it are found.",
    ),
    "copies": Part("answerable.matching.cli:copies", "Search all items for copies of a file or a hash."),
    "lists": Part(
        "answerable.matching.lists.cli:app", "Hash lists of others: import, fetch, show, turn off."
    ),
    "checklist": Part(
        "answerable.checklist.cli:app", "What is still missing before people rely on this desk."
    ),
    "audit": Part("answerable.audit.cli:app", "Check the audit log; show its public key."),
    "verify": Part("answerable.audit.cli:verify", "Verify a receipt, without this desk.", needs_desk=False),
    "demo": Part(
        "answerable.demo.cli:demo", "Replay a documented failure on a desk of its own.", needs_desk=False
    ),
    "drill": Part(
        "answerable.demo.drill_cli:app",
        "Practise filing with an authority on this machine.",
        needs_desk=False,
    ),
    "evidence": Part(
        "answerable.evidence.cli:app", "Evidence: compare it, hand it out encrypted, keep it longer."
    ),
    "authority": Part("answerable.authorities.cli:app", "Authorities that the desk files with: check them."),
    "migrate": Part("answerable.serve.cli:migrate", "Bring the database to this version's shape."),
    "manage": Part("answerable.serve.cli:manage", "Django's management commands."),
}


def _stub() -> None:
    """Stands in the list of commands for one that was not called."""


def load(part: Part) -> Any:
    """The typer application or the function of a subcommand."""
    module, _, attribute = part.where.partition(":")
    return getattr(import_module(module), attribute)


def build(called: str | None) -> typer.Typer:
    """The command with one real subcommand, the called one, and a line of help for each of the others."""
    app = typer.Typer(
        name="answerable",
        help="The report desk of an online platform: hide at once, decide with care, prove it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_show_locals=False,  # a local may hold what a person wrote
    )
    app.callback()(_stub)
    for name, part in PARTS.items():
        target: Any = load(part) if name == called else _stub
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=name, help=part.help)
        elif name == "manage":
            settings = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}
            app.command(name, help=part.help, context_settings=settings)(target)
        else:
            app.command(name, help=part.help if target is _stub else None)(target)
    return app


def _fail(message: object) -> int:
    print(f"answerable: {message}", file=sys.stderr)
    return 2


def _not_made_yet(error: Exception) -> bool:
    """Whether a command met a database that nothing has prepared. By name: Django isn't imported for all."""
    told = str(error)
    if type(error).__name__ not in ("OperationalError", "ProgrammingError"):
        return False
    return "no such table" in told or ("relation " in told and "does not exist" in told)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Gives the exit code: 2 where configuration or use is wrong, with a sentence why."""
    arguments = sys.argv[1:] if arguments is None else arguments
    called = arguments[0] if arguments and arguments[0] in PARTS else None
    run: Callable[..., Any]
    try:
        if called and PARTS[called].needs_desk:
            prepare()
        run = build(called)
        return int(run(arguments, standalone_mode=True) or 0)
    except (ConfigError, PermissionError) as error:
        return _fail(error)
    except Exception as error:
        if _not_made_yet(error):
            return _fail(
                "The database has no tables yet. `answerable serve` makes them, or `answerable migrate`."
            )
        raise
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)


if __name__ == "__main__":
    sys.exit(main())
