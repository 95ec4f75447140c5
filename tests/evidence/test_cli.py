"""What custodians and operators type, in the order in which they do."""

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from answerable.cases.request_inputs import Asks
from answerable.evidence import cli
from answerable.evidence.sealing import new_identity, recipient_of
from answerable.settings.evidence import Custodian, Evidence
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import verify
from tests.evidence.conftest import EvidenceDesk

PICTURE = b"a lake in the morning, made of bytes" * 500


def run(*words: str, code: int = 0) -> str:
    ran = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert ran.exit_code == code, ran.output
    return ran.output


def test_the_whole_way_from_asking_to_a_verified_file(
    fresh_database, committed: EvidenceDesk, ravi, lena, tmp_path
):
    desk = committed
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    case = desk.capture_of("a").case_id
    assert desk.capture_of("a").media_sha256 in run("show", case)
    assert "answerable evidence agree" in run("ask", case, "--as", "Ravi", "--for", "court")
    assert "Agreed" in run("agree", case, "--as", "Lena")
    assert "3 encrypted objects" in run("open", case, tmp_path / "a.tar", "--as", "Ravi")
    assert "VERIFIED" in run("verify", tmp_path / "a.tar")
    assert "exists already" in run("export", case, tmp_path / "a.tar", "--as", "Lena", code=1)
    assert "3 as digests" in run("export", case, tmp_path / "b.tar", "--as", "Lena")
    held = run("hold", case, "--as", "Lena", "--why", "court", "--until", "2030-01-31")
    hold = held.rstrip(".\n").rpartition(" ")[2]
    assert "until 2030-01-31" in run("show", case)
    assert "another one" in run("release-hold", hold, "--as", "Lena", code=1)
    run("release-hold", hold, "--as", "Ravi")
    key = recipient_of(new_identity())
    assert "verify 'Police'" in run("recipient", "add", "Police", key, "--as", "Ravi")
    run("recipient", "verify", "Police", key, "--as", "Lena")
    request = ask(desk, ravi, Asks.DISCLOSE, "a")
    assert "no request 77" in run(
        "ask", case, "--as", "Ravi", "--for", "court", "--request", "77", "--to", "Police", code=1
    )
    run("ask", case, "--as", "Ravi", "--for", "authority", "--request", request.pk, "--to", "Police")
    assert f"to 'Police', as the answer to request {request.pk}" in run("agree", case, "--as", "Lena", code=1)
    run("agree", case, "--as", "Lena", "--to", "Police")
    to_them = ("export", case, tmp_path / "c.tar", "--as", "Ravi", "--to", "Police")
    assert "name both" in run(*to_them, code=1)
    assert "Two people" in run(*to_them, "--request", request.pk, code=1)
    verify(desk, request, ravi, lena)
    assert "3 encrypted objects" in run(*to_them, "--request", request.pk)
    assert "VERIFIED" in run("verify", tmp_path / "c.tar")
    run("recipient", "end", "Police", "--as", "Lena")
    assert "6 objects compared, 0 faulty" in run("scrub")
    desk.files("vault")[0].unlink()
    assert "missing: vault/" in run("scrub", code=1)
    assert "3 objects encrypted anew; keys destroyed: 2026-12" in run("rotate", "--new-key")


@pytest.mark.django_db
def test_what_is_wrong_is_said_in_a_sentence(desk: EvidenceDesk, ravi, rosa, tmp_path):
    assert "Nobody active is called" in run("ask", "1", "--as", "Max", "--for", "court", code=1)
    assert "This takes a custodian" in run("ask", "1", "--as", "Rosa", "--for", "court", code=1)
    assert "There is no case 777" in run("hold", "777", "--as", "Ravi", code=1)
    assert "Nothing is kept of case 777" in run("export", "777", tmp_path / "a.tar", "--as", "Ravi", code=1)
    assert "no age public key" in run("recipient", "add", "Police", "age1", "--as", "Ravi", code=1)
    assert "NOT VERIFIED" in run("verify", tmp_path / "none.tar", code=1)


def test_a_secret_key_or_none_is_no_custodians_key():
    for wrong, why in ((new_identity(), "secret key"), ("age1", "no age public key")):
        with pytest.raises(ValidationError, match=why) as told:
            Custodian(name="Ravi", key=wrong)
        assert wrong not in str(told.value) or wrong == "age1"


def test_two_custodians_have_two_names_and_two_keys():
    key = recipient_of(new_identity())
    with pytest.raises(ValidationError, match="same name"):
        Evidence(
            custodians=(
                Custodian(name="Ravi", key=key),
                Custodian(name="Ravi", key=recipient_of(new_identity())),
            )
        )
    with pytest.raises(ValidationError, match="same key"):
        Evidence(custodians=(Custodian(name="Ravi", key=key), Custodian(name="Lena", key=key)))
