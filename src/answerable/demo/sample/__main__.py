"""`python -m answerable.demo.sample --port 8402 --data DIR --desk http://localhost:8400`: serve the site."""

import os
from pathlib import Path
from typing import Annotated

import typer

THREADS = 4


def serve(
    *,
    port: Annotated[int, typer.Option(help="Port on this machine.")] = 8402,
    data: Annotated[Path, typer.Option(help="Directory of database and pictures.")] = Path("data/sample"),
    desk: Annotated[str, typer.Option(help="The desk's public address.")] = "http://localhost:8400",
    secret_file: Annotated[
        Path | None, typer.Option(help="Secret shared with the desk; default DIR/sample.secret.")
    ] = None,
    api_key_file: Annotated[
        Path | None, typer.Option(help="Key for the desk's API; default DIR/sample.key.")
    ] = None,
    public_url: Annotated[str, typer.Option(help="Address for people; default localhost and the port.")] = "",
    demo_data: Annotated[bool, typer.Option(help="Make accounts and pictures on the first start.")] = True,
) -> None:
    """Prepare the database, then serve until stopped."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "answerable.demo.sample.settings",
        "LUMEN_DATA": str(data),
        "LUMEN_DESK_URL": desk,
        "LUMEN_SECRET_FILE": str(secret_file or data / "sample.secret"),
        "LUMEN_API_KEY_FILE": str(api_key_file or data / "sample.key"),
        "LUMEN_PUBLIC_URL": public_url or f"http://localhost:{port}",
    }
    import django  # noqa: PLC0415  only after its settings are named

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from answerable.demo.sample import seed  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    if demo_data:
        seed.once()

    from granian import Granian  # noqa: PLC0415
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    from answerable.demo.sample.wsgi import PARENT_VARIABLE  # noqa: PLC0415

    os.environ[PARENT_VARIABLE] = str(os.getpid())
    Granian(
        "answerable.demo.sample.wsgi:application",
        factory=True,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        websockets=False,
        log_level=LogLevels.error,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    typer.run(serve)
