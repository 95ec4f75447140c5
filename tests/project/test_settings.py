"""What both doors say to browsers and to the log."""

import json
import logging
import tomllib
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from answerable.settings import log
from answerable.settings import public as public_door
from answerable.settings import staff as staff_door
from answerable.settings.base import cookie_name, of_door
from answerable.settings.config import ConfigError, read
from answerable.settings.create import DESK, create
from answerable.settings.headers import privacy_headers
from answerable.settings.keys import read_key

SECRET_WORDS = "I was thirteen"


@pytest.fixture
def line():
    """Formats one record as a log line, and reads it again."""
    formatter = log.formatter()

    def make(name, message, *arguments, error=None, **extra):
        information = (type(error), error, error.__traceback__) if error else None
        record = logging.LogRecord(name, logging.ERROR, "views.py", 7, message, arguments, information)
        record.__dict__.update(extra)
        return json.loads(formatter.format(record))

    return make


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def test_a_log_line_is_json_with_level_and_name(line):
    said = line("answerable.worker", "claimed %d", 3)
    assert (said["event"], said["level"], said["logger"]) == ("claimed 3", "error", "answerable.worker")


def test_the_text_of_a_foreign_exception_stays_out_of_the_log(line):
    said = line("answerable", "failed", error=raised(ValueError(SECRET_WORDS)))
    assert SECRET_WORDS not in json.dumps(said)
    assert said["exception"]["type"] == "builtins.ValueError"
    assert "test_settings.py" in said["exception"]["at"][0]


def test_our_own_exceptions_keep_their_sentence(line):
    said = line("answerable", "failed", error=raised(ConfigError("write regimes")))
    assert said["exception"]["message"] == "write regimes"


def test_a_refused_request_leaves_no_path_or_address(line):
    request = RequestFactory().get("/status/1234567812345678", REMOTE_ADDR="192.0.2.7")
    said = line("django.request", "Not Found: %s", request.path, request=request, status_code=404)
    assert "1234567812345678" not in json.dumps(said)
    assert "192.0.2.7" not in json.dumps(said)
    assert said["status"] == 404


def test_no_page_may_load_anything_from_elsewhere_or_be_kept():
    response = privacy_headers(lambda _request: HttpResponse())(RequestFactory().get("/"))
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "http" not in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store"


def test_a_view_may_set_its_own_caching():
    own = HttpResponse(headers={"Cache-Control": "max-age=300"})
    assert privacy_headers(lambda _request: own)(RequestFactory().get("/"))["Cache-Control"] == "max-age=300"


def test_a_first_configuration_can_be_read_and_is_private(tmp_path):
    path = create(tmp_path / "data", sample=True)
    assert path.stat().st_mode & 0o077 == 0
    assert read(path).platforms[0].name == "sample"
    assert (tmp_path / "data" / "sample.secret").read_bytes().startswith(b"whsec_")


def test_a_configuration_is_never_overwritten(tmp_path):
    create(tmp_path, sample=False)
    with pytest.raises(FileExistsError):
        create(tmp_path, sample=False)


def test_a_typo_in_the_configuration_is_named(tmp_path):
    path = create(tmp_path, sample=False)
    path.write_text(path.read_text().replace("threads = 6", "treads = 6"))
    with pytest.raises(ConfigError, match="treads"):
        read(path)


def test_a_configuration_without_a_regime_is_refused(tmp_path):
    path = create(tmp_path, sample=False)
    text = path.read_text()
    regimes = next(row for row in text.splitlines() if row.startswith("regimes"))
    path.write_text(text.replace(regimes, "regimes = []"))
    with pytest.raises(ConfigError, match="regimes"):
        read(path)


def test_the_configuration_documents_every_key():
    document = (Path(__file__).parents[2] / "docs" / "configuration.md").read_text()
    written = tomllib.loads(
        DESK.format(
            environment="production",
            name="",
            public_url="",
            staff_url="",
            public_port=1,
            staff_port=2,
            database="",
        )
    )
    keys = [f"{section}.{key}" for section, keys in written.items() if isinstance(keys, dict) for key in keys]
    assert [key for key in keys if f"`{key}`" not in document] == []


def test_a_key_that_others_can_read_is_refused(tmp_path):
    read_key(tmp_path, "some.key")
    (tmp_path / "keys" / "some.key").chmod(0o644)
    with pytest.raises(PermissionError, match="chmod 600"):
        read_key(tmp_path, "some.key")


def test_a_door_behind_tls_says_so_whatever_the_other_one_has():
    public, staff = of_door("https://report.example/"), of_door("http://localhost:8401")
    assert public["CSRF_COOKIE_SECURE"]
    assert public["SECURE_HSTS_SECONDS"] > 0
    assert public["CSRF_TRUSTED_ORIGINS"] == ["https://report.example"]
    assert not staff["SESSION_COOKIE_SECURE"]
    assert cookie_name("language", "https://report.example") == "__Host-language"


def test_each_door_takes_forms_of_its_own_pages_only():
    assert public_door.CSRF_TRUSTED_ORIGINS == ["http://localhost:8400"]
    assert staff_door.CSRF_TRUSTED_ORIGINS == ["http://localhost:8401"]


def test_an_error_in_the_configuration_never_shows_a_password(tmp_path):
    path = tmp_path / "answerable.toml"
    path.write_text(
        '[desk]\nregimes = ["us"]\n[database]\nurl = ["postgresql://desk:hunter2@localhost/desk"]\n'
    )
    with pytest.raises(ConfigError, match=r"database\.url") as refused:
        read(path)
    assert "hunter2" not in str(refused.value)
