"""The drills with authorities, as somebody runs them. Each takes most of a minute, so `make soak` runs them."""

import json
import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("authority", ["ncmec", "dsa"])
@pytest.mark.skipif(not os.environ.get("ANSWERABLE_SOAK_KILLS"), reason="a minute long: `make soak`")
def test_the_drill_comes_out_as_it_should(authority: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "drill", authority, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert ran.returncode == 0, ran.stderr
    assert set(json.loads(ran.stdout).values()) == {True}
