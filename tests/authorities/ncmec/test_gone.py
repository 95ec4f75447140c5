"""What the platform no longer has when it is filed: sent from what was captured when it was hidden."""

import pytest

from answerable.cases.models import ItemContent
from answerable.obligations.models import Obligation
from tests.authorities.ncmec.conftest import FilingDesk
from tests.fakes.ncmec import State

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def data(settings, tmp_path) -> None:
    """Where its evidence lies."""
    settings.DATA = tmp_path / "data"
    settings.DATA.mkdir()


def filed(desk: FilingDesk) -> list[str]:
    """The MD5 of every file that NCMEC has in a finished report."""
    reports = desk.ncmec.reports.in_state(State.FINISHED)
    return [file.md5 for report in reports for file in report.files.values()]


def live(desk: FilingDesk, **time: float) -> None:
    desk.turns.now = desk.clock.now
    desk.turns.live(**time)
    desk.clock.now = desk.turns.now


@pytest.mark.parametrize("hours", [1, 60], ids=["while it is hidden", "after it was removed undecided"])
@pytest.mark.parametrize("freezes", [False, True], ids=["a site that can't freeze", "a site that freezes"])
def test_what_its_author_deleted_or_the_law_removed_before_anybody_decided_is_filed_with_its_bytes(
    desk, ravi, freezes, hours
):
    if not freezes:
        desk.site.site.faults.add("no item.freeze")
    desk.post("a")
    desk.report("a", signature="Dana", contact="dana@mail.example", good_faith=True)
    live(desk, hours=hours)
    assert desk.wanted("a") == ("hidden" if hours == 1 else "gone")
    if not freezes:
        del desk.site.site.things["a"]  # Uri deletes it, or the site keeps nothing of what it removed
    desk.yes(ravi, "a")
    desk.work(seconds=30)
    assert filed(desk) == [ItemContent.objects.get(item__ref="a").md5]
    assert Obligation.objects.get(kind="report_authority", regime="us").state == "kept"
