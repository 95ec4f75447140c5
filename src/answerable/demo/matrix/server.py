"""Synapse, started on this machine alone: SQLite, no federation, our module, no limits on how fast people are."""

import base64
import json
import os
import secrets
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

import answerable.platforms
from answerable.demo.matrix.person import Person, register
from answerable.demo.stack import StackFailed
from answerable.demo.stage import PlatformMissing
from answerable.lineage import die_with_parent

PYTHON_VARIABLE = "ANSWERABLE_SYNAPSE_PYTHON"
MODULE = Path(answerable.platforms.__file__).parent / "synapse" / "module"
SERVER_NAME = "hs.test"
READY_WITHIN_SECONDS = 90.0
_UNLIMITED = {"per_second": 10_000, "burst_count": 10_000}
_LIMITS = (
    "rc_message",
    "rc_registration",
    "rc_reports",
    "rc_media_create",
    "rc_room_creation",
    "rc_joins_per_room",
)


class SynapseFailed(StackFailed):
    """Synapse did not start. Its messages are in the file named."""


def interpreter() -> Path:
    """The Python of the environment that holds Synapse. Raises PlatformMissing."""
    named = os.environ.get(PYTHON_VARIABLE)
    repository = Path(__file__).resolve().parents[4]
    path = Path(named) if named else repository / ".venv-synapse" / "bin" / "python"
    if not path.exists():
        raise PlatformMissing(
            f"Synapse is not installed for this: run scripts/synapse ({path} does not exist)."
        )
    return path


class Synapse:
    """One homeserver in a folder of its own. A context manager; it ends with this process at the latest."""

    def __init__(self, folder: Path, port: int, module: dict[str, Any] | None) -> None:
        """`module`: the configuration of our module, or None to run without it."""
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / "synapse.log"
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._secret = secrets.token_hex(16)
        key = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        (folder / "signing.key").write_text(f"ed25519 a_test {key}\n")
        self.configure(module)

    def configure(self, module: dict[str, Any] | None, **more: Any) -> None:
        """Write the configuration; it counts from the next start."""
        settings: dict[str, Any] = {
            "server_name": SERVER_NAME,
            "public_baseurl": f"{self.url}/",
            "listeners": [
                {
                    "bind_addresses": ["127.0.0.1"],
                    "port": self.port,
                    "type": "http",
                    "tls": False,
                    "resources": [{"names": ["client"], "compress": False}],
                }
            ],
            "database": {"name": "sqlite3", "args": {"database": str(self.folder / "homeserver.db")}},
            "media_store_path": str(self.folder / "media"),
            "signing_key_path": str(self.folder / "signing.key"),
            "pid_file": str(self.folder / "synapse.pid"),
            "registration_shared_secret": self._secret,
            "macaroon_secret_key": self._secret,
            "form_secret": self._secret,
            "trusted_key_servers": [],
            "federation_domain_whitelist": [],
            "report_stats": False,
            "server_notices": {"system_mxid_localpart": "notices", "room_name": "Notices"},
            "bcrypt_rounds": 4,
            **dict.fromkeys(_LIMITS, _UNLIMITED),
            "rc_login": dict.fromkeys(("address", "account", "failed_attempts"), _UNLIMITED),
            "rc_joins": {"local": _UNLIMITED},
            "rc_invites": dict.fromkeys(("per_room", "per_user", "per_issuer"), _UNLIMITED),
            **more,
        }
        if module is not None:
            settings["modules"] = [{"module": "answerable_synapse.AnswerableModule", "config": module}]
        (self.folder / "homeserver.yaml").write_text(json.dumps(settings, indent=1))  # JSON is YAML

    def __enter__(self) -> "Synapse":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it answers. Raises SynapseFailed."""
        environment = {**os.environ, "PYTHONPATH": str(MODULE), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [str(interpreter()), "-m", "synapse.app.homeserver", "--config-path"]
        parent = os.getpid()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  the interpreter that was configured
                [*command, str(self.folder / "homeserver.yaml")],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  nothing else runs in between
            )
        limit = time.monotonic() + READY_WITHIN_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > limit:
                self.stop()
                raise SynapseFailed(f"{self.log}:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            with httpx.Client(trust_env=False, timeout=5) as client:
                return client.get(f"{self.url}/_matrix/client/versions").status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self, *, kill: bool = False) -> None:
        """End it, in order or at once."""
        if self._process is None:
            return
        if not kill:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(20)
        self._process.kill()
        self._process.wait()
        self._process = None

    def person(self, name: str, *, admin: bool = False) -> Person:
        """Somebody with a new account."""
        return register(self.url, self._secret, name, admin=admin)
