"""Whoever's item an authority's order removed is told of it: which country, which law, how to contest (rule 23)."""

from datetime import timedelta

import pytest
from django.conf import settings

from answerable.cases import codes, commands
from answerable.cases.commands.stating import said_by
from answerable.cases.inputs import Refused
from answerable.cases.models import Appeal, AuthorityRequest, Notice, Person, StatementOfReasons
from answerable.cases.request_inputs import Asks
from answerable.cases.rules.reasons import CameFrom, Circumstance, Decided, Ground, Redress, Restriction
from answerable.obligations.models import Obligation
from answerable.platforms.notices import text_of
from answerable.policy.words import Age
from tests.cases.desk import TestDesk
from tests.cases.test_authority_requests import ask
from tests.cases.test_verifying_requests import silent, verify

pytestmark = pytest.mark.django_db
FREE_TEXT = ("Unit of Agent Ames", "Art. 4711 of a secret law", "for eyes of the desk only", "REF-0815")


@pytest.fixture(autouse=True)
def under_eu_law(monkeypatch: pytest.MonkeyPatch) -> None:
    work_under(monkeypatch, "us", "eu.fr")


def work_under(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    desk = settings.CONFIG.desk.model_copy(update={"regimes": names})
    monkeypatch.setattr(settings, "CONFIG", settings.CONFIG.model_copy(update={"desk": desk}))
    for module in ("stating", "writing", "requesting"):
        monkeypatch.setattr(f"answerable.cases.commands.{module}.config", lambda: settings.CONFIG)


def order(desk: TestDesk, person: Person, *refs: str, **facts: object) -> AuthorityRequest:
    said = {"regime": "eu", "country": "fr", "law": "tco", "age": Age.ADULT, **facts}
    authority, basis, words, reference = FREE_TEXT
    said |= {"authority": authority, "basis": basis, "words": words, "reference": reference}
    return ask(desk, person, Asks.REMOVE, *refs, **said)


def carried_out(desk: TestDesk, people: tuple[Person, Person, Person], *refs: str, **facts: object) -> Notice:
    ravi, lena, petra = people
    for ref in refs:
        desk.upload(ref)
    row = order(desk, ravi, *refs, **facts)
    verify(desk, row, lena, petra)
    commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)
    return Notice.objects.get(kind="ordered", item__ref=refs[0])


@pytest.fixture
def people(ravi: Person, lena: Person, petra: Person) -> tuple[Person, Person, Person]:
    return ravi, lena, petra


def telling(notice: Notice) -> Obligation:
    return Obligation.objects.get(kind="tell_holder", subject=f"notice:{notice.pk}", state="owed")


def test_the_holder_is_told_at_once_by_whom_and_under_which_law(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    notice = carried_out(desk, people, "a")
    owed = telling(notice)
    assert (owed.not_before, owed.due_at) == (None, desk.clock.now + timedelta(hours=1))
    said = text_of(notice, "")
    assert "because an authority (France) ordered it, under Regulation (EU) 2021/784, Art. 3" in said
    assert "une autorité (France) l’a ordonné, selon le règlement (UE) 2021/784, article 3" in said
    assert "can be challenged at a court of that country" in said
    assert codes.grouped(codes.derived_code(f"notice:{notice.pk}")) in said
    for typed in FREE_TEXT:
        assert typed not in said
    interim = Obligation.objects.filter(kind="tell_holder").exclude(pk=owed.pk)
    assert {one.state for one in interim} == {"released"}
    assert not Obligation.objects.filter(kind="do_by_hand").exists()


def test_a_law_that_the_pack_does_not_name_is_said_as_the_body_of_law(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    said = text_of(carried_out(desk, people, "a", law="", country="xk"), "")
    assert "an authority (XK) ordered it, under the law of the European Union." in said


def test_a_law_of_another_regime_is_refused(desk: TestDesk, ravi: Person) -> None:
    with pytest.raises(Refused, match="names no law 'tco'"):
        order(desk, ravi, "a", regime="us")


def test_its_statement_is_the_holders_and_never_public(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    notice = carried_out(desk, people, "a")
    row = StatementOfReasons.objects.get(notice=notice)
    said = said_by(row)
    assert (said.restriction, said.circumstance) == (Restriction.REMOVED, Circumstance.ORDERED)
    assert (said.ground, said.law) == (Ground.LAW, "Regulation (EU) 2021/784, Art. 3 (terrorist content)")
    assert (said.came_from, said.found_by_software) == (CameFrom.OTHER_NOTIFICATION, False)
    assert said.decided is Decided.BY_PEOPLE
    assert said.redress == (Redress.COMPLAINT, Redress.COURT)
    commands.holder_told(notice.pk, obligation_id=telling(notice).pk, now=desk.clock.now)
    row.refresh_from_db()
    assert row.ready_at is None


def test_what_an_order_removed_and_people_then_judge_is_still_never_public_as_ordered(
    desk: TestDesk, people: tuple[Person, Person, Person], rosa: Person
) -> None:
    notice = carried_out(desk, people, "a")
    commands.holder_told(notice.pk, obligation_id=telling(notice).pk, now=desk.clock.now)
    desk.yes(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    ordered = StatementOfReasons.objects.get(notice=notice)
    removed = StatementOfReasons.objects.get(notice__kind="removed")
    assert (ordered.ends_at, ordered.ready_at) == (desk.clock.now, None)
    commands.holder_told(
        removed.notice_id, obligation_id=telling(removed.notice).pk, now=desk.clock.pass_(days=2)
    )
    removed.refresh_from_db()
    assert removed.ready_at is not None


def test_an_order_not_to_tell_keeps_it_back_until_it_ends(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    ravi, lena, petra = people
    desk.upload("a")
    silence = ask(desk, ravi, Asks.SILENCE, "a", regime="eu", country="fr")
    verify(desk, silence, lena, petra)
    silent(desk, silence, lena)
    notice = carried_out(desk, people, "a")
    owed = telling(notice)
    until = desk.clock.now + timedelta(days=40)
    assert not commands.may_tell(notice.pk, obligation_id=owed.pk, now=desk.clock.now)
    assert telling(notice).not_before == until
    assert notice.told_at is None
    lifted = ask(desk, ravi, Asks.LIFT, regime="eu", country="fr", earlier_id=silence.pk)
    verify(desk, lifted, lena, petra)
    commands.grant_request(lifted.pk, person_id=lena.pk, now=desk.clock.pass_(days=2))
    owed = telling(notice)
    assert owed.not_before is None
    assert commands.may_tell(notice.pk, obligation_id=owed.pk, now=desk.clock.now)


def test_a_silence_after_the_removal_keeps_back_what_was_not_told(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    ravi, lena, petra = people
    notice = carried_out(desk, people, "a")
    silence = ask(desk, ravi, Asks.SILENCE, "a", regime="eu", country="fr")
    verify(desk, silence, lena, petra)
    silent(desk, silence, lena)
    assert telling(notice).not_before == desk.clock.now + timedelta(days=40)


def test_where_no_law_asks_for_it_it_waits_where_telling_can_hurt(
    desk: TestDesk, people: tuple[Person, Person, Person], monkeypatch: pytest.MonkeyPatch
) -> None:
    work_under(monkeypatch, "us", "uk")
    notice = carried_out(desk, people, "a", regime="us", law="", age=Age.CHILD)
    owed = telling(notice)
    assert owed.not_before == desk.clock.now + timedelta(days=14)
    assert owed.params["ground"]
    assert not StatementOfReasons.objects.exists()
    assert "under the law of the United States." in text_of(notice, "")


def test_an_account_that_becomes_known_later_is_told_then_and_once(
    desk: TestDesk, people: tuple[Person, Person, Person]
) -> None:
    ravi, lena, petra = people
    desk.upload("a", account="")
    row = order(desk, ravi, "a")
    verify(desk, row, lena, petra)
    commands.grant_request(row.pk, person_id=lena.pk, now=desk.clock.now)
    assert not Notice.objects.exists()
    for _ in range(2):
        desk.upload("a", account="uri")
    assert Notice.objects.get().kind == "ordered"


def test_what_people_find_nothing_wrong_with_stays_away_and_its_holder_is_told_so(
    desk: TestDesk, people: tuple[Person, Person, Person], rosa: Person
) -> None:
    notice = carried_out(desk, people, "a")
    commands.holder_told(notice.pk, obligation_id=telling(notice).pk, now=desk.clock.now)
    code = codes.derived_code(f"notice:{notice.pk}")
    commands.appeal(code, text="It is a lake.", now=desk.clock.pass_(hours=1))
    desk.no(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.wanted("a") == "gone"
    assert Appeal.objects.get().outcome == "reversed"
    kinds = set(Notice.objects.exclude(kind__in=["interim", "ordered"]).values_list("kind", flat=True))
    assert kinds == {"order_stands", "appeal_received"}
    said = text_of(Notice.objects.get(kind="order_stands"), "")
    assert "the order of the authority (France), under Regulation (EU) 2021/784" in said


def test_a_decision_of_ours_that_falls_does_not_say_that_it_is_visible_again(
    desk: TestDesk, people: tuple[Person, Person, Person], rosa: Person
) -> None:
    notice = carried_out(desk, people, "a")
    commands.holder_told(notice.pk, obligation_id=telling(notice).pk, now=desk.clock.now)
    desk.yes(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    commands.appeal(codes.derived_code(f"notice:{notice.pk}"), text="No.", now=desk.clock.pass_(hours=1))
    desk.no(people[0], "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.wanted("a") == "gone"
    told = set(Notice.objects.values_list("kind", flat=True))
    assert "order_stands" in told
    assert not told & {"restored", "overturned"}


def test_an_order_that_is_lifted_and_cleared_is_told_as_restored(
    desk: TestDesk, people: tuple[Person, Person, Person], rosa: Person
) -> None:
    ravi, lena, petra = people
    notice = carried_out(desk, people, "a")
    commands.holder_told(notice.pk, obligation_id=telling(notice).pk, now=desk.clock.now)
    first = AuthorityRequest.objects.get()
    lifted = ask(desk, ravi, Asks.LIFT, regime="eu", country="fr", earlier_id=first.pk)
    verify(desk, lifted, lena, petra)
    commands.grant_request(lifted.pk, person_id=lena.pk, now=desk.clock.now)
    desk.no(rosa, "a", age=Age.ADULT, clause="other_illegal.law")
    assert desk.wanted("a") == "visible"
    restored = Notice.objects.get(kind="restored")
    assert StatementOfReasons.objects.get(notice=restored).lifts == StatementOfReasons.objects.get(
        notice=notice
    )
