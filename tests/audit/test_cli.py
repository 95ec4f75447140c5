"""The log on the command line."""

import json
from collections.abc import Callable
from pathlib import Path

from typer import Typer
from typer.testing import CliRunner

from answerable.audit import receipt
from answerable.audit.cli import app, verify
from answerable.audit.sequencer import sequence
from answerable.audit.signing import desk_signer
from answerable.audit.verify import open_checkpoint
from tests.audit.conftest import Write

RUN = CliRunner()
ALONE = Typer()
ALONE.command()(verify)


def test_check_says_that_a_whole_log_is_whole(write: Write) -> None:
    write()
    sequence()
    result = RUN.invoke(app, ["check"])
    assert (result.exit_code, result.stdout) == (
        0,
        "The audit log is whole: 1 entries, every one verified.\n",
    )


def test_check_names_what_was_changed(write: Write, tamper: Callable[..., int]) -> None:
    entry = write()
    sequence()
    tamper("UPDATE audit_entry SET actor = 'max'")
    result = RUN.invoke(app, ["check"])
    assert result.exit_code == 1
    assert f"entry {entry.pk}: is not what stands at place 0 of the tree" in result.stderr


def test_key_prints_the_public_key(db: None) -> None:
    assert RUN.invoke(app, ["key"]).stdout.strip() == str(desk_signer().verifier_key)


def test_checkpoint_prints_the_signed_note(write: Write) -> None:
    assert RUN.invoke(app, ["checkpoint"]).exit_code == 1
    for _ in range(3):
        write()
    sequence()
    note = RUN.invoke(app, ["checkpoint"]).stdout
    assert open_checkpoint(note, desk_signer().verifier_key).size == 3
    proof, _, same_note = RUN.invoke(app, ["checkpoint", "--since", "2"]).stdout.partition("\n\n")
    assert len(proof.splitlines()) == 1
    assert same_note == note
    assert RUN.invoke(app, ["checkpoint", "--since", "4"]).exit_code == 2


def test_verify_reads_a_receipt(write: Write, tmp_path: Path) -> None:
    entry = write()
    sequence()
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt(entry.pk)))
    assert RUN.invoke(ALONE, [str(path)]).exit_code == 0
    assert RUN.invoke(ALONE, [str(path), "--key", str(desk_signer().verifier_key)]).exit_code == 0
    assert RUN.invoke(ALONE, [str(path), "--key", "x+y+z"]).exit_code == 1
    assert RUN.invoke(ALONE, [str(tmp_path / "other.json")]).exit_code == 1
