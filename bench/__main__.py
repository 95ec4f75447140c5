"""`python -m bench`: all of them, one after the other, about ten minutes."""

import subprocess
import sys

ALL = (
    ("bench.reports", "--seconds", "15"),
    ("bench.reports", "--seconds", "10", "--door", "api", "--unregistered"),
    ("bench.hidden",),
    ("bench.hidden", "--unregistered", "--rate", "2"),
    ("bench.blocked",),
    ("bench.filing",),
    ("bench.audit",),
    ("bench.matching",),
)

if __name__ == "__main__":
    failed = [one for one in ALL if subprocess.run([sys.executable, "-m", *one], check=False).returncode]
    if failed:
        raise SystemExit(f"These failed: {', '.join(' '.join(one) for one in failed)}")
