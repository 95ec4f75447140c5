"""Evidence: a large file over real HTTP into both stores, back out of the working store, compared with its digest."""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "answerable.settings.public")

from bench import machine
from bench.desk import prepared

PIECE = os.urandom(1024 * 1024)
DOCUMENTS = 200
SMALLEST = (
    b"<report><incidentSummary>"
    b"<incidentType>Child Pornography (possession, manufacture, and distribution)</incidentType>"
    b"<incidentDateTime>2026-01-02T03:04:05Z</incidentDateTime></incidentSummary>"
    b"<reporter><reportingPerson><email>reports@photos.example</email></reportingPerson></reporter></report>"
)


class _Large(BaseHTTPRequestHandler):
    """Serves so many megabytes as its address says."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """All of it."""
        megabytes = int(self.path.strip("/"))
        self.send_response(200)
        self.send_header("content-length", str(megabytes * len(PIECE)))
        self.end_headers()
        for _ in range(megabytes):
            self.wfile.write(PIECE)


def measure(megabytes: int) -> dict[str, Any]:
    """On the empty desk of ANSWERABLE_DATA. The site is a process of its own: its memory isn't ours."""
    import django

    django.setup()
    from django.conf import settings

    from answerable import media
    from answerable.cases.models import EvidenceObject
    from answerable.evidence import scrub, stores
    from answerable.evidence.sealing import CHUNK_BYTES, new_identity, recipient_of
    from answerable.settings.evidence import Custodian, Evidence

    custodians = tuple(Custodian(name=name, key=recipient_of(new_identity())) for name in ("Ravi", "Lena"))
    settings.CONFIG = settings.CONFIG.model_copy(update={"evidence": Evidence(custodians=custodians)})
    port, site = _site()
    expected = hashlib.sha256()
    for _ in range(megabytes):
        expected.update(PIECE)
    url, host = f"http://127.0.0.1:{port}/{megabytes}", f"127.0.0.1:{port}"
    before = _peak()
    with machine.watched() as around:
        begun = time.perf_counter()
        plain, objects = stores.put(
            lambda write: media.fetch_into(url, [host], write, 16 * 1024**3, 3600.0), expected.hexdigest()
        )
        kept = time.perf_counter() - begun
        rows = [
            EvidenceObject(
                store=one.store,
                sha256=one.sha256,
                size=one.size,
                sealed_sha256=one.sealed_sha256,
                sealed_size=one.sealed_size,
                key=one.key,
            )
            for one in objects
        ]
        begun = time.perf_counter()
        with stores.opened(rows[0]) as file:
            while file.read(CHUNK_BYTES):
                pass
        read = time.perf_counter() - begun
        filed = _filed(rows[0])
        begun = time.perf_counter()
        faults = [scrub.fault_of(row) for row in rows]
        scrubbed = time.perf_counter() - begun
        begun = time.perf_counter()
        for number in range(DOCUMENTS):
            stores.put_bytes(b"%d" % number * 2000)
        small = (time.perf_counter() - begun) / DOCUMENTS
    os.kill(site, 9)
    os.waitpid(site, 0)
    if any(faults) or plain.size != megabytes * len(PIECE):
        raise RuntimeError("what was kept is not what was served")
    return {
        "megabytes": megabytes,
        "kept_mb_per_second": round(megabytes / kept),
        "read_back_mb_per_second": round(megabytes / read),
        "sent_to_ncmec_mb_per_second": round(megabytes / filed),
        "scrubbed_mb_per_second": round(2 * megabytes / scrubbed),
        "more_memory_mb": round((_peak() - before) / 1024, 1),
        "whole_memory_mb": round(_peak() / 1024, 1),
        "small_document_ms": round(small * 1000, 1),
        **around,
    }


def _filed(stored: Any) -> float:
    """Upload a file from the working store to the drill's CyberTipline, in a process of its own; in seconds."""
    from answerable.authorities.ncmec.client import CyberTipline
    from answerable.authorities.ncmec.drill.server import LOGIN
    from answerable.authorities.ncmec.wire import Door
    from answerable.evidence import stores

    drill = subprocess.Popen(
        [sys.executable, "-m", "answerable.cli", "drill", "ncmec", "--serve"],
        stdout=subprocess.PIPE, text=True, cwd=machine.REPOSITORY,
    )  # fmt: skip
    try:
        assert drill.stdout is not None
        base = drill.stdout.readline().split(" = ")[1].strip()
        client = CyberTipline(Door(base, tuple(LOGIN.split(":", 1)), 3600.0))
        number = client.submit_xml(SMALLEST)
        with stores.opened(stored) as file:
            begun = time.perf_counter()
            sent = client.upload(number, cast(IO[bytes], file), "001-a-film")
            took = time.perf_counter() - begun
        client.retract(number)
        assert sent.file_id
        return took
    finally:
        drill.terminate()
        drill.wait(30)


def _peak() -> int:
    """The most memory that this process had, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _site() -> tuple[int, int]:
    """The site's port, and its process."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Large)
    pid = os.fork()
    if pid == 0:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        while True:
            time.sleep(60)
    server.server_close()
    return server.server_address[1], pid


def main() -> None:
    """Once, on SQLite: no database has a part in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--here", action="store_true")
    asked = parser.parse_args()
    if asked.here:
        machine.write("evidence", measure(asked.megabytes))
        return
    with prepared() as desk:
        print(desk.command("bench.evidence", "--here", "--megabytes", str(asked.megabytes)), flush=True)


if __name__ == "__main__":
    main()
