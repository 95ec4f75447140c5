"""A PostgreSQL cluster of the tests' and the replay's own: made, started and removed by them."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from answerable.lineage import die_with_parent

USERS = ("postgres", "nobody")
SPEED = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
}


class PostgreSQLMissing(Exception):
    """PostgreSQL is not installed: run `apt-get install postgresql` (as root)."""


def programs() -> Path:
    """The directory of initdb and postgres, the newest installed version."""
    found = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if found:
        return max(found, key=lambda path: int(path.parent.name))
    initdb = shutil.which("initdb")
    if initdb:
        return Path(initdb).parent
    config = shutil.which("pg_config")
    if config:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603  found
        folder = Path(told.stdout.strip())
        if (folder / "initdb").exists():
            return folder
    raise PostgreSQLMissing(PostgreSQLMissing.__doc__)


@dataclass
class Cluster:
    """A running server, reached by a socket in `folder`. Ends with `stop()`."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, name: str) -> str:
        """The address of one of its databases, as `answerable.toml` writes it."""
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def stop(self) -> None:
        """Stop the server at once and remove everything that it wrote."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(options: Mapping[str, str] = SPEED) -> Cluster:
    """Make a cluster and start it. PostgreSQL refuses root, so root hands over to another user."""
    folder = Path(tempfile.mkdtemp(prefix="answerable-pg-"))
    prefix: list[str] = []
    if os.geteuid() == 0:
        user = next(pwd.getpwnam(name) for name in USERS if _exists(name))
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix = [
            "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            "--pdeathsig", "KILL",  # who changes users keeps no such wish
        ]  # fmt: skip
    bin_folder, data = programs(), folder / "data"
    parent = os.getpid()
    subprocess.run(  # noqa: S603  PostgreSQL's own program
        [*prefix, str(bin_folder / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8",
         "--no-sync", "--locale=C.UTF-8"],
        check=True, cwd=folder, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(  # noqa: S603  likewise
        [*prefix, str(bin_folder / "postgres"), "-D", str(data), "-k", str(folder), *settings],
        cwd=folder,
        stdout=(log := (folder / "log").open("wb")),
        stderr=log,
        preexec_fn=lambda: die_with_parent(parent),  # noqa: PLW1509  nothing else runs in between
    )
    cluster = Cluster(folder, process)
    _wait_until_ready(cluster, bin_folder)
    return cluster


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _wait_until_ready(cluster: Cluster, bin_folder: Path) -> None:
    """Poll the server itself: it has no other sign of readiness. Thirty seconds at most."""
    for _ in range(300):
        ready = [str(bin_folder / "pg_isready"), "-q", "-h", str(cluster.folder), "-U", "postgres"]
        if subprocess.run(ready, check=False).returncode == 0:  # noqa: S603  likewise
            return
        if cluster.process.poll() is not None:
            break
        time.sleep(0.1)
    log = (cluster.folder / "log").read_text(errors="replace")
    cluster.stop()
    raise RuntimeError(f"PostgreSQL did not start:\n{log}")
