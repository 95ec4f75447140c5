"""`python -m answerable.serve.child PARENT NAME …`: becomes one part, and ends with its parent."""

import runpy
import sys

from answerable.lineage import die_with_parent


def main(arguments: list[str]) -> None:
    """Run the named part: a door, the worker, or the sample site."""
    parent, name, *rest = arguments
    die_with_parent(int(parent))
    if name in ("public", "staff"):
        from answerable.serve.door import run  # noqa: PLC0415

        run(name)
    elif name == "worker":
        from answerable.settings.start import prepare  # noqa: PLC0415

        prepare()
        from answerable.worker.cli import worker  # noqa: PLC0415

        worker()
    elif name == "sample":
        sys.argv = ["answerable.demo.sample", *rest]
        runpy.run_module("answerable.demo.sample", run_name="__main__", alter_sys=True)
    else:
        raise SystemExit(f"There is no part called {name!r}.")


if __name__ == "__main__":
    main(sys.argv[1:])
