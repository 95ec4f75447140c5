"""How long evidence is kept, and that it is gone afterwards."""

from datetime import timedelta

import pytest

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import codes, commands
from answerable.cases.evidence_inputs import HeldFor
from answerable.cases.inputs import AlreadyDone, Refused
from answerable.cases.models import Capture, EvidenceObject, Notice, Person
from answerable.evidence import keys as working
from answerable.obligations.models import Obligation
from tests.evidence.conftest import ANYWHERE, EvidenceDesk

pytestmark = pytest.mark.django_db
PICTURE = b"a lake in the morning, made of bytes" * 500


def decided(desk: EvidenceDesk, person: Person, ref: str = "a", data: bytes = PICTURE) -> None:
    desk.post(ref, data)
    desk.report(ref)
    desk.work()
    desk.yes(person, ref)
    desk.work()


def filed(desk: EvidenceDesk, person: Person) -> None:
    owed = Obligation.objects.get(kind="report_authority", regime="us", state="owed")
    commands.mark_kept(owed.pk, person_id=person.pk, reference="77", now=desk.clock.now)


def standing(store: str) -> int:
    return EvidenceObject.objects.filter(store=store, destroying_at__isnull=True).count()


@ANYWHERE
def test_a_year_after_the_filing_it_is_destroyed_and_the_log_says_what(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    filed(desk, ravi)
    desk.work(days=364)
    assert len(desk.files("vault")) == 3
    desk.work(days=2)
    assert desk.files("vault") == desk.files("working") == []
    capture = desk.capture_of("a")
    assert capture.destroyed_at is not None
    destroyed = [event_of(one) for one in AuditEntry.objects.filter(kind="evidence_destroyed")]
    gone = {one["sealed"] for event in destroyed for one in event["objects"]}
    assert gone == set(EvidenceObject.objects.values_list("sealed_sha256", flat=True))
    assert Obligation.objects.get(kind="destroy_preserved").state == "kept"


def test_the_working_copy_goes_when_nothing_can_be_contested_any_more_and_the_vaults_stays(
    desk: EvidenceDesk, ravi
):
    decided(desk, ravi)
    filed(desk, ravi)
    sha256 = desk.capture_of("a").media_sha256
    desk.work(days=31)
    told_at = Notice.objects.get(kind="removed").told_at
    assert told_at is not None  # six months count from there, and it is asked each thirty days
    desk.work(days=182)
    assert desk.clock.now < told_at + timedelta(days=184)
    assert EvidenceObject.objects.filter(sha256=sha256, destroyed_at__isnull=True).count() == 2
    desk.work(days=32)
    (left,) = EvidenceObject.objects.filter(sha256=sha256, destroyed_at__isnull=True)
    assert left.store == "vault"
    assert desk.capture_of("a").media_destroyed_at is None


def test_what_nobody_filed_yet_is_not_destroyed(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    desk.work(days=500)
    assert standing("vault") == standing("working") == 3
    filed(desk, ravi)
    desk.work(days=366)
    assert standing("vault") == standing("working") == 0


def test_two_filings_each_keep_their_own_year_and_what_both_need_stays(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    filed(desk, ravi)
    desk.clock.pass_(days=100)
    decided(desk, ravi, "b")
    filed(desk, ravi)
    shared = EvidenceObject.objects.filter(sha256=desk.capture_of("a").media_sha256, store="vault")
    assert shared.count() == 1
    desk.work(days=300)
    assert shared.get().destroyed_at is None
    desk.work(days=100)
    assert shared.get().destroyed_at is not None
    assert standing("vault") == standing("working") == 0


def test_a_hold_stops_it_until_another_one_releases_it(desk: EvidenceDesk, ravi, lena):
    decided(desk, ravi)
    filed(desk, ravi)
    case_id = desk.capture_of("a").case_id
    hold = commands.hold_evidence(case_id, person_id=ravi.pk, why=HeldFor.COURT, now=desk.clock.now)
    desk.work(days=500)
    assert standing("vault") == 3
    waiting = Obligation.objects.get(kind="destroy_preserved", state="owed")
    assert waiting.params["was_held"]
    assert waiting.due_at > desk.clock.now
    with pytest.raises(Refused, match="another one"):
        commands.release_hold(hold, person_id=ravi.pk, now=desk.clock.now)
    commands.release_hold(hold, person_id=lena.pk, now=desk.clock.now)
    desk.work(minutes=1)
    assert standing("vault") == standing("working") == 0
    with pytest.raises(AlreadyDone):
        commands.release_hold(hold, person_id=lena.pk, now=desk.clock.now)


def test_keeping_it_longer_ends_by_itself(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    filed(desk, ravi)
    until = desk.clock.now + timedelta(days=700)
    case_id = desk.capture_of("a").case_id
    commands.hold_evidence(case_id, person_id=ravi.pk, why=HeldFor.LONGER, until=until, now=desk.clock.now)
    desk.work(days=690)
    assert standing("vault") == 3
    desk.work(days=41)
    assert standing("vault") == standing("working") == 0


def test_only_people_who_look_after_the_desk_hold_evidence(desk: EvidenceDesk, ravi, rosa):
    decided(desk, ravi)
    case_id = desk.capture_of("a").case_id
    with pytest.raises(Refused, match="custodian"):
        commands.hold_evidence(case_id, person_id=rosa.pk, why=HeldFor.COURT, now=desk.clock.now)
    with pytest.raises(Refused, match="future"):
        commands.hold_evidence(
            case_id, person_id=ravi.pk, why=HeldFor.COURT, until=desk.clock.now, now=desk.clock.now
        )


def overturned(desk: EvidenceDesk) -> None:
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="This is a lake.", now=desk.clock.pass_(hours=1))
    for name in ("Mira", "Nora"):
        person = Person.objects.create(
            pseudonym=name, qualifications=["child_safety", "intimate_images"], on_call=True
        )
        desk.no(person, "a")
    desk.work(minutes=1)


def test_what_is_cleared_before_anybody_was_told_keeps_no_media(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    sha256 = desk.capture_of("a").media_sha256
    overturned(desk)
    assert not EvidenceObject.objects.filter(sha256=sha256, destroyed_at__isnull=True).exists()
    assert desk.capture_of("a").media_destroyed_at is not None
    assert desk.site.site.things["a"].wanted == "visible"


def test_what_is_cleared_after_it_was_filed_is_kept_its_year(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    filed(desk, ravi)
    desk.clock.pass_(hours=1)
    sha256 = desk.capture_of("a").media_sha256
    overturned(desk)
    assert EvidenceObject.objects.get(sha256=sha256, store="vault").destroyed_at is None
    desk.work(days=370)
    assert standing("vault") == standing("working") == 0


def test_a_decision_overturned_before_its_capture_is_captured_no_more(desk: EvidenceDesk, ravi):
    desk.post("a", PICTURE)
    desk.report("a")
    desk.work()
    desk.yes(ravi, "a")
    notice = Notice.objects.filter(item=desk.item("a")).latest("pk")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.pass_(hours=1))
    for name in ("Mira", "Nora"):
        desk.no(Person.objects.create(pseudonym=name, qualifications=["child_safety"]), "a")
    assert "capture" not in desk.owed("a")
    desk.work()
    assert Capture.objects.count() == 0
    assert desk.site.site.things["a"].wanted == "visible"


def test_where_people_preserved_by_hand_they_destroy_by_hand_too(desk: EvidenceDesk, ravi, configure):
    configure(custodians=())
    decided(desk, ravi)
    filed(desk, ravi)
    owed = Obligation.objects.get(kind="preserve", state="owed")
    commands.mark_kept(owed.pk, person_id=ravi.pk, reference="a disk in the safe", now=desk.clock.now)
    desk.work(days=366)
    assert standing("working") == 0
    left = Obligation.objects.get(kind="destroy_preserved", state="owed")
    assert left.by == "people"


def test_a_key_whose_month_is_over_is_destroyed_with_the_last_object_under_it(desk: EvidenceDesk, ravi):
    decided(desk, ravi)
    month = EvidenceObject.objects.filter(store="working").values_list("key", flat=True)[0]
    filed(desk, ravi)
    assert working._path(month).exists()
    desk.work(days=366)
    assert not working._path(month).exists()


def test_the_proof_of_what_is_kept_is_not_forgotten_before_it_is_destroyed(desk: EvidenceDesk, ravi):
    from answerable.audit.forget import forget_due
    from answerable.cases.queries.evidence import entries_in_use

    decided(desk, ravi)
    after = desk.clock.now + timedelta(days=1)
    proof = AuditEntry.objects.filter(kind="evidence_captured")
    forget_due(after, now=after, but=entries_in_use(after))
    assert event_of(proof.get()) is not None
    filed(desk, ravi)
    desk.work(days=366)
    assert forget_due(after, now=desk.clock.now, but=entries_in_use(after)) > 0
    assert event_of(proof.get()) is None
