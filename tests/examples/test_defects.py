"""What an integrator may get wrong, made in a copy of each example: the check names it, and says what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.demo.stack import free_ports
from answerable.platforms.check import check
from answerable.settings.create import webhook_secret
from tests.examples.conftest import FOLDERS, PROGRAMS, Site, running

HIDDEN = "hidden: strangers see nothing, the desk still does"
CACHED_BY_ASGI = """
_kept, _respond = {}, respond


def respond(method, path, *more):
    import time

    kept = _kept.get(path, (0, None))
    if path.startswith("/media/") and time.time() - kept[0] < 30:
        return kept[1]
    _kept[path] = (time.time(), _respond(method, path, *more))
    return _kept[path][1]
"""
UNSEEN = 'if item is None or not store.is_shown(item):\n        return page(404, "<p>There is nothing here.</p>")\n'
GIVEN = "    return 200"
THE_ITEM = "item = the_item(db, body)\n"
ANOTHER = """\
    first = "SELECT account, posted_at, views, media, media_type, ? AS ref FROM item ORDER BY number"
    item = db.execute(first, [item["ref"]]).fetchone()
"""
THE_BYTES = '    return {**described(item), "media": inline(item)}'
DEFECTS = {
    "the signature is not checked": (
        "a wrong signature is refused",
        {
            "asgi": (
                "contract.py",
                'Webhook((DATA / "desk.secret").read_text().strip()).verify(raw, headers)',
                "json.loads(raw)",
            ),
            "django": (
                "pictures/contract.py",
                "Webhook(secret).verify(request.body, dict(request.headers))",
                "__import__('json').loads(request.body)",
            ),
        },
    ),
    "the serial is not looked at": (
        "a late request changes nothing",
        {
            "asgi": ("contract.py", 'if serial < item["serial"]:', "if False:"),
        },
    ),
    "media are still served": (
        HIDDEN,
        {
            "asgi": (
                "app.py",
                UNSEEN + GIVEN,
                "if item is None:\n        return page(404)\n    return 200",
            ),
        },
    ),
    "media are cached for 30 seconds": (
        HIDDEN,
        {
            "asgi": ("app.py", "def form(headers", CACHED_BY_ASGI + "\n\ndef form(headers"),
            "django": (
                "pictures/views.py",
                "@never_cache\ndef item(",
                "@__import__('django.views.decorators.cache', fromlist=['x']).cache_page(30)\ndef item(",
            ),
        },
    ),
    "answered requests are forgotten": (
        "a recorded request does nothing when it is sent again",
        {
            "asgi": ("contract.py", 'if said.get("done"):', "if False:"),
        },
    ),
    "what is hidden redirects to the first page": (
        HIDDEN,
        {
            "asgi": (
                "app.py",
                'return page(404, "<p>There is nothing here.</p>")\n    return 200',
                'return 302, {"location": "/"}, b""\n    return 200',
            ),
        },
    ),
    "the endpoint redirects": (
        "the list of items answers, signed and checked",
        {
            "django": ("urls.py", 'path("answerable", ', 'path("answerable/", '),
        },
    ),
    "an id finds another picture": (
        "what reviewers get is what strangers see",
        {
            "asgi": (
                "contract.py",
                THE_ITEM + THE_BYTES,
                THE_ITEM + ANOTHER + THE_BYTES,
            ),
        },
    ),
    "nothing is named to look at once it is hidden": (
        HIDDEN,
        {
            "asgi": (
                "contract.py",
                'return {"ref": item["ref"], "visibility"',
                'look = look if is_shown(item) else {}\n    return {"ref": item["ref"], "visibility"',
            ),
        },
    ),
}


@pytest.mark.parametrize(
    ("defect", "example"), [(name, example) for name, (_, made) in DEFECTS.items() for example in made]
)
def test_the_check_names_each_defect(
    defect: str, example: str, tmp_path: Path, draw: Callable[[int], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    step, made = DEFECTS[defect]
    folder = tmp_path / "example"
    shutil.copytree(FOLDERS[example], folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    file, right, wrong = made[example]
    text = (folder / file).read_text()
    assert text.count(right) == 1, f"{file} no longer holds what this defect changes"
    (folder / file).write_text(text.replace(right, wrong))
    monkeypatch.setitem(PROGRAMS, example, PROGRAMS[example][:1])
    site = Site(example, folder, tmp_path / "data", free_ports(1)[0], "http://localhost:9")
    site.data.mkdir()
    (site.data / "desk.secret").write_bytes(webhook_secret())
    with running(site):
        if defect == "an id finds another picture":
            site.shown(draw(1))
        ref = site.shown(draw(2))
        steps = list(check(f"{site.url}/answerable", site.data / "desk.secret", (), ref))
    failed = {one.name: one for one in steps if not one.passed}
    assert step in failed, failed
    assert failed[step].fix
