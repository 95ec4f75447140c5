"""What buckets tell of themselves: AWS's, MinIO's and Ceph's shapes, doubled, late, in any order, forged."""

import json
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from answerable import clock
from answerable.cases import commands
from answerable.cases.inputs import Link, ReportIn
from answerable.cases.models import Item
from answerable.obligations import registry as kinds
from answerable.obligations.models import Obligation
from answerable.platforms import looking
from answerable.platforms.s3.adapter import Adapter
from answerable.policy import load_named, store
from answerable.policy.words import Age, Relation
from answerable.worker import parties
from tests.fakes.s3 import NAME, FakeS3
from tests.platforms.s3.conftest import KEY, REF, TOKEN, adapter, entry, picture, s3

__all__ = ["adapter", "entry", "picture", "s3"]
pytestmark = pytest.mark.usefixtures("db", "adapter")


@pytest.fixture(autouse=True)
def pack(db: None) -> None:
    parties.register()
    with transaction.atomic():
        store.activate(load_named("baseline"), clock.now())


def record(
    event: str = "ObjectCreated:Put",
    key: str = "media/uri/3kd+9x.png",
    *,
    sequencer: str = "0055AED6DCD90281E5",
    bucket: str = NAME,
    who: str = "the site",
    source: str = "aws:s3",
) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": source,
        "awsRegion": "eu-test-1",
        "eventTime": "2026-12-01T08:00:00.000Z",
        "eventName": event,
        "userIdentity": {"principalId": who},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "uploads",
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": key, "size": 4711, "eTag": "0" * 32, "versionId": "v1", "sequencer": sequencer},
        },
    }


def tell(*records: dict[str, Any], token: str = TOKEN, name: str = "site", **body: Any) -> Any:
    sent = {"Records": list(records), **body} if records else body
    return Client(SERVER_NAME="localhost").post(
        f"/api/v1/platforms/{name}/webhook",
        json.dumps(sent),
        content_type="application/json",
        headers={"authorization": f"Bearer {token}"},
    )


def work(kind: str) -> Obligation:
    obligation = Obligation.objects.filter(kind=kind, state="owed").latest("pk")
    kinds.find(kind).resolve()(obligation)
    obligation.refresh_from_db()
    return obligation


def refs() -> set[str]:
    return set(Item.objects.values_list("ref", flat=True))


@pytest.mark.parametrize(
    ("sent", "also"),
    [
        (record(), {}),
        (
            record("s3:ObjectCreated:Put", "media%2Furi%2F3kd+9x.png", source="minio:s3"),
            {"EventName": "s3:ObjectCreated:Put", "Key": f"{NAME}/{KEY}"},
        ),
        (record("ObjectCreated:CompleteMultipartUpload", KEY, source="ceph:s3"), {}),
    ],
)
def test_each_stores_shape_registers_the_upload_and_its_bytes_are_fetched(
    sent: dict[str, Any], also: dict[str, Any]
) -> None:
    answer = tell(sent, **also)
    assert (answer.status_code, answer.json()["items"]) == (200, 1)
    assert refs() == {REF}
    assert work("fetch_item").state == "kept"
    item = Item.objects.select_related("content", "account").get()
    assert item.content is not None
    assert (item.content.media_type, item.account and item.account.ref) == ("image/png", "uri")


def test_the_first_test_of_aws_is_answered(adapter: Adapter) -> None:
    answer = tell(Service="Amazon S3", Event="s3:TestEvent", Bucket=NAME, Time="2026-12-01T08:00:00.000Z")
    assert (answer.status_code, answer.json()["items"], refs()) == (200, 0, set())


def test_twice_is_once() -> None:
    for _ in range(3):
        assert tell(record()).status_code == 200
    assert Item.objects.count() == 1
    assert Obligation.objects.filter(kind="fetch_item").count() == 1


def test_of_one_body_the_last_by_sequencer_counts_whatever_the_order() -> None:
    made, removed = record(sequencer="0A"), record("ObjectRemoved:Delete", sequencer="9")
    assert tell(removed, made).json()["items"] == 1
    assert refs() == {REF}
    later = record("ObjectRemoved:Delete", "media/b.png", sequencer="10")
    assert tell(later, record(key="media/b.png", sequencer="F")).json()["items"] == 1
    assert refs() == {REF}, "it was removed after it was made"


def test_a_late_creation_of_what_is_gone_finds_nothing(s3: FakeS3) -> None:
    del s3.state.objects[KEY]
    tell(record())
    assert work("fetch_item").state == "kept"
    assert Item.objects.get().content is None


@pytest.mark.parametrize(
    "sent",
    [
        record(bucket="another"),
        record(key="elsewhere/a.png"),
        record(key="media/style.css"),
        record(key="media/" + "x" * 300),
        record("ObjectTagging:Put"),
    ],
)
def test_what_is_no_item_of_this_site_is_passed_over(sent: dict[str, Any]) -> None:
    assert tell(sent).json()["items"] == 0
    assert refs() == set()


@pytest.mark.parametrize("token", ["", "ak_other", TOKEN + "x", "\u00e9"])
def test_a_forged_notification_is_refused(token: str) -> None:
    assert tell(record(), token=token).status_code == 401
    assert refs() == set()


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b'{"Records": [{}]}', b'{"Records": {"a": 1}}', b"\xff", b'{"Event": "other"}'],
)
def test_what_is_no_notification_is_named_as_that(body: bytes) -> None:
    answer = Client(SERVER_NAME="localhost").post(
        "/api/v1/platforms/site/webhook",
        body,
        content_type="application/json",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    assert (answer.status_code, answer["content-type"]) == (422, "application/problem+json")


def test_there_is_no_door_for_an_unknown_platform() -> None:
    assert tell(record(), name="nowhere").status_code == 404


def reported_and_hidden() -> Item:
    tell(record())
    work("fetch_item")
    commands.file_report(
        ReportIn(
            harm="csam", relation=Relation.DEPICTED, age=Age.CHILD, links=(Link("x", "site", REF, "image"),)
        ),
        now=clock.now(),
    )
    assert work("hide").state == "kept"
    return Item.objects.get()


def test_a_report_hides_an_object_and_the_desks_own_move_is_no_deletion(s3: FakeS3) -> None:
    item = reported_and_hidden()
    assert (item.seen, KEY in s3.state.objects) == ("hidden", False)
    assert tell(record("ObjectRemoved:Delete", who="the desk")).json()["items"] == 0
    assert tell(record("ObjectRemoved:Delete", who="somebody")).json()["items"] == 1


def test_a_new_upload_under_a_hidden_name_is_looked_at_at_once_and_hidden(s3: FakeS3) -> None:
    reported_and_hidden()
    s3.state.objects[KEY] = s3.state.sealed[next(iter(s3.state.sealed))] + b" "
    tell(record(sequencer="0055AED6DCD90281E6"))
    assert looking.look_again(clock.now()) == 1
    assert work("hide").state == "kept"
    assert KEY not in s3.state.objects
