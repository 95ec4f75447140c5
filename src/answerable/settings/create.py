"""The first configuration of a desk: `answerable.toml` and the secrets that it names."""

import base64
import os
import secrets
from pathlib import Path

from answerable.settings.config import CONFIG_NAME

SAMPLE_SECRET = "sample.secret"  # noqa: S105  the name of a file

DESK = """\
# What this desk is, and which platforms it answers for.
# Every key is explained in docs/configuration.md. Secrets are files beside this one; addresses with a password,
# of the database or of a pager, stand here: keep this file readable by its owner alone.
environment = "{environment}"

[desk]
name = "{name}"
origin = "desk.localhost/log"        # the audit log's unique name: your domain and a path, without a scheme
public_url = "{public_url}"
staff_url = "{staff_url}"
regimes = ["us", "uk", "eu.fr"]      # the laws under which you are the provider
policy = "baseline"                  # or the path of your own policy pack
languages = ["en", "fr"]
emergency_contact = ""               # shown where danger is reported and nobody is on call

[web]
address = "127.0.0.1"                # where the doors listen: put a proxy with TLS before them
public_port = {public_port}
staff_port = {staff_port}

[database]
url = "{database}"                   # "sqlite", or "postgresql://user:password@host/name"

[alerts]
urls = []                            # where people on call are paged: apprise addresses

[evidence]
custodians = []                      # who alone can read the vault: docs/evidence.md

[worker]
threads = 6
"""

SAMPLE = """
[[platforms]]
name = "sample"
adapter = "http"
base_url = "http://127.0.0.1:{port}/answerable"
secret_file = "{secret_file}"
hosts = ["localhost:{port}", "127.0.0.1:{port}"]
media_hosts = ["localhost:{port}", "127.0.0.1:{port}"]
item_paths = ["/p/{{ref}}", "/m/{{ref}}", "/u/{{ref}} profile"]
"""


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read. Raises FileExistsError rather than overwrite one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def webhook_secret() -> bytes:
    """A new secret in the form of Standard Webhooks: `whsec_` and 32 random bytes in base64."""
    return b"whsec_" + base64.b64encode(secrets.token_bytes(32))


def create(
    data: Path,
    *,
    sample: bool,
    environment: str = "production",
    name: str = "Answerable",
    public_port: int = 8400,
    staff_port: int = 8401,
    database: str = "sqlite",
    sample_port: int = 8402,
) -> Path:
    """Write the configuration into `data`; with `sample`, also the sample platform and its secret.

    Raises FileExistsError when there is a configuration already: it is never overwritten.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data / CONFIG_NAME
    text = DESK.format(
        environment=environment,
        name=name,
        public_url=f"http://localhost:{public_port}",
        staff_url=f"http://localhost:{staff_port}",
        public_port=public_port,
        staff_port=staff_port,
        database=database,
    )
    if sample:
        text += SAMPLE.format(port=sample_port, secret_file=SAMPLE_SECRET)
        if not (data / SAMPLE_SECRET).exists():
            write_private(data / SAMPLE_SECRET, webhook_secret())
    write_private(path, text.encode())
    return path
