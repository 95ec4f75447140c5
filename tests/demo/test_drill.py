"""The drill of filing with NCMEC, as somebody runs it. It takes most of a minute, so `make soak` runs it."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.skipif(not os.environ.get("ANSWERABLE_SOAK_KILLS"), reason="a minute long: `make soak`")
def test_the_drill_comes_out_as_it_should() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "drill", "ncmec", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stdout).values()) == {True}
