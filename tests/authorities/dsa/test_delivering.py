"""From a notice to the public database: when, how often, and what becomes of what goes wrong."""

import json
from datetime import timedelta

import pytest

from answerable.audit.log import event_of
from answerable.audit.models import AuditEntry
from answerable.cases import codes, commands
from answerable.cases.models import Notice, Person, ReasonsDelivery, StatementOfReasons
from answerable.demo.pager import Pager
from answerable.obligations import paging
from answerable.obligations.models import Obligation
from answerable.policy.words import Age, Relation
from tests.fakes.dsa import TOKEN, Trouble

pytestmark = pytest.mark.django_db


def reported(desk, *refs, **facts):
    """An adult's matter, whose notices wait for nothing."""
    for ref in refs:
        desk.post(ref, account=f"holder-{ref}")
        desk.report(ref, harm="ncii", age=Age.ADULT, relation=Relation.WITNESS, **facts)


def decided(desk, person, *refs):
    reported(desk, *refs)
    for ref in refs:
        desk.yes(person, ref, age=Age.ADULT, clause="ncii.shared")


def owed(desk):
    return Obligation.objects.filter(kind="deliver_reasons", state="owed")


def test_a_removal_is_told_and_delivered_once(desk, ravi):
    decided(desk, ravi, "a")
    desk.work()
    (stored,) = desk.stored()
    assert stored["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_REMOVED"]
    assert stored["decision_ground"] == "DECISION_GROUND_INCOMPATIBLE_CONTENT"
    assert "No intimate image of a person" in stored["incompatible_content_ground"]
    assert stored["category"] == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    assert stored["source_type"] == "SOURCE_ARTICLE_16"
    assert (stored["automated_detection"], stored["automated_decision"]) == (
        "No",
        "AUTOMATED_DECISION_NOT_AUTOMATED",
    )
    assert (stored["content_date"], stored["application_date"]) == ("2026-12-01", "2026-12-01")
    assert len(stored["territorial_scope"]) == 30
    delivery = ReasonsDelivery.objects.get()
    assert (delivery.state, delivery.uuid) == ("delivered", stored["uuid"])
    assert desk.states() == ["kept"]
    kept = Obligation.objects.get(kind="deliver_reasons")
    entry = AuditEntry.objects.get(pk=kept.proof_entry_id)
    assert entry.kind == "reasons_delivered"
    assert event_of(entry)["delivered"] == [delivery.reasons_id]
    desk.work(hours=30)
    assert database_asked(desk) == ["POST /api/v1/statement"]


def database_asked(desk):
    return [one for one in desk.database.asked if one.startswith("POST")]


def test_the_holder_is_told_by_the_notice_alone(desk, ravi):
    decided(desk, ravi, "a")
    desk.work()
    told = Notice.objects.filter(told_at__isnull=False)
    assert [one.kind for one in told] == ["removed"]
    assert told.get().reasons.deliveries.get().state == "delivered"


def test_nothing_of_a_child_is_published_before_the_notice_that_waits(desk, ravi):
    desk.post("a")
    desk.report("a")
    desk.yes(ravi, "a")
    desk.work(hours=23)
    assert desk.database.asked == []
    assert not owed(desk).exists()
    desk.work(hours=2)
    (stored,) = desk.stored()
    assert stored["category"] == "STATEMENT_CATEGORY_PROTECTION_OF_MINORS"
    assert desk.states() == ["kept"]


def test_an_interim_hiding_is_published_when_it_is_over_and_says_so(desk, ravi, rosa):
    reported(desk, "a")
    desk.work(hours=2)
    assert Notice.objects.get(kind="interim").told_at is not None
    assert desk.database.asked == []
    for person in (ravi, rosa):
        desk.no(person, "a", age=Age.ADULT, clause="ncii.shared")
    desk.work(hours=1)
    (stored,) = desk.stored()
    assert stored["decision_visibility"] == ["DECISION_VISIBILITY_CONTENT_DISABLED"]
    assert stored["automated_decision"] == "AUTOMATED_DECISION_FULLY"
    assert stored["end_date_visibility_restriction"] == "2026-12-01"
    assert Notice.objects.get(kind="restored").told_at is not None


def test_a_hiding_that_nobody_was_told_of_is_not_published(desk, ravi, rosa):
    desk.post("a")
    desk.report("a")
    for person in (ravi, rosa):
        desk.no(person, "a")
    desk.work(hours=60)
    assert StatementOfReasons.objects.get().ends_at is not None
    assert desk.database.asked == []


def test_many_go_in_bundles_of_a_hundred(desk, ravi):
    rows = [f"p{number}" for number in range(130)]
    for ref in rows:
        desk.upload(ref, account="uri", file=ref)
    made(desk, rows)
    commands.owe_deliveries(desk.clock.now)
    desk.work()
    assert len(desk.database.puids) == 130
    assert desk.database.statements.bundles == [100, 30]
    assert desk.states() == ["kept", "kept"]


def made(desk, refs):
    """Statements that were told, of many removals by the law's deadline: quickly."""
    from answerable.cases.commands.stating import reasons_told, state_reasons
    from answerable.cases.commands.writing import Writing
    from answerable.cases.models import Case, Item

    case = Case.objects.create(harm="ncii", opened_at=desk.clock.now, pack_digest=pack_digest())
    Item.objects.filter(ref__in=refs).update(case=case)
    writing = Writing(actor="test", now=desk.clock.now, cause="test:1", case=case)
    for item in Item.objects.filter(ref__in=refs).select_related("case"):
        notice = Notice.objects.create(
            account_id=item.account_id,
            item=item,
            kind="removed_undecided",
            decided_at=desk.clock.now,
            told_at=desk.clock.now,
        )
        state_reasons(writing, notice, item)
        reasons_told(writing, notice)
    writing.finish()


def pack_digest():
    from answerable.policy import store

    return store.active().digest


def test_an_answer_that_never_came_is_found_out_by_the_name(desk, ravi):
    desk.database.troubles.append(Trouble("/api/v1/statement", cut=0))
    decided(desk, ravi, "a")
    desk.work(seconds=30)
    assert len(desk.stored()) == 1
    assert len(desk.database.puids) == 1
    assert desk.database.asked[:2] == ["POST /api/v1/statement", "POST /api/v1/statement"]
    assert desk.database.asked[2].startswith("GET /api/v1/statement/existing-puid/")
    assert desk.states() == ["kept"]


def test_a_bundle_that_is_partly_there_is_finished(desk, ravi):
    decided(desk, ravi, "a")
    desk.database.troubles.append(Trouble("/api/v1/statement", cut=0))
    desk.work(seconds=0)
    decided(desk, ravi, "b", "c")
    desk.work(seconds=60)
    assert len(desk.stored()) == 3
    assert ReasonsDelivery.objects.filter(state="delivered").count() == 3
    assert set(desk.states()) == {"kept"}


def test_what_another_request_holds_is_not_believed_to_be_there(desk, ravi):
    decided(desk, ravi, "a")
    desk.database.statements.locked = {StatementOfReasons.objects.get(notice__kind="removed").puid}
    desk.work(seconds=5)
    assert desk.states() == ["owed"]
    assert not ReasonsDelivery.objects.exists()
    desk.database.statements.locked = set()
    desk.work(seconds=60)
    assert len(desk.stored()) == 1
    assert desk.states() == ["kept"]


def test_too_many_is_waited_out_and_never_a_storm(desk, ravi):
    desk.database.troubles += [
        Trouble("/api", before=True, status=429, body=b"Limit Reached.", retry_after="120")
    ] * 2
    decided(desk, ravi, *"abcdef")
    began = desk.clock.now
    desk.work(seconds=119)
    assert len(desk.database.asked) == 1
    desk.work(minutes=10)
    assert len(desk.database.asked) == 3
    assert ReasonsDelivery.objects.earliest("at").at >= began + timedelta(seconds=240)
    assert len(desk.stored()) == 6


@pytest.fixture
def pager(desk, configure, monkeypatch, settings):
    with Pager() as made:
        configure(pagers=(made.url,))
        monkeypatch.setattr(paging, "config", lambda: settings.CONFIG)
        yield made


def test_a_wrong_token_pages_once_and_everything_is_delivered_when_it_is_right(desk, pager, ravi, tmp_path):
    (tmp_path / "dsa.token").write_text("2|old")
    decided(desk, ravi, "a")
    desk.work(hours=2)
    pages = Obligation.objects.filter(kind="page_people", subject="database:production")
    assert pages.count() == 1
    assert len(desk.database.asked) < 60
    assert desk.states() == ["owed"]
    assert "TokenRefused" in owed(desk).get().last_error
    (tmp_path / "dsa.token").write_text(TOKEN)
    desk.work(minutes=6)
    assert len(desk.stored()) == 1
    (tmp_path / "dsa.token").write_text("2|older")
    decided(desk, ravi, "b")
    desk.work(hours=1)
    assert pages.count() == 2


def test_a_token_that_cant_be_read_pages_as_well(desk, ravi, tmp_path):
    (tmp_path / "dsa.token").unlink()
    decided(desk, ravi, "a")
    desk.work(minutes=5)
    assert Obligation.objects.filter(kind="page_people", subject="database:production").count() == 1
    assert desk.database.asked == []


def test_what_is_refused_is_left_to_people_and_the_rest_goes_on(desk, ravi):
    decided(desk, ravi, "a", "b")
    wrong = {"errors": {"statement_1": {"category": ["is invalid."]}}}
    desk.database.troubles.append(Trouble("/api", before=True, status=422, body=json.dumps(wrong).encode()))
    desk.work(minutes=1)
    refused = ReasonsDelivery.objects.get(state="refused")
    assert refused.why == "category"
    assert len(desk.stored()) == 1
    assert desk.states() == ["kept"]
    assert Obligation.objects.filter(kind="page_people", subject="database:production").count() == 1
    assert commands.retry_refused("production", now=desk.clock.now) == 1
    desk.work(minutes=1)
    assert len(desk.stored()) == 2
    assert set(desk.states()) == {"kept"}


def test_late_is_visible(desk, ravi):
    desk.database.troubles += [Trouble("/api", before=True, status=503)] * 50
    decided(desk, ravi, "a")
    desk.work(seconds=5)
    desk.clock.pass_(hours=25)
    desk.work(minutes=5)
    late = owed(desk).get()
    assert late.due_at < desk.clock.now
    assert late.alarmed_at is not None


def test_without_a_section_nothing_is_owed_and_with_one_all_that_waits(desk, configure, ravi):
    configure(dsa=None)
    decided(desk, ravi, "a")
    desk.work(hours=1)
    assert not Obligation.objects.filter(kind="deliver_reasons").exists()
    assert StatementOfReasons.objects.filter(notice__told_at__isnull=False).exists()
    configure()
    desk.work()
    assert len(desk.stored()) == 1


def test_what_began_before_the_day_that_is_set_is_not_delivered(desk, configure, ravi):
    configure(since="2026-12-02")
    decided(desk, ravi, "a")
    desk.work(hours=24)
    decided(desk, ravi, "b")
    desk.work()
    assert [one["application_date"] for one in desk.stored()] == ["2026-12-02"]


def test_a_test_delivers_to_the_test_and_keeps_nothing_of_production(desk, configure, ravi):
    configure(environment="test")
    decided(desk, ravi, "a")
    desk.work()
    assert ReasonsDelivery.objects.get().environment == "test"
    configure()
    desk.database.statements.by_puid.clear()
    desk.work()
    assert sorted(ReasonsDelivery.objects.values_list("environment", flat=True)) == ["production", "test"]
    assert len(desk.stored()) == 1


def test_what_was_owed_to_a_database_that_is_no_longer_named_is_released(desk, configure, ravi, tmp_path):
    (tmp_path / "dsa.token").write_text("2|old")
    decided(desk, ravi, "a")
    desk.work(minutes=1)
    configure(dsa=None)
    desk.work(minutes=10)
    released = Obligation.objects.get(kind="deliver_reasons")
    assert (released.state, released.reason) == ("released", "not_configured")


def test_an_overturned_removal_is_lifted_here_and_the_end_is_sent_where_it_still_can_be(desk, ravi):
    mira, nora = (
        Person.objects.create(pseudonym=name, qualifications=["intimate_images"]) for name in ("Mira", "Nora")
    )
    desk.database.troubles += [Trouble("/api", before=True, status=503)] * 3
    decided(desk, ravi, "a")
    desk.work(seconds=2)
    notice = Notice.objects.get(kind="removed")
    commands.appeal(
        codes.derived_code(f"notice:{notice.pk}"), text="A lake.", now=desk.clock.pass_(seconds=1)
    )
    for person in (mira, nora):
        desk.no(person, "a", age=Age.ADULT, clause="ncii.shared")
    desk.work(minutes=10)
    removed = StatementOfReasons.objects.get(notice__kind="removed")
    assert removed.ends_at is not None
    assert StatementOfReasons.objects.get(notice__kind="overturned").lifts == removed
    (stored,) = desk.stored()
    assert stored["end_date_visibility_restriction"] == "2026-12-01"


PERSONAL = (
    "Dana", "dana@mail.example", "lives by the lake", "holder-secret", "secret-ref", "127.0.0.1", "http",
    "Ravi", "Rosa", "as the clause says", "my own words",
)  # fmt: skip


def test_no_statement_says_anything_of_a_person_a_place_or_anybodys_words(desk, ravi, rosa):
    ref = "secret-ref"
    desk.post(ref, account="holder-secret")
    filed = desk.report(
        ref,
        harm="ncii",
        age=Age.ADULT,
        statement="My name is Dana, he lives by the lake, my own words.",
        contact="dana@mail.example",
        signature="Dana",
    )
    desk.work(minutes=2)
    desk.yes(ravi, ref, age=Age.ADULT, clause="ncii.shared")
    desk.yes(rosa, ref, age=Age.ADULT, clause="ncii.shared")
    desk.work(hours=2)
    stored = desk.stored()
    assert len(stored) == 2
    item = desk.item(ref)
    notices = Notice.objects.all()
    secrets = [
        *PERSONAL,
        filed.code,
        filed.code.replace("-", ""),
        *(codes.derived_code(f"notice:{notice.pk}") for notice in notices),
        item.content.sha256,
        item.content.md5,
    ]
    ours = [{k: v for k, v in one.items() if k not in ("permalink", "self")} for one in stored]
    text = json.dumps(ours)
    for secret in secrets:
        assert secret.lower() not in text.lower(), secret
    assert not {"source_identity", "decision_ground_reference_url", "content_id"} & set(stored[0])
