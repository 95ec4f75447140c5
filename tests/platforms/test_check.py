"""What an integrator is told: a right site passes, and each fault is named with how to put it right."""

import io
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from answerable.platforms.check import Step, check
from answerable.platforms.cli import app
from tests.fakes.platform import SECRET, Platform


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "shared.secret"
    path.write_text(SECRET + "\n")
    return path


def tried(site: Platform, secret: Path, **more: str) -> dict[str, Step]:
    return {step.name: step for step in check(f"{site.site.url}/answerable", secret, **more)}


def failures(steps: dict[str, Step]) -> dict[str, str]:
    return {name: step.problem for name, step in steps.items() if not step.passed}


def test_a_site_that_follows_the_contract_passes_and_is_left_as_it_was(
    site: Platform, secret: Path, picture: bytes
) -> None:
    steps = tried(site, secret)
    assert failures(steps) == {}
    assert len(steps) == 23
    thing = site.site.things["3pic"]
    assert (thing.wanted, thing.data) == ("visible", picture)


FAULTS = {
    "takes_any_signature": ("a wrong signature is refused", "changed after signing was answered with 200"),
    "takes_old_requests": ("an old request is refused", "20 minutes ago was answered with 200"),
    "takes_any_verb": ("an unknown verb is refused by name", "does not exist"),
    "lies": ("hidden: strangers see nothing, the desk still does", "a look finds it visible"),
    "does_nothing": ("hidden: strangers see nothing, the desk still does", "a look finds it visible"),
    "ignores_serials": ("a late request changes nothing", "lower serial"),
    "forgets_requests": ("the same request again, the same answer", "not answered the same"),
    "destroys_bytes": ("put back: visible, with the same bytes", "other bytes"),
    "media_elsewhere": ("the item, its media, and what strangers see", "HostNotConfigured"),
    "look_elsewhere": ("the item, its media, and what strangers see", "HostNotConfigured"),
    "wrong_item": ("the item, its media, and what strangers see", "AnswerMalformed"),
    "no_echo": ("the list of items answers, signed and checked", "re: Field required"),
    "malformed": ("the list of items answers, signed and checked", "AnswerMalformed"),
    "wrong_types": ("the list of items answers, signed and checked", "AnswerMalformed"),
    "fails": ("the list of items answers, signed and checked", "PlatformFailed"),
    "redirects": ("the list of items answers, signed and checked", "RedirectRefused"),
    "endless": ("the list of items answers, signed and checked", "AnswerTooLarge"),
    "endless_list": ("the list of items answers, signed and checked", "never ends"),
    "forgets_cursors": ("the list can be taken up at any page", "begins with other items"),
    "not_the_endpoint": ("the list of items answers, signed and checked", "AnswerMalformed"),
    "replays": ("hidden: strangers see nothing, the desk still does", "AnswerStale"),
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items())
def test_each_fault_is_named_with_how_to_put_it_right(
    site: Platform, secret: Path, fault: str, expected: tuple[str, str]
) -> None:
    site.site.faults = {fault}
    name, words = expected
    steps = tried(site, secret, ref="3pic")
    failed = failures(steps)
    if fault == "replays":  # the first list is fresh; everything asked again is old
        assert any("AnswerStale" in problem for problem in failed.values())
        return
    assert name in failed, failed
    assert words in failed[name]
    assert steps[name].fix


@pytest.mark.parametrize(
    ("said", "noted"),
    [
        ("public, max-age=30", True),
        ("s-maxage=5", True),
        ("no-store", False),
        ("no-cache, max-age=30", False),
    ],
)
def test_headers_that_let_caches_keep_it_are_noted_and_no_failure(
    site: Platform, secret: Path, said: str, noted: bool
) -> None:
    site.site.cache_control = said
    steps = tried(site, secret)
    assert failures(steps) == {}
    assert bool(steps["no cache may keep what is shown"].note) is noted
    printed = (
        CliRunner().invoke(app, ["check", f"{site.site.url}/answerable", "--secret-file", str(secret)]).output
    )
    assert ("note  no cache may keep what is shown" in printed) is noted
    assert "The site follows the contract." in printed


def test_a_rendering_of_the_picture_at_its_address_is_the_picture(
    site: Platform, secret: Path, picture: bytes
) -> None:
    with Image.open(io.BytesIO(picture)) as image:
        made = io.BytesIO()
        image.save(made, "JPEG", quality=90)
    site.site.cached["/media/3pic"] = (200, made.getvalue(), "image/jpeg")
    site.site.faults = {"caches"}
    steps = tried(site, secret, ref="3pic")
    assert steps["what reviewers get is what strangers see"].passed


def test_a_wrong_secret_is_said_at_once(site: Platform, tmp_path: Path) -> None:
    other = tmp_path / "other.secret"
    other.write_text("whsec_" + "QUJD" * 12)
    steps = tried(site, other)
    assert len(steps) == 1
    assert "PlatformRefused" in next(iter(steps.values())).problem


def test_a_site_that_is_down_is_said_at_once(site: Platform, secret: Path) -> None:
    site.stop()
    steps = tried(site, secret)
    assert "PlatformUnreachable" in next(iter(steps.values())).problem


def test_the_command_prints_each_step_and_fails_when_one_did(site: Platform, secret: Path) -> None:
    arguments = ["check", f"{site.site.url}/answerable", "--secret-file", str(secret)]
    good = CliRunner().invoke(app, arguments)
    assert good.exit_code == 0, good.output
    assert "The site follows the contract." in good.output
    site.site.faults = {"lies"}
    bad = CliRunner().invoke(app, arguments)
    assert bad.exit_code == 1
    assert "FAIL  hidden: strangers see nothing" in bad.output
    assert "To put it right: Make hidden take effect before you answer" in bad.output


def test_an_address_that_is_none_is_said(secret: Path) -> None:
    result = CliRunner().invoke(app, ["check", "not an address", "--secret-file", str(secret)])
    assert result.exit_code == 2
    assert "outside the hosts" in result.output
