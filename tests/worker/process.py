"""`python -m tests.worker.process`: the real worker, as a process of its own, with the tests' handlers."""

from answerable.settings.start import prepare
from answerable.worker import parties
from tests.support import network

if __name__ == "__main__":
    network.install()
    prepare()
    parties.HANDLERS = ("tests.worker.handlers",)  # type: ignore[misc]
    from answerable.worker.cli import worker
    from tests.worker import handlers

    handlers.register()

    worker()
