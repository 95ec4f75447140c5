"""Evidence is captured before anything is removed: what, where it lies, and what waits for it."""

import hashlib
import json

import pyrage
import pytest

from answerable import obligations
from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases.models import Capture, EvidenceObject
from answerable.cases.queries.joined import with_joined
from answerable.evidence import stores
from answerable.evidence.store import name_of
from answerable.obligations import Owed
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, By
from tests.evidence.conftest import ANYWHERE, EvidenceDesk, Keys

pytestmark = pytest.mark.django_db
PICTURE = b"a lake in the morning, made of bytes" * 500


def opened(stored: EvidenceObject, secret: str) -> bytes:
    sealed = stores.store(stored.store).open(name_of(stored.sha256, stored.sealed_sha256)).read()
    return pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)])


def of(sha256: str, store: str) -> EvidenceObject:
    return EvidenceObject.objects.get(sha256=sha256, store=store)


@ANYWHERE
def test_what_a_law_has_preserved_is_captured_before_it_is_removed(desk: EvidenceDesk, ravi, keys: Keys):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.yes(ravi, "a")
    desk.work()
    capture = desk.capture_of("a")
    assert capture.media_sha256 == hashlib.sha256(PICTURE).hexdigest()
    vault = of(capture.media_sha256, "vault")
    assert opened(vault, keys.ravi) == opened(vault, keys.lena) == PICTURE
    asked = [one["wanted"] for one in desk.site.site.requests if one["verb"] == "item.set_visibility"]
    fetched = [one["verb"] for one in desk.site.site.requests]
    assert asked == ["hidden", "gone"]
    last_get = len(fetched) - 1 - fetched[::-1].index("item.get")
    gone = next(n for n, one in enumerate(desk.site.site.requests) if one.get("wanted") == "gone")
    assert last_get < gone
    assert Obligation.objects.get(kind="preserve").state == "kept"
    assert Obligation.objects.get(kind="remove").state == "kept"


def test_the_log_has_the_digest_of_each_object_and_of_the_manifest(desk: EvidenceDesk, ravi, keys: Keys):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    capture = desk.capture_of("a")
    entry = AuditEntry.objects.get(kind="evidence_captured")
    event = event_of(entry)
    assert entry.sealed
    assert entry.pk == capture.entry_id
    assert event["manifest"] == capture.manifest_sha256
    said = {(one["store"], one["sealed"]) for one in event["objects"]}
    files = {
        (store, hashlib.sha256(path.read_bytes()).hexdigest())
        for store in ("vault", "working")
        for path in desk.files(store)
    }
    assert said == files
    assert len(files) == 6
    manifest = json.loads(opened(of(capture.manifest_sha256, "vault"), keys.ravi))
    assert manifest["media"]["sha256"] == capture.media_sha256
    assert manifest["facts"]["sha256"] == capture.facts_sha256


def test_the_facts_say_who_looked_how_often_it_was_seen_and_whose_it_is(desk: EvidenceDesk, ravi, keys: Keys):
    from answerable.cases import commands

    desk.post("a", PICTURE)
    desk.report("a")
    commands.look_at([desk.item("a").pk], person_id=ravi.pk, revealed=True, now=desk.clock.now)
    desk.yes(ravi, "a")
    desk.work()
    facts = json.loads(opened(of(desk.capture_of("a").facts_sha256, "vault"), keys.ravi))
    assert facts["account"]["ref"] == "uri"
    assert [one["kind"] for one in facts["looked"]] == ["revealed", "review_made"]
    assert facts["views"]["now"] == desk.item("a").views
    assert facts["fetched"]["how"] == "from_the_platform"
    assert facts["fetched"]["views"] == 12
    assert facts["content"]["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    assert facts["reports"][0]["relation"] == "depicted"


def test_the_server_can_read_the_working_store_and_not_the_vault(desk: EvidenceDesk, ravi):
    from answerable.evidence import keys as working

    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    sha256 = desk.capture_of("a").media_sha256
    secret = working.identity(of(sha256, "working").key)
    assert opened(of(sha256, "working"), secret) == PICTURE
    with pytest.raises(pyrage.DecryptError):
        opened(of(sha256, "vault"), secret)
    for path in (desk.folder.parent).rglob("*"):
        if path.is_file():
            assert PICTURE[:40] not in path.read_bytes()


def test_where_no_law_names_a_basis_no_media_are_kept(desk: EvidenceDesk, ravi, configure):
    configure(regimes=("eu.fr",))
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    capture = desk.capture_of("a")
    assert (capture.media_sha256, capture.missing) == ("", "")
    assert not EvidenceObject.objects.filter(sha256=hashlib.sha256(PICTURE).hexdigest()).exists()
    assert len(desk.files("vault")) == len(desk.files("working")) == 2
    assert Obligation.objects.get(kind="preserve").state == "kept"
    assert Obligation.objects.get(kind="remove").state == "kept"


def test_an_adults_media_are_not_kept_under_a_law_about_children(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a", harm="ncii", age=Age.ADULT)
    desk.yes(ravi, "a", age=Age.ADULT, clause="ncii.shared")
    desk.work()
    assert desk.capture_of("a").media_sha256 == ""


def test_identical_files_are_kept_once(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.post("b", PICTURE, account="other")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    assert Capture.objects.count() == 2
    assert EvidenceObject.objects.filter(sha256=desk.capture_of("a").media_sha256).count() == 2
    assert len(desk.files("vault")) == 5


def test_what_is_shown_is_hidden_at_once_while_its_capture_fails(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a", harm="other_illegal", age=Age.CHILD)
    desk.turns.settle()
    desk.site.site.things["a"].wanted = "visible"
    (stores.folder()).parent.mkdir(exist_ok=True)
    stores.folder().write_text("a file where the folder belongs: nothing can be stored")
    desk.yes(ravi, "a")
    desk.work()
    assert desk.site.site.things["a"].wanted == "hidden"
    assert desk.wanted("a") == "gone"
    assert {"capture", "remove"} <= desk.owed("a")
    capture = Obligation.objects.get(kind="capture")
    assert "NotStored" in capture.last_error
    desk.work(minutes=3)
    alarmed = set(Obligation.objects.filter(alarmed_at__isnull=False).values_list("kind", flat=True))
    assert {"capture", "remove"} <= alarmed
    stores.folder().unlink()
    desk.work(minutes=6)
    assert desk.site.site.things["a"].wanted == "gone"
    assert desk.capture_of("a").media_sha256


def test_gone_becomes_gone_after_six_hours_without_a_capture(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    stores.folder().write_text("nothing can be stored")
    desk.yes(ravi, "a")
    desk.work(hours=5)
    assert desk.site.site.things["a"].wanted == "hidden"
    desk.work(hours=2)
    assert desk.site.site.things["a"].wanted == "gone"
    stores.folder().unlink()
    desk.work(minutes=6)
    assert desk.capture_of("a").media_sha256


def test_what_is_hidden_while_it_is_captured_is_asked_for_again(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.site.site.things["a"].wanted = "visible"
    desk.site.site.faults.add("hides_meanwhile")
    desk.yes(ravi, "a")
    desk.work()
    assert desk.capture_of("a").media_sha256
    assert desk.site.site.things["a"].wanted == "gone"


def test_bytes_that_are_gone_or_were_exchanged_are_said_to_be_missing_and_people_are_called(
    desk: EvidenceDesk, ravi
):
    desk.post("a", PICTURE)
    desk.post("b", b"a hill" * 100)
    desk.report("a", "b")
    desk.work()
    desk.site.site.things["a"].data = b"another picture"
    del desk.site.site.things["b"]
    desk.yes(ravi, "a")
    desk.yes(ravi, "b")
    desk.work()
    assert desk.capture_of("a").missing == "the platform holds another file in its place now"
    assert desk.capture_of("b").missing == "the platform no longer has it"
    assert not EvidenceObject.objects.filter(sha256=hashlib.sha256(b"another picture").hexdigest()).exists()
    pages = Obligation.objects.filter(kind="page_people", params__why="evidence_missing")
    assert pages.count() == 2
    assert Obligation.objects.filter(kind="remove", state="owed").count() == 0


def test_without_custodians_people_preserve_by_hand_and_the_bytes_lie_in_the_working_store(
    desk: EvidenceDesk, ravi, configure
):
    configure(custodians=())
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    assert desk.files("vault") == []
    assert len(desk.files("working")) == 3
    owed = Obligation.objects.get(kind="preserve", state="owed")
    assert owed.by == "people"
    assert Obligation.objects.filter(kind="preserve", state="released", reason__startswith="by_hand").exists()


def test_nothing_is_erased_for_good_before_it_is_captured(desk: EvidenceDesk, ravi, monkeypatch):
    """However long that takes: unlike removing, erasing can't be undone."""
    from datetime import timedelta

    from answerable.platforms import handlers, registry
    from answerable.platforms.base import Capability
    from answerable.platforms.waiting import CaptureFirst

    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    stores.folder().write_text("nothing can be stored")
    desk.yes(ravi, "a")
    desk.work(hours=7)
    target = registry.platform("sample")
    erased: list[str] = []
    monkeypatch.setattr(target, "capabilities", target.capabilities | {Capability.ERASE})
    monkeypatch.setattr(target, "erase", erased.append, raising=False)
    item, now = desk.item("a"), desk.clock.now
    (owed,) = obligations.owe(
        [Owed(kind="erase", subject=f"item:{item.pk}", by=By.WORKER, due_at=now + timedelta(hours=1))],
        now=now,
        cause="test",
    )
    with pytest.raises(CaptureFirst):
        handlers.make_it_so(owed)
    stores.folder().unlink()
    desk.work(minutes=11)
    assert desk.capture_of("a").media_sha256
    assert erased == ["a"]


def test_nobody_else_on_the_machine_can_read_the_stores(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    modes = {path.stat().st_mode & 0o077 for path in [stores.folder(), *stores.folder().rglob("*")]}
    assert modes == {0}


def test_what_was_captured_in_a_case_that_was_joined_is_of_the_case_that_stands(desk: EvidenceDesk, ravi):
    from answerable.cases.queries import evidence

    desk.post("a", PICTURE)
    desk.post("b", b"a hill" * 100)
    desk.report("b")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work()
    before = desk.item("a").case_id
    desk.report("a", "b")
    desk.work()
    standing = desk.item("a").case_id
    assert before in with_joined(standing)
    assert [one.content.item.ref for one in evidence.of_case(standing)] == ["a"]


def test_a_large_file_is_captured_beside_with_the_time_that_it_takes(desk: EvidenceDesk, ravi):
    from answerable.cases.models import ItemContent
    from answerable.evidence import handlers
    from answerable.platforms.base import PlatformError

    desk.post("a", PICTURE)
    ItemContent.objects.update(size=handlers.LARGE_BYTES)
    desk.report("a")
    desk.work()
    desk.yes(ravi, "a")
    desk.work()
    assert Capture.objects.count() == 0
    assert "TakesLonger" in Obligation.objects.get(kind="capture").last_error
    desk.site.site.faults.add("fails")
    with pytest.raises(PlatformError):
        handlers.capture_large()
    desk.site.site.faults.clear()
    assert handlers.capture_large() == 1
    desk.work(minutes=6)
    assert desk.capture_of("a").media_sha256
    assert desk.site.site.things["a"].wanted == "gone"
    assert Obligation.objects.get(kind="preserve").state == "kept"
