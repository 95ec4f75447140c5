"""What a desk refuses at its door and before it opens: each with where and why, and nothing stored."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from django.test import Client

from answerable.api.keys import create_key
from answerable.cases.models import Report
from answerable.policy.load import PACKS
from answerable.settings.create import create
from tests.faults.conftest import Reporter
from tests.serve.test_desk import free_ports
from tests.support.turns import Turns

HOLE = "kept_by: hide"


def test_a_desk_with_a_hole_in_its_pack_does_not_open_and_says_where(tmp_path: Path) -> None:
    text = (PACKS / "baseline.yaml").read_text()
    line = text[: text.index(HOLE)].count("\n") + 1
    pack = tmp_path / "ours.yaml"
    pack.write_text(text.replace(HOLE, "kept_by: hope", 1))
    public, staff = free_ports(2)
    data = tmp_path / "data"
    path = create(data, sample=False, public_port=public, staff_port=staff)
    path.write_text(path.read_text().replace('policy = "baseline"', f'policy = "{pack}"'))
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_SETTINGS_MODULE"}
    ended = subprocess.run(
        [sys.executable, "-m", "answerable.cli", "serve"],
        env={**environment, "ANSWERABLE_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2
    found = re.search(r"ours\.yaml:(\d+): a promise bound to nothing: (.*)", ended.stderr)
    assert found, ended.stderr
    assert line - 5 <= int(found[1]) <= line, "the promise that says it"
    assert "hope" in found[2]
    assert "Traceback" not in ended.stderr
    assert "is ready" not in ended.stdout


def test_two_megabytes_of_words_stay_in_the_form_and_fit_once_they_are_shortened(dana: Reporter) -> None:
    long = "é" * 1_000_000
    form = dana.form(statement=long)
    answer = dana.send(form)
    assert answer.status_code == 422
    assert long in answer.content.decode(), "nothing that was typed is lost"
    assert Report.objects.count() == 0
    assert dana.send({**form, "statement": long[:15_000]}).status_code == 200
    assert Report.objects.count() == 1


def test_two_megabytes_from_a_machine_are_refused_by_name(dana: Reporter, worker: Turns) -> None:
    key = create_key("button", ["reports:write"], now=worker.now)
    body = {"harm": "csam", "relation": "depicted", "statement": "é" * 1_000_000}
    answer = Client(SERVER_NAME="localhost").post(
        "/api/v1/reports",
        json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert error["pointer"] == "#/statement"
    assert "20000" in error["detail"]
    assert "é" not in answer.content.decode()
    assert Report.objects.count() == 0
