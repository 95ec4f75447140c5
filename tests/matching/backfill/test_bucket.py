"""A bucket as a library, over real HTTP with the real client."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from answerable.cases.models import Backfill, Item
from answerable.matching.backfill import bucket as buckets
from answerable.matching.backfill.naming import Naming
from answerable.matching.backfill.pieces import Rate, SourceFailed
from answerable.matching.backfill.session import CannotGoOn, Outcome
from answerable.settings.config import Bucket as Entry
from tests.fakes.s3 import ACCESS_KEY, NAME, REGION, SECRET_KEY, FakeS3

pytestmark = pytest.mark.django_db
Run = Callable[..., Outcome]


@pytest.fixture
def s3(desk: None, settings: Any, tmp_path: Path, draw: Callable[[int], bytes]) -> Iterator[FakeS3]:
    """A configured bucket with seven pictures under `media/`, and things beside it."""
    fake = FakeS3()
    credentials = tmp_path / "s3.ini"
    credentials.write_text(
        f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n"
    )
    entry = Entry(name=NAME, endpoint=fake.endpoint, region=REGION, credentials_file=str(credentials))
    settings.CONFIG = django_settings.CONFIG.model_copy(update={"buckets": (entry,)})
    for number in range(7):
        fake.state.objects[f"media/2026/p {number}+é.jpg"] = draw(number)
    fake.state.objects |= {"media/2026/": b"", "other/x.jpg": draw(8), "mediator.jpg": draw(9)}
    yield fake
    fake.stop()


def test_every_object_under_the_prefix_is_registered_page_by_page(backfill: Run, s3: FakeS3) -> None:
    outcome = backfill(f"s3://{NAME}/media")
    assert "7 registered" in outcome.summary
    assert set(Item.objects.values_list("ref", flat=True)) == {
        f"2026/p {number}+é.jpg" for number in range(7)
    }
    assert len([asked for asked in s3.state.lists if "continuation-token" in asked]) >= 2
    assert s3.state.problems == []


def test_it_goes_on_behind_the_last_key(backfill: Run, s3: FakeS3) -> None:
    naming = Naming("site")
    source = f"s3://{NAME}/media"
    Backfill.objects.create(
        key=naming.digest(source),
        source=source,
        platform="site",
        position="media/2026/p 4+é.jpg",
        begun_at="2026-12-01T09:00Z",
    )
    backfill(source)
    assert sorted(s3.state.gets) == ["media/2026/p 5+é.jpg", "media/2026/p 6+é.jpg"]


def test_what_is_archived_or_gone_is_named_and_the_rest_goes_on(backfill: Run, s3: FakeS3) -> None:
    s3.state.archived.add("media/2026/p 3+é.jpg")
    outcome = backfill(f"s3://{NAME}/media")
    assert outcome.problems == 1
    assert "6 registered" in outcome.summary


def test_a_busy_service_is_asked_again(backfill: Run, s3: FakeS3) -> None:
    s3.state.faults.add("busy_once")
    assert "7 registered" in backfill(f"s3://{NAME}/media").summary
    assert s3.state.problems == ["SlowDown"]


def test_a_cut_off_object_is_not_taken_for_the_whole(backfill: Run, s3: FakeS3) -> None:
    s3.state.faults.add("cuts")
    assert "7 could not be read at all" in backfill(f"s3://{NAME}/media").summary
    assert not Item.objects.exists()


def test_a_bucket_that_fails_for_good_is_not_read_to_its_end(
    backfill: Run, s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("answerable.matching.backfill.run.MOST_FAILURES", 5)
    s3.state.faults.add("cuts")
    with pytest.raises(CannotGoOn, match="5 in a row could not be read"):
        backfill(f"s3://{NAME}/media")
    assert Backfill.objects.get().position == ""
    s3.state.faults.clear()
    assert "7 registered" in backfill(f"s3://{NAME}/media").summary


def test_wrong_credentials_and_a_closed_bucket_are_said(backfill: Run, s3: FakeS3, tmp_path: Path) -> None:
    (tmp_path / "s3.ini").write_text("[default]\naws_access_key_id = A\naws_secret_access_key = B\n")
    with pytest.raises(CannotGoOn, match="can't be listed: AuthorizationHeaderMalformed"):
        backfill(f"s3://{NAME}/media")
    (tmp_path / "s3.ini").write_text(
        f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = wrong\n"
    )
    with pytest.raises(CannotGoOn, match="SignatureDoesNotMatch"):
        backfill(f"s3://{NAME}/media")
    (tmp_path / "s3.ini").write_text("[default]\n")
    with pytest.raises(CannotGoOn, match="There are no credentials for uploads"):
        backfill(f"s3://{NAME}/media")


def test_a_bucket_that_is_elsewhere_is_not_followed(
    backfill: Run, s3: FakeS3, no_outside_network: list[str]
) -> None:
    s3.state.faults.add("moved")
    with pytest.raises(CannotGoOn, match="can't be listed"):
        backfill(f"s3://{NAME}/media")
    assert no_outside_network == []


def test_no_other_host_is_called_even_when_the_client_is_told_to(
    s3: FakeS3, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = FakeS3()
    [entry] = django_settings.CONFIG.buckets
    monkeypatch.setenv("HTTP_PROXY", other.endpoint)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", other.endpoint)
    library = buckets.Bucket(entry, "media", Naming("site"), Rate(0), data=Path("/"), connections=2)
    assert library.count(threading.Event()) == 8  # the folder's mark among them

    def elsewhere(request: Any, **_: Any) -> None:
        request.url = request.url.replace(s3.host, other.host)

    library._client.meta.events.register_first("before-send.s3", elsewhere)
    with pytest.raises(SourceFailed, match="is elsewhere"):
        list(library.pieces(""))
    assert other.state.lists == []
    other.stop()


def test_a_bucket_that_is_not_configured_is_not_called(backfill: Run, s3: FakeS3) -> None:
    with pytest.raises(CannotGoOn, match="is not configured"):
        backfill("s3://another/media")
    assert s3.state.lists == []
