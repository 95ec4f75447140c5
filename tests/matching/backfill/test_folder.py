"""A folder as a library: hashed once, taken up where it was left, told what can't be read."""

import hashlib
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.audit.models import AuditEntry
from answerable.cases.models import Account, Backfill, Item, ItemContent
from answerable.matching.backfill.display import Lines
from answerable.matching.backfill.folder import Folder
from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.pieces import CantRead, Rate
from answerable.matching.backfill.session import CannotGoOn, Outcome
from answerable.matching.backfill.tally import Tally
from answerable.media import fingerprint
from answerable.obligations.models import Obligation

pytestmark = pytest.mark.django_db
Run = Callable[..., Outcome]
ALL = {f"uri{number % 2}/p{number}.jpg" for number in range(6)}


def refs() -> set[str]:
    return set(Item.objects.values_list("ref", flat=True))


def test_every_picture_is_registered_with_its_fingerprints_and_owes_nothing(
    backfill: Run, library: Path, draw: Callable[[int], bytes]
) -> None:
    outcome = backfill(library)
    assert outcome.is_end
    assert "6 files" in outcome.summary
    assert refs() == ALL
    content = ItemContent.objects.select_related("item").get(item__ref="uri1/p3.jpg")
    expected = fingerprint(draw(3))
    assert content.sha256 == hashlib.sha256(draw(3)).hexdigest()
    assert (bytes(content.pdq or b""), content.md5) == (expected.pdq, expected.md5)
    assert content.item.content_id == content.pk
    assert not Obligation.objects.exists()
    kinds = AuditEntry.objects.values_list("kind", flat=True)
    assert [kind for kind in kinds if kind.startswith("backfill")] == ["backfill_begun", "backfill_ended"]


def test_running_it_again_only_takes_what_is_new(
    backfill: Run, library: Path, draw: Callable[[int], bytes]
) -> None:
    backfill(library)
    (library / "new.jpg").write_bytes(draw(9))
    outcome = backfill(library)
    assert "1 registered, 6 known before" in outcome.summary
    assert refs() == ALL | {"new.jpg"}
    assert ItemContent.objects.count() == 7


def test_a_changed_file_is_taken_when_it_is_hashed_again(
    backfill: Run, library: Path, draw: Callable[[int], bytes]
) -> None:
    backfill(library)
    (library / "uri0/p0.jpg").write_bytes(draw(9))
    assert "0 registered, 6 known" in backfill(library).summary
    assert "0 registered, 6 known" in backfill(library, again=True).summary
    item = Item.objects.select_related("content").get(ref="uri0/p0.jpg")
    assert item.content is not None
    assert item.content.sha256 == hashlib.sha256(draw(9)).hexdigest()
    assert ItemContent.objects.count() == 7


def test_it_goes_on_where_it_was_stopped(backfill: Run, library: Path) -> None:
    naming = Naming("site")
    key = naming.digest(str(library.resolve()))
    Backfill.objects.create(
        key=key,
        source="x",
        platform="site",
        position="uri0/p4.jpg",
        counts={"seen": 3},
        begun_at="2026-12-01T09:00Z",
    )
    outcome = backfill(library)
    assert "6 files" in outcome.summary
    assert refs() == {"uri1/p1.jpg", "uri1/p3.jpg", "uri1/p5.jpg"}


def test_asked_to_stop_in_the_middle_it_keeps_what_it_read(
    backfill: Run, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop, real = threading.Event(), Lines.update

    def update(display: Lines, tally: Tally) -> None:
        real(display, tally)
        if tally.seen == 2:
            stop.set()

    monkeypatch.setattr(Lines, "update", update)
    stopped = backfill(library, stop=stop)
    assert not stopped.is_end
    assert refs() == {"uri0/p0.jpg", "uri0/p2.jpg"}
    assert Backfill.objects.get().position == "uri0/p2.jpg"
    assert "6 files" in backfill(library).summary
    assert refs() == ALL


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(backfill: Run, library: Path) -> None:
    outcome = backfill(library, dry_run=True)
    assert "6 would be registered" in outcome.summary
    assert not Item.objects.exists()
    assert not Backfill.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_can_not_be_read_is_named_and_the_rest_goes_on(
    backfill: Run, library: Path, tmp_path: Path, draw: Callable[[int], bytes]
) -> None:
    (library / "broken.jpg").write_bytes(draw(1)[:200])
    (library / "empty.jpg").write_bytes(b"")
    (library / "notes.txt").write_text("not media")
    problems = tmp_path / "problems.tsv"
    outcome = backfill(library, problems=problems)
    assert outcome.problems == 2
    assert refs() == ALL | {"broken.jpg"}
    assert Item.objects.get(ref="broken.jpg").wanted == "visible"
    named = dict(line.split("\t") for line in problems.read_text().splitlines())
    assert set(named) == {"broken.jpg", "empty.jpg"}
    assert problems.stat().st_mode & 0o777 == 0o600
    assert "1 passed over: neither image nor video" in outcome.summary


def test_links_are_not_followed(
    backfill: Run, library: Path, tmp_path: Path, draw: Callable[[int], bytes]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.jpg").write_bytes(draw(8))
    (library / "link.jpg").symlink_to(outside / "secret.jpg")
    (library / "folder").symlink_to(outside)
    os.mkfifo(library / "pipe.jpg")
    outcome = backfill(library)
    assert refs() == ALL
    assert "3 passed over: links and special files" in outcome.summary


def test_a_path_of_a_list_does_not_lead_out_of_the_folder(library: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.jpg").write_bytes(b"x")
    (library / "up").symlink_to(tmp_path)
    folder = Folder(library, Naming("site"), Rate(0))
    for path in ("../outside.jpg", "up/outside.jpg", str(tmp_path / "outside.jpg"), "", "uri0/../up"):
        with pytest.raises(CantRead), folder.opened(path):
            pass
    with folder.opened("uri0/p0.jpg") as opened:
        assert opened.size == (library / "uri0/p0.jpg").stat().st_size


def test_pieces_come_in_one_order_and_can_be_taken_up_anywhere(tmp_path: Path) -> None:
    root = tmp_path / "odd"
    names = [b"a", b"a.d/x", b"a/b"[:1] + b"2/y", b"caf\xc3\xa9", b"caf\xe9", b"z%2F/\n", b"z/deep/er/file"]
    for name in names:
        path = os.path.join(os.fsencode(root), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(b"x")
    folder = Folder(root, Naming("site"), Rate(0))
    whole = [(piece.position, piece.name) for piece in folder.pieces("")]
    assert len(whole) == len(names) == folder.count(threading.Event())
    for place, (position, _name) in enumerate(whole):
        rest = [(piece.position, piece.name) for piece in folder.pieces(position)]
        assert rest == whole[place + 1 :]
    assert all(name.isprintable() for _position, name in whole)


def test_a_deep_folder_is_no_trouble(tmp_path: Path) -> None:
    deep = tmp_path / "deep"
    deep.mkdir()
    before = os.getcwd()
    try:
        os.chdir(deep)
        for _ in range(1050):
            os.mkdir("d")
            os.chdir("d")
        Path("file").write_bytes(b"x")
    finally:
        os.chdir(before)
    pieces = list(Folder(deep, Naming("site"), Rate(0)).pieces(""))
    assert [(piece.passed_over, len(piece.name)) for piece in pieces] == [("no_ref", 2 * 1050 + 4)]
    subprocess.run(
        ["rm", "-r", str(deep)], check=True
    )  # pytest's own cleaning goes no deeper than Python calls


def test_names_come_from_an_expression_and_link_to_the_item(
    backfill: Run, library: Path, site: object, draw: Callable[[int], bytes]
) -> None:
    (library / "uri0/p0_small.jpg").write_bytes(draw(7))
    url = f"{site.site.url}/p/{{ref}}"  # type: ignore[attr-defined]
    naming = Naming("site", r"(?P<who>[^/]+)/(?P<ref>p\d+)\.jpg", url, "{who}")
    outcome = backfill(library, naming=naming)
    assert "1 passed over: their path names no item" in outcome.summary
    item = Item.objects.select_related("account").get(ref="p3")
    assert item.url.endswith("/p/p3")
    assert item.account == Account.objects.get(platform="site", ref="uri1")
    assert Account.objects.count() == 2


def test_files_of_one_name_are_one_item(backfill: Run, library: Path) -> None:
    for number in range(2):
        (library / f"uri{number}/same.jpg").write_bytes(
            (library / "uri0/p0.jpg").read_bytes() + b"%d" % number
        )
    outcome = backfill(library, naming=Naming("site", "name"))
    assert "1 passed over: another file has the same ref" in outcome.summary
    assert Item.objects.filter(ref="same.jpg").count() == 1


@pytest.mark.parametrize(
    ("naming", "says"),
    [
        (Naming("nowhere"), "nowhere"),
        (Naming(""), "--platform"),
        (Naming("site", "p[0-9]+"), "--ref-from is"),
        (Naming("site", "(?P<ref>"), "no regular expression"),
        (Naming("site", "name", "https://site.example/{nr}"), "{nr}"),
        (Naming("site", "name", "https://elsewhere.example/p/{ref}"), "would not reach the item"),
    ],
)
def test_names_by_which_nobody_finds_the_items_are_refused(
    backfill: Run, library: Path, naming: Naming, says: str
) -> None:
    with pytest.raises(CannotGoOn) as told:
        backfill(library, naming=naming)
    assert says in str(told.value)
    assert not Item.objects.exists()


def test_a_folder_that_is_not_there_is_said(backfill: Run, tmp_path: Path) -> None:
    with pytest.raises(CannotGoOn, match="is not a folder"):
        backfill(tmp_path / "nowhere")
