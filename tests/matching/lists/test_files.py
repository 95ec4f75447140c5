"""A file of hashes, from its bytes to what screening says of an upload."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction

from answerable.cases import commands
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.list_inputs import EntryIn, ListPageIn, PageStored
from answerable.cases.models import HashList, KnownChange, ListEntry, ListFault
from answerable.matching import known as known_module
from answerable.matching.known import Known
from answerable.matching.lists.base import SourceError
from answerable.matching.lists.fetching import fetch
from answerable.matching.lists.file import FileConfig, FileSource
from answerable.matching.screening import screen
from answerable.matching.verdicts import Verdict
from answerable.media import Fingerprints, fingerprint
from answerable.policy import load, store
from tests.media.pictures import encoded, landscape
from tests.policy.edits import edited

pytestmark = pytest.mark.django_db

FILE = encoded(landscape(seed=7))
RESIZED = encoded(landscape(seed=7).resize((240, 150)), "JPEG", quality=70)
OTHER = encoded(landscape(seed=9))
PRINTS, OTHERS = fingerprint(FILE), fingerprint(OTHER)


@pytest.fixture(autouse=True)
def fresh_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that knows nothing yet."""
    monkeypatch.setattr(known_module, "_known", Known())


@pytest.fixture
def desk(tmp_path: Path, now: datetime) -> "Imports":
    return Imports(tmp_path, now)


class Imports:
    """Petra, who imports files."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder, self.now = folder, now

    def read(
        self,
        text: str | bytes,
        *,
        name: str = "iwf",
        file: str = "list.csv",
        kind: str = "",
        label: str = "",
        whole: bool = False,
        shrink: bool = False,
    ) -> PageStored:
        path = self.folder / file
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        source = FileSource(FileConfig.model_validate({"path": str(path), "kind": kind, "whole": whole}))
        return fetch(name, source, kind="file", label=label, shrink=shrink, now=lambda: self.now)


def standing(name: str = "iwf") -> set[tuple[str, str]]:
    entries = ListEntry.objects.filter(hash_list__name=name, gone_at=None)
    return {(entry.kind, bytes(entry.value).hex()) for entry in entries}


def pdq(data: bytes = FILE) -> str:
    value = fingerprint(data).pdq
    assert value is not None
    return value.hex()


def test_a_file_is_held_by_exact_and_near_match_once_it_is_on_a_list(desk: Imports) -> None:
    assert screen(PRINTS).verdict is Verdict.CLEAR
    desk.read(f"id,sha256,pdq,class\n1,{PRINTS.sha256},{pdq()},A\n")
    exact, near = screen(PRINTS), screen(fingerprint(RESIZED))
    assert exact.verdict is Verdict.HOLD
    assert exact.match is not None
    assert (exact.match.hash_list, exact.match.distance) == ("iwf.A", 0)
    assert near.verdict is Verdict.HOLD
    assert screen(OTHERS).verdict is Verdict.CLEAR


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.csv", "md5\n{md5}\n"),
        ("a.csv", "{md5}\n"),
        ("a.csv", "video_md5 {md5}\n"),
        ("a.csv", "md5,{md5}\n"),
        ("a.tsv", "type\tindicator\nHASH_MD5\t{md5}\n"),
        ("a.csv", '\ufeffsignal_type,signal_str,collab,category,tags\nvideo_md5,{md5},"Sample, Data",x,[]\n'),
        ("a.jsonl", '{{"signalType": "VideoMD5", "hash": "{md5}"}}\n'),
        ("a.json", '{{"data": [{{"id": "9", "indicator": "{md5}", "type": "HASH_MD5"}}], "paging": {{}}}}'),
        ("a.json", '[{{"kind": "md5", "value": "{MD5}"}}]'),
    ],
)
def test_each_format_gives_the_same_entry(desk: Imports, file: str, text: str) -> None:
    desk.read(text.format(md5=PRINTS.md5, MD5=PRINTS.md5.upper()), file=file)
    assert standing() == {("md5", PRINTS.md5)}
    assert screen(PRINTS).verdict is Verdict.HOLD


def test_the_pack_says_on_which_lists_the_identical_file_is_refused(desk: Imports) -> None:
    pack = load(edited("lists:\n", "lists:\n  - {list: iwf, exact: block}\n  - {list: iwf.C, exact: hold}\n"))
    desk.read(f"id,sha256,pdq,md5,class\n1,{PRINTS.sha256},{pdq()},{PRINTS.md5},A\n")
    assert screen(PRINTS).verdict is Verdict.HOLD, "no pack trusts it yet"
    with transaction.atomic():
        store.activate(pack, desk.now)
    assert screen(PRINTS).verdict is Verdict.BLOCK
    assert screen(fingerprint(RESIZED)).verdict is Verdict.HOLD
    assert screen(Fingerprints(md5=PRINTS.md5)).verdict is Verdict.HOLD, "weaker than SHA-256"
    desk.read(f"id,sha256,class\n1,{PRINTS.sha256},C\n")
    assert screen(PRINTS).verdict is Verdict.HOLD, "a class with its own word"
    desk.read(f"id,sha256,class\n1,{PRINTS.sha256},A\n", name="iwfish")
    assert screen(PRINTS).verdict is Verdict.HOLD, "another list whose name begins alike"


def test_garbage_in_the_middle_is_named_by_its_line_and_the_rest_is_kept(desk: Imports) -> None:
    lines = [
        f"md5,{PRINTS.md5}".encode(),
        b'md5,"' + b"0" * 31,
        b"\xff\xfe\x00broken",
        b"x" * 200_000,
        b"pdna,AAAABBBB",
        f"pdq,{PRINTS.md5}".encode(),
        f"md5,{OTHERS.md5}".encode(),
    ]
    desk.read(b"kind,value\n" + b"\n".join(lines))
    assert standing() == {("md5", PRINTS.md5), ("md5", OTHERS.md5)}
    faults = dict(ListFault.objects.values_list("where", "why"))
    assert set(faults) == {"line 3", "line 4", "line 5", "line 6", "line 7"}
    assert "0" * 31 not in json.dumps(faults), "what stood there is not repeated"
    assert PRINTS.md5 not in json.dumps(faults)


def test_64_digits_that_say_no_kind_are_not_guessed(desk: Imports) -> None:
    desk.read(f"{PRINTS.sha256}\n")
    assert standing() == set()
    desk.read(f"{PRINTS.sha256}\n", kind="sha256")
    assert standing() == {("sha256", PRINTS.sha256)}


def test_the_same_file_again_changes_nothing(desk: Imports) -> None:
    text = f"id,md5\n1,{PRINTS.md5}\n"
    assert desk.read(text) == PageStored(added=1)
    rows = KnownChange.objects.count()
    assert desk.read(text) == PageStored()
    assert desk.read(text + "\n", file="other.csv") == PageStored()
    assert KnownChange.objects.count() == rows


def test_a_tombstone_ends_it_at_once_and_it_can_come_back(desk: Imports) -> None:
    row = {"id": "1", "indicator": PRINTS.md5, "type": "HASH_MD5"}
    desk.read(json.dumps(row), file="a.jsonl")
    desk.read(json.dumps({**row, "should_delete": True}), file="a.jsonl")
    assert screen(PRINTS).verdict is Verdict.CLEAR
    assert standing() == set()
    desk.read(json.dumps({**row, "last_updated": 7}), file="a.jsonl")
    assert screen(PRINTS).verdict is Verdict.HOLD
    assert ListEntry.objects.count() == 1


def test_a_hash_of_two_members_stays_while_either_has_it(desk: Imports) -> None:
    rows = f"member,id,md5,status\n1,5,{PRINTS.md5},\n2,5,{PRINTS.md5},\n"
    desk.read(rows)
    desk.read(rows.replace("1,5," + PRINTS.md5 + ",", "1,5," + PRINTS.md5 + ",withdrawn"))
    assert screen(PRINTS).verdict is Verdict.HOLD
    desk.read(rows.replace(f"{PRINTS.md5},", f"{PRINTS.md5},withdrawn"))
    assert screen(PRINTS).verdict is Verdict.CLEAR


def test_a_record_whose_class_changes_leaves_the_old_class(desk: Imports) -> None:
    desk.read(f"id,md5,class\n1,{PRINTS.md5},A1\n")
    desk.read(f"id,md5,class\n1,{PRINTS.md5},B 2\n")
    match = screen(PRINTS).match
    assert match is not None
    assert match.hash_list == "iwf.B_2"
    ops = list(KnownChange.objects.order_by("seq").values_list("op", "hash_list"))
    assert ops == [("add", "iwf.A1"), ("remove", "iwf.A1"), ("add", "iwf.B_2")]


def test_a_whole_list_ends_what_left_its_file(desk: Imports) -> None:
    desk.read(f"id,md5\n1,{PRINTS.md5}\n2,{OTHERS.md5}\n", whole=True)
    desk.read(f"id,md5\n2,{OTHERS.md5}\n", whole=True)
    assert standing() == {("md5", OTHERS.md5)}
    desk.read("id,md5\nnonsense\n", whole=True)
    assert standing() == {("md5", OTHERS.md5)}, "a garbled line may be a record that still stands"
    assert ListFault.objects.count() == 1
    desk.now += timedelta(hours=1)
    desk.read(f"id,md5\n2,{OTHERS.md5}\n", whole=True)
    assert not ListFault.objects.exists(), "the file was put right"


def test_a_file_that_lost_most_of_its_list_takes_nothing_off_unless_it_is_meant(desk: Imports) -> None:
    rows = [f"{number:032x}\n" for number in range(200)]
    desk.read("".join(rows), whole=True)
    with pytest.raises(SourceError, match="less than half"):
        desk.read("".join(rows[:20]), whole=True)
    assert len(standing()) == 200
    assert "less than half" in HashList.objects.get().last_error
    desk.read("".join(rows[:20]), whole=True, shrink=True)
    assert len(standing()) == 20
    assert HashList.objects.get().last_error == ""


def test_what_is_cut_off_in_the_middle_goes_on_without_loss_or_doubles(desk: Imports) -> None:
    rows = "".join(f"{number:032x}\n" for number in range(1200))
    path = desk.folder / "big.csv"
    path.write_text(rows)
    source = FileSource(FileConfig(path=str(path), whole=False))

    class Killed(Exception):
        pass

    def kill(total: PageStored) -> None:
        raise Killed

    with pytest.raises(Killed):
        fetch("iwf", source, kind="file", now=lambda: desk.now, stored=kill)
    assert len(standing()) == 500
    assert fetch("iwf", source, kind="file", now=lambda: desk.now).added == 700
    assert len(standing()) == ListEntry.objects.count() == KnownChange.objects.count() == 1200


def test_of_two_fetches_at_once_the_later_page_is_refused(now: datetime) -> None:
    commands.make_list("iwf", source="file", now=now)
    page = ListPageIn((EntryIn("1", (("md5", bytes(16)),)),), {}, {"at": 1}, is_last=True)
    commands.store_page("iwf", page, now=now)
    with pytest.raises(AlreadyDone):
        commands.store_page("iwf", page, now=now)


def test_a_list_that_is_off_counts_no_more_and_takes_nothing(desk: Imports, now: datetime) -> None:
    text = f"id,md5\n1,{PRINTS.md5}\n2,{OTHERS.md5}\n"
    desk.read(text)
    commands.turn_list("iwf", on=False, actor="operator", now=now)
    assert commands.end_entries("iwf", at_most=1, now=now) == 1
    assert commands.end_entries("iwf", at_most=1, now=now) == 1
    assert commands.end_entries("iwf", at_most=1, now=now) == 0
    assert screen(PRINTS).verdict is Verdict.CLEAR
    with pytest.raises(Refused, match="is off"):
        desk.read(text)
    commands.turn_list("iwf", on=True, actor="operator", now=now)
    desk.read(text)
    assert screen(PRINTS).verdict is Verdict.HOLD


@pytest.mark.parametrize("name", ["own", "own.confirmed", "IWF", "", "a" * 31, "iwf..x", "iwf/x"])
def test_a_name_that_is_ours_or_none_is_refused(name: str, now: datetime) -> None:
    with pytest.raises(Refused):
        commands.make_list(name, source="file", now=now)


def test_sha1_is_kept_but_not_searched(desk: Imports) -> None:
    desk.read("sha1\n" + "ab" * 20 + "\n")
    assert standing() == {("sha1", "ab" * 20)}
    assert not KnownChange.objects.exists()


def test_a_pdq_of_low_quality_is_passed_over(desk: Imports) -> None:
    desk.read(f"pdq,quality\n{pdq()},49\n{pdq(OTHER)},50\n")
    assert standing() == {("pdq", pdq(OTHER))}
