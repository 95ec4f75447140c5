"""A list of files that the operator's own database wrote."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from answerable.cases.models import Backfill, Item
from answerable.matching.backfill.session import CannotGoOn, Outcome

pytestmark = pytest.mark.django_db
Run = Callable[..., Outcome]


def listed(file: Path, *rows: dict[str, str]) -> Path:
    with open(file, "w", newline="") as out:
        writer = csv.DictWriter(out, ["path", "ref", "account", "kind", "posted_at", "views"])
        writer.writeheader()
        writer.writerows(rows)
    return file


def row(number: int, **more: str) -> dict[str, str]:
    return {"path": f"uri{number % 2}/p{number}.jpg", "ref": f"post-{number}", "account": "uri", **more}


def test_each_row_is_an_item_with_what_it_says(backfill: Run, library: Path, tmp_path: Path) -> None:
    more = {"kind": "profile", "posted_at": "2026-11-01T08:00:00+00:00", "views": "7"}
    rows = listed(tmp_path / "uploads.csv", row(0), row(3, **more))
    assert "2 registered" in backfill(library, rows=rows).summary
    assert Item.objects.get(ref="post-0").kind == "image"
    item = Item.objects.select_related("account").get(ref="post-3")
    assert (item.kind, item.views, item.account and item.account.ref) == ("profile", 7, "uri")
    assert item.posted_at is not None


def test_it_goes_on_after_the_row_that_was_done(backfill: Run, library: Path, tmp_path: Path) -> None:
    rows = listed(tmp_path / "uploads.csv", *map(row, range(4)))
    backfill(library, rows=rows)
    done = Backfill.objects.get()
    assert done.position == "4"
    Item.objects.all().update(content=None)
    Backfill.objects.filter(pk=done.pk).update(position="3", ended_at=None)
    backfill(library, rows=rows)
    assert [i.ref for i in Item.objects.filter(content__isnull=False)] == ["post-3"]


def test_a_file_that_is_not_there_and_one_outside_are_named(
    backfill: Run, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.jpg").write_bytes((library / "uri0/p0.jpg").read_bytes())
    outside = {"path": "../secret.jpg", "ref": "outside"}
    rows = listed(tmp_path / "uploads.csv", row(0), row(8), outside, row(1))
    outcome = backfill(library, rows=rows, problems=tmp_path / "problems")
    assert outcome.problems == 2
    assert set(Item.objects.values_list("ref", flat=True)) == {"post-0", "post-1"}
    named = (tmp_path / "problems").read_text()
    assert "uri0/p8.jpg\tNo such file" in named
    assert "../secret.jpg\tit is no path inside the folder" in named


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"posted_at": "2026-11-01T08:00:00"}, "row 2: posted_at has no time zone"),
        ({"posted_at": "yesterday"}, "row 2: "),
        ({"kind": "painting"}, "row 2: kind is 'painting'"),
        ({"views": "-1"}, "row 2: views"),
    ],
)
def test_a_wrong_row_is_named_and_all_before_it_is_done(
    backfill: Run, library: Path, tmp_path: Path, wrong: dict[str, str], says: str
) -> None:
    rows = listed(tmp_path / "uploads.csv", row(0), row(1, **wrong))
    with pytest.raises(CannotGoOn) as told:
        backfill(library, rows=rows)
    assert says in str(told.value)
    assert set(Item.objects.values_list("ref", flat=True)) == {"post-0"}


def test_a_list_without_the_columns_says_which_are_needed(
    backfill: Run, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "uploads.csv").write_text("file;ref\n")
    with pytest.raises(CannotGoOn, match="path and ref are needed"):
        backfill(library, rows=tmp_path / "uploads.csv")
