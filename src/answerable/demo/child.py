"""`python -m answerable.demo.child PARENT ROLE`: a process of the replay, which ends with the replay."""

import sys

from answerable.lineage import die_with_parent


def main(arguments: list[str]) -> None:
    """Become the desk (`serve`), or the people who judge what floods bring (`reviewers`)."""
    parent, role = arguments
    die_with_parent(int(parent))
    if role == "serve":
        from answerable.cli import main as command  # noqa: PLC0415

        sys.exit(command(["serve", "--sample", "--demo-data"]))
    elif role == "reviewers":
        from answerable.demo.reviewers import run  # noqa: PLC0415

        run()
    else:
        raise SystemExit(f"There is no role {role!r}.")


if __name__ == "__main__":
    main(sys.argv[1:])
